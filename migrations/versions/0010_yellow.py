"""The index on cases that shine yellow holds all that is asked of them: they are counted on every page of a queue.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_IN_TIME = sa.text("closed_at IS NULL AND overdue_at IS NULL")
_ASKED = [
    "report_id", "due_at", "red_at", "closed_at", "overdue_at", "stage", "host", "grid_path", "departments",
    "reported_by", "owner_kind", "owner_id",
]  # fmt: skip


def upgrade() -> None:
    """Makes it anew, with them."""
    op.drop_index("cases_yellow", "cases")
    op.create_index("cases_yellow", "cases", ["yellow_at"], postgresql_where=_IN_TIME, postgresql_include=_ASKED)


def downgrade() -> None:
    """Makes it anew, without them."""
    op.drop_index("cases_yellow", "cases")
    op.create_index("cases_yellow", "cases", ["yellow_at"], postgresql_where=_IN_TIME)
