"""Receivers of departments, hand-overs to them, and their answers.

Revision ID: 0050
Revises: 0049
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.online import create_index

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_EVENTS = (
    ("INSERT", "NEW TABLE AS fresh"),
    ("UPDATE", "OLD TABLE AS stale NEW TABLE AS fresh"),
    ("DELETE", "OLD TABLE AS stale"),
)


def upgrade() -> None:
    """Adds the tables; changes of receivers are written down as actions of administrators, without secrets."""
    op.create_table(
        "receivers",
        sa.Column("code", sa.String(), primary_key=True),
        sa.Column("department", sa.String(), sa.ForeignKey("departments.id"), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("account", sa.Uuid(), sa.ForeignKey("people.id"), nullable=False),
        sa.Column("config", JSONB(none_as_null=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("wrapped_key", sa.LargeBinary()),
        sa.Column("key_id", sa.String()),
        sa.Column("updated_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "handovers",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("report_id", sa.Uuid(), sa.ForeignKey("cases.report_id"), nullable=False),
        sa.Column("receiver", sa.String(), sa.ForeignKey("receivers.code"), nullable=False),
        sa.Column("account", sa.Uuid(), sa.ForeignKey("people.id"), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", _MOMENT),
        sa.Column("sent_at", _MOMENT),
        sa.Column("far_id", sa.String()),
        sa.Column("failure", sa.String()),
        sa.Column("due_at", _MOMENT),
        sa.Column("unanswered_at", _MOMENT),
        sa.Column("answered_at", _MOMENT),
        sa.Column("departed_at", _MOMENT),
        sa.Column("told_at", _MOMENT),
    )
    op.create_table(
        "handover_answers",
        sa.Column("handover", sa.Uuid(), sa.ForeignKey("handovers.id"), primary_key=True),
        sa.Column("answer_id", sa.String(), primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("recorded_as", sa.String()),
        sa.Column("why", sa.String()),
    )
    for event, rows in _EVENTS:
        op.execute(
            f"CREATE TRIGGER receivers_noted_{event.lower()} AFTER {event} ON receivers REFERENCING {rows}"
            " FOR EACH STATEMENT EXECUTE FUNCTION note_admin_action('code', 'wrapped_key key_id', 'sealed')"
        )
    create_index("handovers_case", "handovers", "(report_id)")
    create_index("handovers_status", "handovers", "(status, created_at)")


def downgrade() -> None:
    """Drops them."""
    for table in ("handover_answers", "handovers", "receivers"):
        op.drop_table(table)
