"""Emergency runs (应急处置) are found by their case.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the index."""
    of_kind = sa.text("kind = 'emergency'")
    op.create_index("matters_of_case", "matters", [sa.text("(state ->> 'case_no')")], postgresql_where=of_kind)


def downgrade() -> None:
    """Drops it."""
    op.drop_index("matters_of_case", "matters")
