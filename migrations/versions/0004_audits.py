"""Audits: what the scheduled comparison of both stores came to.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "audits",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("findings", sa.Integer, nullable=False),
        sa.Column("linted", sa.Boolean, nullable=False),
        sa.Column("summary", pg.JSONB, nullable=False),
    )


def downgrade() -> None:
    """Takes it away again."""
    op.drop_table("audits")
