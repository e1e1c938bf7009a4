"""Who must step aside: declared interests, and the people recused from a case.

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_EVENTS = (
    ("INSERT", "NEW TABLE AS fresh"),
    ("UPDATE", "OLD TABLE AS stale NEW TABLE AS fresh"),
    ("DELETE", "OLD TABLE AS stale"),
)


def upgrade() -> None:
    """Adds the table, whose changes are written down as actions of administrators, and the column."""
    op.create_table(
        "interests",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person", sa.Uuid, sa.ForeignKey("people.id"), nullable=False, index=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("reason", sa.String, nullable=False),
    )
    for event, rows in _EVENTS:
        op.execute(
            f"CREATE TRIGGER interests_noted_{event.lower()} AFTER {event} ON interests REFERENCING {rows}"
            " FOR EACH STATEMENT EXECUTE FUNCTION note_admin_action('id', '', '')"
        )
    op.add_column("cases", sa.Column("recused", ARRAY(sa.Uuid), nullable=False, server_default=sa.text("'{}'")))
    op.create_index(
        "cases_recused", "cases", ["recused"], postgresql_using="gin",
        postgresql_where=sa.text("recused <> '{}'::uuid[]"),
    )  # fmt: skip


def downgrade() -> None:
    """Drops them."""
    op.drop_index("cases_recused", "cases")
    op.drop_column("cases", "recused")
    op.drop_table("interests")
