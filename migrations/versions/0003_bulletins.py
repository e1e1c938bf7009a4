"""Supervision: bulletins, and the indexes that figures are counted by.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds the table and the indexes."""
    op.create_table(
        "bulletins",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("grid", sa.String, sa.ForeignKey("grid_units.code"), nullable=False),
        sa.Column("period_start", sa.Date, nullable=False),
        sa.Column("period_end", sa.Date, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("runs", sa.Integer, nullable=False),
        sa.Column("content", pg.JSONB, nullable=False),
        sa.UniqueConstraint("kind", "grid", "period_start", name="bulletins_period"),
    )
    # Everything that the board and the overdue list look at in an open case: they need not touch its wide row.
    op.create_index(
        "cases_figures",
        "cases",
        ["due_at"],
        postgresql_include=[
            "closed_at", "stage", "whole_due_at", "overdue_at", "yellow_at", "red_at", "consultation_at", "grid_path",
            "reported_by", "owner_kind", "owner_id", "departments", "report_id",
        ],
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    # Rows are looked at in the index alone where vacuum has been lately; by default it would wait for a fifth of them.
    op.execute("ALTER TABLE cases SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.02)")
    op.create_index("cases_closed", "cases", ["closed_at"], postgresql_where=sa.text("closed_at IS NOT NULL"))
    op.create_index(
        "cases_moments",
        "cases",
        ["accepted_at", "handle_due_at", "close_due_at"],
        postgresql_using="brin",
        postgresql_with={"autosummarize": "true", "pages_per_range": "32"},
    )
    op.create_index("tasks_urged", "tasks", ["report_id"], postgresql_where=sa.text("kind = 'answer_urge'"))


def downgrade() -> None:
    """Takes them away again."""
    op.drop_index("tasks_urged", "tasks")
    op.drop_index("cases_moments", "cases")
    op.drop_index("cases_closed", "cases")
    op.execute("ALTER TABLE cases RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor)")
    op.drop_index("cases_figures", "cases")
    op.drop_table("bulletins")
