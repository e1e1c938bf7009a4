"""What the pages keep: saved views, what people set, progress codes, drafts of policies, verdicts of supervision."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class SavedViewRow(SQLModel, table=True):
    """A list with its filters, under a name. `shared_with`: a department whose people see it too."""

    __tablename__ = "saved_views"
    __table_args__ = (Index("saved_views_owner", "owner"),)

    id: UUID = Field(primary_key=True)
    owner: UUID = Field(foreign_key="people.id")
    shared_with: str | None = Field(foreign_key="departments.id")
    name: str
    query: str
    created_at: datetime = Field(sa_type=Moment)


class PersonSettingsRow(SQLModel, table=True):
    """What a person has set for themselves, wherever they sign in."""

    __tablename__ = "person_settings"

    person: UUID = Field(primary_key=True, foreign_key="people.id")
    content: dict[str, Any] = Field(sa_type=JSONB)
    updated_at: datetime = Field(sa_type=Moment)


class ProgressCodeRow(SQLModel, table=True):
    """查询码: by which a reporter without an account follows their report. Only its hash is kept."""

    __tablename__ = "progress_codes"

    code_hash: str = Field(primary_key=True)
    report_id: UUID = Field(unique=True)
    #: The last digits of the phone that was given, hashed with the code; None when none was.
    phone_hash: str | None
    made_at: datetime = Field(sa_type=Moment)


class PolicyDraftRow(SQLModel, table=True):
    """A policy that is being written: its text as it was typed, not yet in force anywhere."""

    __tablename__ = "policy_drafts"

    id: UUID = Field(primary_key=True)
    author: UUID = Field(foreign_key="people.id")
    title: str
    content: str
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)


class InspectionRow(SQLModel, table=True):
    """抽查: a supervisor's verdict on how a case was handled (`ok` or `problem`). It changes nothing about the case."""

    __tablename__ = "inspections"
    __table_args__ = (Index("inspections_case", "report_id", "at"),)

    id: UUID = Field(primary_key=True)
    report_id: UUID = Field(foreign_key="cases.report_id")
    by: UUID = Field(foreign_key="people.id")
    at: datetime = Field(sa_type=Moment)
    verdict: str
    note: str
