"""What the pages keep: saved views, settings, progress codes, drafts of policies, inspections.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TABLES = ("saved_views", "person_settings", "progress_codes", "policy_drafts", "inspections")


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("owner", sa.Uuid, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("shared_with", sa.String, sa.ForeignKey("departments.id"), nullable=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("query", sa.String, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_index("saved_views_owner", "saved_views", ["owner"])
    op.create_table(
        "person_settings",
        sa.Column("person", sa.Uuid, sa.ForeignKey("people.id"), primary_key=True),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )
    op.create_table(
        "progress_codes",
        sa.Column("code_hash", sa.String, primary_key=True),
        sa.Column("report_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("phone_hash", sa.String, nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
    )
    op.create_table(
        "policy_drafts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("author", sa.Uuid, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("content", sa.String, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    )
    op.create_table(
        "inspections",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("report_id", sa.Uuid, sa.ForeignKey("cases.report_id"), nullable=False),
        sa.Column("by", sa.Uuid, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("verdict", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
    )
    op.create_index("inspections_case", "inspections", ["report_id", "at"])


def downgrade() -> None:
    """Takes them away again."""
    for name in reversed(TABLES):
        op.drop_table(name)
