"""Time: policies with an effective date, deputies and shifts, what deadlines and ladders leave on a case.

Revision ID: 0002
Revises: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
#: What 0002 adds to `cases`: (name, type, what cases of before have; None: nothing).
CASE_COLUMNS: tuple[tuple[str, Any, str | None], ...] = (
    ("condition", sa.String(), None),
    ("policy_version", sa.Integer(), "(state ->> 'policy_version')::int"),
    ("provisional", sa.Boolean(), "false"),
    ("red_at", MOMENT, "due_at"),
    ("whole_due_at", MOMENT, None),
    ("accepted_at", MOMENT, "(state ->> 'accepted_at')::timestamptz"),
    ("dispatched_at", MOMENT, None),
    ("handle_due_at", MOMENT, None),
    ("handled_at", MOMENT, "(state ->> 'completed_at')::timestamptz"),
    ("close_due_at", MOMENT, "due_at"),
    ("late_stages", pg.ARRAY(sa.Text()), "'{}'"),
    ("failed_reviews", sa.Integer(), "0"),
    ("returns", sa.Integer(), "0"),
    ("extended", sa.Boolean(), "false"),
    ("exempt", sa.Boolean(), "coalesce((state ->> 'exempt')::boolean, false)"),
    ("consultation_at", MOMENT, None),
)
ALWAYS = frozenset(
    {"policy_version", "provisional", "late_stages", "failed_reviews", "returns", "extended", "exempt"}
)


def must(name: str, type_: Any = sa.String) -> sa.Column[Any]:
    """A column that always has a value."""
    return sa.Column(name, type_, nullable=False)


def may(name: str, type_: Any = sa.String) -> sa.Column[Any]:
    """A column that may be empty."""
    return sa.Column(name, type_, nullable=True)


def upgrade() -> None:
    """Adds the columns and tables."""
    op.add_column("policies", may("effective_from", MOMENT))
    op.execute("UPDATE policies SET effective_from = published_at")
    op.alter_column("policies", "effective_from", nullable=False)
    for name, type_, before in CASE_COLUMNS:
        op.add_column("cases", may(name, type_))
        if before is not None:
            op.execute(f"UPDATE cases SET {name} = {before}")
        if name in ALWAYS:
            op.alter_column("cases", name, nullable=False)
    op.create_index(
        "cases_consultation",
        "cases",
        ["consultation_at"],
        postgresql_where=sa.text("consultation_at IS NOT NULL AND closed_at IS NULL"),
    )
    create_roster()
    op.create_table(
        "org_alarms",
        sa.Column("unit", sa.String, sa.ForeignKey("grid_units.code"), primary_key=True),
        sa.Column("role", sa.String, primary_key=True),
        must("first_at", MOMENT),
        must("last_at", MOMENT),
        must("last_case", sa.Uuid),
        must("times", sa.Integer),
    )


def create_roster() -> None:
    """Who stands in for whom, and who is on duty when."""
    op.create_table(
        "absences",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person", sa.Uuid, sa.ForeignKey("people.id"), nullable=False, index=True),
        sa.Column("deputy", sa.Uuid, sa.ForeignKey("people.id"), nullable=True, index=True),
        must("since", sa.Date),
        must("until", sa.Date),
        must("reason"),
    )
    op.create_table(
        "shifts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("unit", sa.String, sa.ForeignKey("grid_units.code"), nullable=False),
        must("role"),
        sa.Column("person", sa.Uuid, sa.ForeignKey("people.id"), nullable=False),
        must("starts_at", MOMENT),
        must("ends_at", MOMENT),
    )
    op.create_index("shifts_at", "shifts", ["unit", "role", "starts_at"])


def downgrade() -> None:
    """Takes them away again."""
    op.drop_table("org_alarms")
    op.drop_table("shifts")
    op.drop_table("absences")
    op.drop_index("cases_consultation", "cases")
    for name, _, _ in reversed(CASE_COLUMNS):
        op.drop_column("cases", name)
    op.drop_column("policies", "effective_from")
