"""Exports: workbooks of long lists, made in the background and kept for a while.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("owner", sa.Uuid, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("wanted", JSONB, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("total", sa.Integer, nullable=True),
        sa.Column("made", sa.Integer, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("size", sa.Integer, nullable=True),
        sa.Column("policy_version", sa.Integer, nullable=True),
        sa.Column("grants", JSONB, nullable=True),
        sa.Column("failure", JSONB, nullable=True),
    )
    op.create_index("exports_owner", "exports", ["owner", "asked_at"])
    under_way = sa.text("status IN ('waiting', 'making')")
    op.create_index("exports_under_way", "exports", ["owner", "digest"], unique=True, postgresql_where=under_way)
    op.create_table(
        "export_pieces",
        sa.Column("export", sa.Uuid, sa.ForeignKey("exports.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Takes them away again."""
    op.drop_table("export_pieces")
    op.drop_table("exports")
