"""Indexes that find the matters whose facts name a file.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_FIELDS = ("attachments", "evidence")


def upgrade() -> None:
    """Adds them."""
    for field in _FIELDS:
        op.create_index(
            f"matter_facts_{field}", "matter_facts", [sa.text(f"(body -> '{field}')")], postgresql_using="gin"
        )


def downgrade() -> None:
    """Drops them."""
    for field in _FIELDS:
        op.drop_index(f"matter_facts_{field}", "matter_facts")
