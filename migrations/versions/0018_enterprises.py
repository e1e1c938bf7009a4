"""Enterprises: a case may name the one it is about.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column, empty in the cases there are."""
    op.add_column("cases", sa.Column("enterprise", sa.String, nullable=True))
    named = sa.text("enterprise IS NOT NULL")
    op.create_index("cases_enterprise", "cases", ["enterprise"], postgresql_where=named)


def downgrade() -> None:
    """Drops it."""
    op.drop_index("cases_enterprise", "cases")
    op.drop_column("cases", "enterprise")
