"""Facts by their moment: what went on since the last audit. A block range index costs an append next to nothing.

Revision ID: 0038
Revises: 0037
"""

from migrations.online import create_index, drop_index

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the index beside those who record."""
    create_index("facts_at", "facts", "USING brin (at) WITH (autosummarize = true, pages_per_range = 32)")


def downgrade() -> None:
    """Drops it."""
    drop_index("facts_at")
