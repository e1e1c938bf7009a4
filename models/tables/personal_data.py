"""Looks at reporters, and runs of the retention of their data."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class UnmaskLookRow(SQLModel, table=True):
    """One look at a reporter's data, within the time that the fact `seq` of the case gave. Append-only."""

    __tablename__ = "unmask_looks"
    __table_args__ = (Index("unmask_looks_fact", "report_id", "seq"),)

    id: UUID = Field(primary_key=True)
    report_id: UUID = Field(foreign_key="cases.report_id")
    seq: int
    person: UUID = Field(foreign_key="people.id")
    at: datetime = Field(sa_type=Moment)


class RetentionRunRow(SQLModel, table=True):
    """One run of the retention: how many reporters it erased, how many a legal hold kept; erased ones by category."""

    __tablename__ = "retention_runs"

    id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment, index=True)
    erased: int
    held: int
    categories: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
