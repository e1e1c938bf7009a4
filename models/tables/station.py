"""Monitoring stations as their readings need them, and the readings."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class StationRow(SQLModel, table=True):
    """What taking readings needs of a station; its row is the lock under which they are taken, one batch at a time.

    Written from the facts of the matter, except `heard_at`: the last batch of which something was evaluated.
    """

    __tablename__ = "stations"
    __table_args__ = (
        Index("stations_key", "key_digest", unique=True, postgresql_where=text("key_digest IS NOT NULL")),
    )

    matter_id: UUID = Field(primary_key=True, foreign_key="matters.id")
    code: str = Field(unique=True)
    key_digest: str | None
    silence_minutes: int
    metrics: list[dict[str, Any]] = Field(sa_type=Json)
    silent: bool = False
    heard_at: datetime | None = Field(sa_type=Moment)


class StationWatchRow(SQLModel, table=True):
    """What the readings of one metric have come to: `models.matters.station.Watch`."""

    __tablename__ = "station_watches"

    station: UUID = Field(primary_key=True, foreign_key="stations.matter_id")
    metric: str = Field(primary_key=True)
    watch: dict[str, Any] = Field(sa_type=Json)


class ReadingRow(SQLModel, table=True):
    """A reading. `state`: evaluated, late or suspect; only evaluated ones count for breaches."""

    __tablename__ = "readings"

    station: UUID = Field(primary_key=True, foreign_key="stations.matter_id")
    metric: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment, primary_key=True)
    value: float
    state: str
    received_at: datetime = Field(sa_type=Moment)
