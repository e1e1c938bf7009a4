"""Reporters' names and phone numbers, stored apart from everything else from the start (D9)."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class ReporterRow(SQLModel, table=True):
    """The name and phone of a reporter, stored only here. Everything else holds `id`."""

    __tablename__ = "reporters"

    id: UUID = Field(primary_key=True)
    name: str | None
    phone: str | None
    anonymous: bool
    created_at: datetime = Field(sa_type=Moment)
