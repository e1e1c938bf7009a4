"""An index on open cases by their id that holds what is asked of those that tasks lead to: the tabs of the queue are
counted, and put in order, without a look at the rows. It answers alone only for pages that are known to be visible to
everybody, so tasks are looked through for that as often as cases are (revision 0003), not as PostgreSQL does by itself.
And one of what became overdue: a board on which nothing is overdue tells when the last case was.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ASKED = ["grid_path", "reported_by", "owner_kind", "owner_id", "departments", "host", "stage", "due_at"]
#: The share of the rows that may have changed before they are looked through (a fifth by PostgreSQL's own choice).
_SHARE = 0.01


def upgrade() -> None:
    """Makes them."""
    op.create_index(
        "cases_waiting", "cases", ["report_id"], postgresql_where=sa.text("closed_at IS NULL"), postgresql_include=_ASKED
    )
    # A data directory that was used while revision 0010 was being written may have it already.
    op.create_index(
        "facts_overdue", "facts", ["at", "report_id"], postgresql_where=sa.text("kind = 'overdue'"), if_not_exists=True
    )
    op.execute(f"ALTER TABLE tasks SET (autovacuum_vacuum_scale_factor = {_SHARE})")


def downgrade() -> None:
    """Drops them."""
    op.execute("ALTER TABLE tasks RESET (autovacuum_vacuum_scale_factor)")
    op.drop_index("facts_overdue", "facts")
    op.drop_index("cases_waiting", "cases")
