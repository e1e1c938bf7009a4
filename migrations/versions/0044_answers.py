"""Cases by the answers to questions of their category.

Revision ID: 0044
Revises: 0043
"""

from migrations.online import create_index, drop_index

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the index beside those who record."""
    create_index("cases_answers", "cases", "USING gin ((state -> 'answers')) WHERE (state -> 'answers') IS NOT NULL")


def downgrade() -> None:
    """Drops it."""
    drop_index("cases_answers")
