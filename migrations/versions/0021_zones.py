"""Zones (片区): units that liaison officers look after together.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "zones",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("units", ARRAY(sa.Text), nullable=False),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("zones")
