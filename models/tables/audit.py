"""Audits: what the scheduled comparison of both stores came to, run by run."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class AuditRow(SQLModel, table=True):
    """One audit; `findings` counts all of them, `summary` (models.jobs.audit.AuditSummary) tells the first.

    `linted`: whether the organisation was checked as well, as it is once a night.
    """

    __tablename__ = "audits"

    id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment, index=True)
    findings: int
    linted: bool
    summary: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
