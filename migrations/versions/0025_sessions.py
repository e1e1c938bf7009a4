"""Sessions that can be listed and ended, and first passwords that must be changed.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds them. Nobody keeps a session of before: a token without one is not accepted any more."""
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("person", sa.Uuid(), sa.ForeignKey("people.id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index("sessions_open", "sessions", ["person", "kind"], postgresql_where=sa.text("ended_at IS NULL"))
    op.add_column("people", sa.Column("password_first", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("people", sa.Column("password_set_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Drops them."""
    op.drop_column("people", "password_set_at")
    op.drop_column("people", "password_first")
    op.drop_table("sessions")
