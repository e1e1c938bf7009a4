"""Which workers are alive, and which namespace of which Temporal has the workflows of this database."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, SmallInteger
from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class WorkerRow(SQLModel, table=True):
    """A running worker. `place`: the id of its namespace; `seen_at`: its last sign of life."""

    __tablename__ = "workers"

    id: UUID = Field(primary_key=True)
    place: str
    host: str
    pid: int
    started_at: datetime = Field(sa_type=Moment)
    seen_at: datetime = Field(sa_type=Moment)


class WorkflowPlaceRow(SQLModel, table=True):
    """Where the workflows of this database are; at most one row. `place`: the id of the namespace.

    Sessions that run workflows elsewhere are refused by triggers (`keep_to_the_place`).
    """

    __tablename__ = "workflow_place"
    __table_args__ = (CheckConstraint("id = 1"),)

    id: int = Field(primary_key=True, sa_type=SmallInteger)
    place: str
    namespace: str
    address: str
    since: datetime = Field(sa_type=Moment)
