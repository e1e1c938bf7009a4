"""Open cases by place, and those without one by unit, for finding duplicates.

Revision ID: 0049
Revises: 0048
"""

from migrations.online import create_index, drop_index

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the indexes beside those who record."""
    create_index(
        "cases_placed", "cases", "(lat, lon, reported_at) WHERE closed_at IS NULL AND lat IS NOT NULL"
    )
    create_index("cases_placeless", "cases", "(grid, reported_at) WHERE closed_at IS NULL AND lat IS NULL")


def downgrade() -> None:
    """Drops them."""
    drop_index("cases_placeless")
    drop_index("cases_placed")
