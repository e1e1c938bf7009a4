"""The Open311 interface: keys of programs, the reports that came by it, and media that are still to be fetched."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class Open311KeyRow(SQLModel, table=True):
    """A key of a program, by its digest. It reports within `unit` and the units below, while `revoked_at` is None.

    `per_hour`: the most reports and updates that it sends within an hour.
    """

    __tablename__ = "open311_keys"

    id: UUID = Field(primary_key=True)
    name: str
    unit: str = Field(foreign_key="grid_units.code")
    digest: bytes = Field(unique=True)
    per_hour: int
    created_at: datetime = Field(sa_type=Moment)
    created_by: UUID | None
    last_used_at: datetime | None = Field(sa_type=Moment)
    revoked_at: datetime | None = Field(sa_type=Moment)


class Open311ReportRow(SQLModel, table=True):
    """A report that a program sent.

    `client_id`: its own id of the report, None where it gave none; `digest`: of what it said, so that the same report
    sent again is told from another one. `attributes`: those that no question asks for.
    """

    __tablename__ = "open311_reports"
    __table_args__ = (UniqueConstraint("key", "client_id", name="open311_reports_client"),)

    report_id: UUID = Field(primary_key=True)
    key: UUID = Field(foreign_key="open311_keys.id", index=True)
    client_id: str | None
    digest: bytes
    attributes: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    created_at: datetime = Field(sa_type=Moment)


class Open311MediaRow(SQLModel, table=True):
    """A file that a report names by its address, and that is fetched later.

    `url` None: settled. `sha256`: the file that was attached; `failure`: why none was. `next_at`: when it is tried.
    """

    __tablename__ = "open311_media"
    __table_args__ = (Index("open311_media_due", "next_at", postgresql_where=text("url IS NOT NULL")),)

    id: UUID = Field(primary_key=True)
    report_id: UUID = Field(index=True)
    url: str | None
    attempts: int
    next_at: datetime = Field(sa_type=Moment)
    sha256: str | None
    failure: str | None
    created_at: datetime = Field(sa_type=Moment)
