"""What stays in the database of a case that was retired: its facts lie in the archive alone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class RetiredCaseRow(SQLModel, table=True):
    """A retired case: where it lies, its last hash, who may know of it, and what yearly figures count. Append-only.

    `head`: the hash of its last fact, number `seq`; `object`: the file in the archive that holds all of its facts;
    `late`: it missed a deadline; `files`: the hashes of its attachments, which stay in their store.
    """

    __tablename__ = "retired_cases"
    __table_args__ = (
        Index("retired_cases_files", "files", postgresql_using="gin", postgresql_where=text("files <> '{}'::text[]")),
    )

    report_id: UUID = Field(primary_key=True)
    case_no: str = Field(unique=True)
    seq: int
    head: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    object: str
    grid: str
    grid_path: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    category: str
    source: str
    outcome: str | None
    host: str | None
    departments: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    enterprise: str | None
    recused: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    late: bool
    reported_by: UUID
    content_hash: str
    external_system: str | None
    external_number: str | None
    files: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    reported_at: datetime = Field(sa_type=Moment)
    closed_at: datetime = Field(sa_type=Moment)
    retired_at: datetime = Field(sa_type=Moment)


class RetirementRunRow(SQLModel, table=True):
    """A run that retired cases, and every case that was brought back: `counts` as `models.jobs.retirement` has them."""

    __tablename__ = "retirement_runs"

    id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment)
    counts: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
