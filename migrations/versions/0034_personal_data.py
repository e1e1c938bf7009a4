"""Looks at unmasked reporters, counted; runs of the retention of personal data, with their counts.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds both tables; looks are only appended to."""
    op.create_table(
        "unmask_looks",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("report_id", sa.Uuid, sa.ForeignKey("cases.report_id"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("person", sa.Uuid, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    )
    op.create_index("unmask_looks_fact", "unmask_looks", ["report_id", "seq"])
    op.execute("""
        CREATE TRIGGER unmask_looks_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON unmask_looks
        FOR EACH STATEMENT EXECUTE FUNCTION facts_stay()
    """)
    op.create_table(
        "retention_runs",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False, index=True),
        sa.Column("erased", sa.Integer, nullable=False),
        sa.Column("held", sa.Integer, nullable=False),
        sa.Column("categories", JSONB, nullable=False),
    )
    op.create_index("facts_unmasked", "facts", ["at"], postgresql_where=sa.text("kind = 'reporter_unmasked'"))


def downgrade() -> None:
    """Drops them."""
    op.drop_index("facts_unmasked", "facts")
    op.drop_table("retention_runs")
    op.drop_table("unmask_looks")
