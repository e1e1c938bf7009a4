"""Messages to reporters that did not arrive, for finding whom nobody has told.

Revision ID: 0051
Revises: 0050
"""

from migrations.online import create_index, drop_index

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the index beside those who record."""
    create_index("sends_untold", "sends", "(about) WHERE purpose = 'reporter' AND status IN ('failed', 'unclear')")


def downgrade() -> None:
    """Drops it."""
    drop_index("sends_untold")
