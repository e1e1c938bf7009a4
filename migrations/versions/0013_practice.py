"""Practice: deadlines of the whole case in the columns that lists read, urge orders with whoever handles and numbered
once per case, redirections.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

#: The deadline that people see is the earlier of the stage's and the whole case's.
_EARLIER = """
    UPDATE cases SET due_at = least(due_at, (state->'whole'->>'due_at')::timestamptz),
        overdue_at = least(overdue_at, (state->'whole'->>'overdue_at')::timestamptz)
    WHERE closed_at IS NULL AND state->>'whole' IS NOT NULL
"""
_STAGE_ALONE = """
    UPDATE cases SET due_at = (state->'clock'->>'due_at')::timestamptz,
        overdue_at = (state->'clock'->>'overdue_at')::timestamptz
    WHERE closed_at IS NULL AND state->>'whole' IS NOT NULL
"""
#: An urge order is owed by whoever handles the case: its claimant, else the host department.
_OWED = """
    UPDATE tasks t SET
        assignee_kind = CASE WHEN c.state->>'claimed_by' IS NULL THEN 'department' ELSE 'person' END,
        assignee_id = coalesce(c.state->>'claimed_by', c.host)
    FROM cases c
    WHERE t.report_id = c.report_id AND t.kind = 'answer_urge' AND c.closed_at IS NULL AND c.host IS NOT NULL
"""
_OWED_BY_OWNER = """
    UPDATE tasks t SET assignee_kind = c.owner_kind, assignee_id = c.owner_id
    FROM cases c WHERE t.report_id = c.report_id AND t.kind = 'answer_urge' AND c.owner_id IS NOT NULL
"""
#: Counted once per case: an urge order of a later round must not take the number of an earlier one.
_COUNTED = """
    UPDATE cases c SET state = c.state || jsonb_build_object('urges_given', f.urges, 'reopenings', f.reopenings)
    FROM (SELECT report_id, coalesce(max((body->>'number')::int) FILTER (WHERE kind = 'urged'), 0) AS urges,
            count(*) FILTER (WHERE kind = 'reopened') AS reopenings
        FROM facts WHERE kind IN ('urged', 'reopened') GROUP BY report_id) f
    WHERE c.report_id = f.report_id AND c.archived_at IS NULL
"""
_NOT_COUNTED = "UPDATE cases SET state = state - 'urges_given' - 'reopenings' WHERE archived_at IS NULL"
_REDIRECTED = "kind IN ('return_granted', 'transferred', 'redispatched', 'recalled')"
_BEFORE = "kind IN ('return_granted', 'transferred')"


def upgrade() -> None:
    """Brings rows of open cases, and the index of redirected cases, to the present meaning."""
    op.execute(_EARLIER)
    op.execute(_OWED)
    op.execute(_COUNTED)
    op.drop_index("facts_redirected", "facts")
    op.create_index("facts_redirected", "facts", ["report_id"], postgresql_where=sa.text(_REDIRECTED))


def downgrade() -> None:
    """Takes the rows back to the deadline of the stage and the owner's urge orders."""
    op.drop_index("facts_redirected", "facts")
    op.create_index("facts_redirected", "facts", ["report_id"], postgresql_where=sa.text(_BEFORE))
    op.execute(_NOT_COUNTED)
    op.execute(_OWED_BY_OWNER)
    op.execute(_STAGE_ALONE)
