"""What revisions 0010 and 0011 make, whichever of their two forms a database went through: one had the index of what
became overdue in 0010 (a database that had 0010 already got none), and looked through `cases` more seldom.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

#: As revisions 0003 and 0011 have it.
_SHARE = 0.01


def upgrade() -> None:
    """Makes what is not there; changes nothing where all of it is."""
    op.create_index(
        "facts_overdue", "facts", ["at", "report_id"], postgresql_where=sa.text("kind = 'overdue'"), if_not_exists=True
    )
    for table in ("cases", "tasks"):
        op.execute(f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = {_SHARE})")


def downgrade() -> None:
    """Leaves it: it is what 0011 makes."""
