"""Duties (勤务): one row for each occurrence of a plan.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from models.tables.columns import Ltree

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds the table and its indexes."""
    op.create_table(
        "duties",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("plan", sa.Uuid, sa.ForeignKey("matters.id"), nullable=False),
        sa.Column("batch", sa.String, nullable=False),
        sa.Column("place", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("work", sa.String, nullable=False),
        sa.Column("grid", sa.String, sa.ForeignKey("grid_units.code"), nullable=False),
        sa.Column("grid_path", Ltree, nullable=False),
        sa.Column("enterprise", sa.String, nullable=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("shift", sa.String, nullable=False),
        sa.Column("opens_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=True),
        sa.Column("person", sa.Uuid, sa.ForeignKey("people.id"), nullable=True),
        sa.Column("department", sa.String, sa.ForeignKey("departments.id"), nullable=True),
        sa.Column("checklist", sa.String, nullable=True),
        sa.Column("policy_version", sa.Integer, nullable=False),
        sa.Column("missed_at", _MOMENT, nullable=True),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.Column("received_at", _MOMENT, nullable=True),
        sa.Column("done_by", sa.Uuid, nullable=True),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("said", sa.String, nullable=True),
        sa.Column("photos", ARRAY(sa.Text), nullable=False),
        sa.Column("result", JSONB, nullable=True),
        sa.Column("cases", JSONB, nullable=False),
    )
    op.create_index("duties_plan", "duties", ["plan", "batch"])
    op.create_index("duties_grid_path", "duties", ["grid_path"], postgresql_using="gist")
    op.create_index("duties_due", "duties", ["due_at", "id"])
    op.create_index("duties_photos", "duties", ["photos"], postgresql_using="gin")
    undone, named = sa.text("status IN ('due', 'missed')"), sa.text("enterprise IS NOT NULL")
    op.create_index("duties_open", "duties", ["status", "due_at", "id"], postgresql_where=undone)
    op.create_index("duties_enterprise", "duties", ["enterprise", "due_at"], postgresql_where=named)


def downgrade() -> None:
    """Drops it, with what it holds."""
    op.drop_table("duties")
