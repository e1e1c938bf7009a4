"""Suggestions at intake: the trained models, and what people made of what they were shown.

Revision ID: 0045
Revises: 0044
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds both tables."""
    op.create_table(
        "suggestion_models",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("park", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cases", sa.Integer, nullable=False),
        sa.Column("object", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("figures", JSONB(none_as_null=True), nullable=False),
        sa.UniqueConstraint("park", "version", name="suggestion_models_version"),
    )
    op.create_table(
        "suggestion_uses",
        sa.Column("command_id", sa.Uuid, primary_key=True),
        sa.Column("target", sa.String, primary_key=True),
        sa.Column("report_id", sa.Uuid, sa.ForeignKey("cases.report_id", ondelete="CASCADE"), nullable=False),
        sa.Column("model", sa.Uuid, sa.ForeignKey("suggestion_models.id"), nullable=False),
        sa.Column("suggested", sa.String, nullable=False),
        sa.Column("chosen", sa.String, nullable=False),
        sa.Column("certainty", sa.Float, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("suggestion_uses")
    op.drop_table("suggestion_models")
