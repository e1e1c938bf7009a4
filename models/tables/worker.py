"""Which workers are alive, and on which Temporal server and namespace."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class WorkerRow(SQLModel, table=True):
    """A running worker. `place`: the id of its Temporal cluster and its namespace; `seen_at`: its last sign of life."""

    __tablename__ = "workers"

    id: UUID = Field(primary_key=True)
    place: str
    host: str
    pid: int
    started_at: datetime = Field(sa_type=Moment)
    seen_at: datetime = Field(sa_type=Moment)
