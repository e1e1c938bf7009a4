"""Which facts lie in the archive, and its files.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "archived",
        sa.Column("origin", sa.Uuid, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("origin"),
    )
    op.create_table(
        "archive_files",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origins", sa.Integer, nullable=False),
        sa.Column("facts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("ix_archive_files_written_at", "archive_files", ["written_at"])


def downgrade() -> None:
    """Drops them."""
    op.drop_table("archive_files")
    op.drop_table("archived")
