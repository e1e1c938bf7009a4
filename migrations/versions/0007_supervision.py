"""Indexes for supervision: cases that were redirected, urge orders by time.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the indexes."""
    redirected = sa.text("kind IN ('return_granted', 'transferred')")
    op.create_index("facts_redirected", "facts", ["report_id"], postgresql_where=redirected)
    op.create_index("facts_urged", "facts", ["at", "report_id"], postgresql_where=sa.text("kind = 'urged'"))


def downgrade() -> None:
    """Takes them away again."""
    op.drop_index("facts_urged", "facts")
    op.drop_index("facts_redirected", "facts")
