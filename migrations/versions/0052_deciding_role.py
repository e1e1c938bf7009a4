"""Which role alone can do a task: what takes a supervisor is no task of the duty desk.

Revision ID: 0052
Revises: 0051
"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

#: The same as `rules.requests.takes_supervisor` says of requests that were made before; none of them is an extension
#: of which the request says who grants it.
_FILL = """
    UPDATE tasks t SET role = 'supervisor' FROM cases c
    WHERE c.report_id = t.report_id AND (t.kind IN ('decide_suspension', 'decide_appeal')
        OR (t.kind = 'decide_reopen' AND coalesce((c.state ->> 'reopenings')::int, 0) > 0))
"""


def upgrade() -> None:
    """Adds the column, and fills it for the tasks that are open, without keeping others from the table meanwhile."""
    op.add_column("tasks", sa.Column("role", sa.String(), nullable=True))
    with op.get_context().autocommit_block():
        op.execute(_FILL)


def downgrade() -> None:
    """Drops it."""
    op.drop_column("tasks", "role")
