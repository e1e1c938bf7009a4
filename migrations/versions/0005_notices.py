"""Notices: whom a step of a ladder has told.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "notices",
        sa.Column("report_id", sa.Uuid, sa.ForeignKey("cases.report_id"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("receiver", sa.String, primary_key=True),
        sa.Column("person", sa.Uuid, sa.ForeignKey("people.id"), nullable=True),
        sa.Column("department", sa.String, sa.ForeignKey("departments.id"), nullable=True),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("read_at", MOMENT, nullable=True),
    )
    op.create_index("notices_person", "notices", ["person", "at"], postgresql_where=sa.text("person IS NOT NULL"))
    op.create_index(
        "notices_department", "notices", ["department", "at"], postgresql_where=sa.text("department IS NOT NULL")
    )


def downgrade() -> None:
    """Takes it away again."""
    op.drop_table("notices")
