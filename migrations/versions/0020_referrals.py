"""Bookings of referral desks (专业坐诊台).

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "referral_bookings",
        sa.Column("desk", sa.Uuid, sa.ForeignKey("matters.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("case_no", sa.String, nullable=False),
        sa.Column("booked_by", sa.Uuid, nullable=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=True),
        sa.Column("note", sa.String, nullable=False),
    )
    op.create_index("referral_bookings_case", "referral_bookings", ["case_no"])
    op.create_index("referral_bookings_at", "referral_bookings", ["desk", "at"])


def downgrade() -> None:
    """Drops it."""
    op.drop_table("referral_bookings")
