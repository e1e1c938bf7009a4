"""Keys of the Open311 interface, the reports that came by it, and media that are still to be fetched.

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.online import create_index

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "open311_keys",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), sa.ForeignKey("grid_units.code"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("per_hour", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "open311_reports",
        sa.Column("report_id", sa.Uuid(), primary_key=True),
        sa.Column("key", sa.Uuid(), sa.ForeignKey("open311_keys.id"), nullable=False),
        sa.Column("client_id", sa.String()),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("attributes", JSONB(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("key", "client_id", name="open311_reports_client"),
    )
    op.create_table(
        "open311_media",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String()),
        sa.Column("failure", sa.String()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    create_index("ix_open311_reports_key", "open311_reports", "(key)")
    create_index("ix_open311_media_report_id", "open311_media", "(report_id)")
    create_index("open311_media_due", "open311_media", "(next_at) WHERE url IS NOT NULL")


def downgrade() -> None:
    """Drops them."""
    op.drop_table("open311_media")
    op.drop_table("open311_reports")
    op.drop_table("open311_keys")
