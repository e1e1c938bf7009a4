"""One-time links, and the accounts of outside bodies that act for a department.

Revision ID: 0042
Revises: 0041
"""

import sqlalchemy as sa
from alembic import op

from migrations.online import create_index

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table, and the column of such accounts."""
    op.add_column("people", sa.Column("speaks_for", sa.String(), nullable=True))
    op.create_table(
        "one_time_links",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("report_id", sa.Uuid(), sa.ForeignKey("cases.report_id"), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("named", sa.String(), nullable=False),
        sa.Column("department", sa.String()),
        sa.Column("account", sa.Uuid(), sa.ForeignKey("people.id")),
        sa.Column("person", sa.Uuid(), sa.ForeignKey("people.id")),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Uuid(), sa.ForeignKey("people.id")),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_why", sa.String()),
    )
    create_index("one_time_links_case", "one_time_links", "(report_id, made_at)")


def downgrade() -> None:
    """Drops them."""
    op.drop_table("one_time_links")
    op.drop_column("people", "speaks_for")
