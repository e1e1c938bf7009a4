"""Indexes for the queue: tasks by what they ask for, what somebody has done lately, cases that shine yellow.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the indexes."""
    op.create_index("tasks_kind", "tasks", ["kind", "assignee_kind", "assignee_id", "report_id"])
    acted = sa.text("kind <> 'received'")
    op.create_index("facts_acted", "facts", ["actor", "at", "report_id"], postgresql_where=acted)
    in_time = sa.text("closed_at IS NULL AND overdue_at IS NULL")
    op.create_index("cases_yellow", "cases", ["yellow_at"], postgresql_where=in_time)


def downgrade() -> None:
    """Takes them away again."""
    op.drop_index("cases_yellow", "cases")
    op.drop_index("facts_acted", "facts")
    op.drop_index("tasks_kind", "tasks")
