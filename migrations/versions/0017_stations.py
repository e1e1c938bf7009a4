"""Monitoring stations (环境监测站): what their readings need of them, the state of each metric, the readings.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds the three tables."""
    op.create_table(
        "stations",
        sa.Column("matter_id", sa.Uuid, sa.ForeignKey("matters.id"), primary_key=True),
        sa.Column("code", sa.String, nullable=False, unique=True),
        sa.Column("key_digest", sa.String, nullable=True),
        sa.Column("silence_minutes", sa.Integer, nullable=False),
        sa.Column("metrics", JSONB, nullable=False),
        sa.Column("silent", sa.Boolean, nullable=False),
        sa.Column("heard_at", _MOMENT, nullable=True),
    )
    has_key = sa.text("key_digest IS NOT NULL")
    op.create_index("stations_key", "stations", ["key_digest"], unique=True, postgresql_where=has_key)
    op.create_table(
        "station_watches",
        sa.Column("station", sa.Uuid, sa.ForeignKey("stations.matter_id"), primary_key=True),
        sa.Column("metric", sa.String, primary_key=True),
        sa.Column("watch", JSONB, nullable=False),
    )
    op.create_table(
        "readings",
        sa.Column("station", sa.Uuid, sa.ForeignKey("stations.matter_id"), primary_key=True),
        sa.Column("metric", sa.String, primary_key=True),
        sa.Column("at", _MOMENT, primary_key=True),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
    )


def downgrade() -> None:
    """Drops them, with what they hold."""
    for table in ("readings", "station_watches", "stations"):
        op.drop_table(table)
