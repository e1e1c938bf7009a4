"""Audits: the results of the scheduled comparison of both stores."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class AuditRow(SQLModel, table=True):
    """One audit; `findings` counts all findings, `summary` (models.jobs.audit.AuditSummary) holds the first ones.

    `linted`: whether the organisation was checked too, which happens once a night.
    """

    __tablename__ = "audits"

    id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment, index=True)
    findings: int
    linted: bool
    summary: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
