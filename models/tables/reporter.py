"""Who reported, and how to reach them: apart from everything else, from the first day (D9)."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class ReporterRow(SQLModel, table=True):
    """The only place where a reporter's name and phone are. Everything else holds `id`."""

    __tablename__ = "reporters"

    id: UUID = Field(primary_key=True)
    name: str | None
    phone: str | None
    anonymous: bool
    created_at: datetime = Field(sa_type=Moment)
