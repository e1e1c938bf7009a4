"""How much of each limit each client has used, counted for all processes together.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "rate_limits",
        sa.Column("name", sa.String, primary_key=True, nullable=False),
        sa.Column("client", sa.String, primary_key=True, nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
    )
    op.create_index("rate_limits_began_at", "rate_limits", ["began_at"])


def downgrade() -> None:
    """Drops it."""
    op.drop_table("rate_limits")
