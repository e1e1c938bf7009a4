"""Data of the pages: saved views, personal settings, progress codes, policy drafts, inspections."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class SavedViewRow(SQLModel, table=True):
    """A named list with its filters. `shared_with`: a department whose people see it too."""

    __tablename__ = "saved_views"
    __table_args__ = (Index("saved_views_owner", "owner"),)

    id: UUID = Field(primary_key=True)
    owner: UUID = Field(foreign_key="people.id")
    shared_with: str | None = Field(foreign_key="departments.id")
    name: str
    query: str
    created_at: datetime = Field(sa_type=Moment)


class PersonSettingsRow(SQLModel, table=True):
    """The settings of a person, wherever they sign in."""

    __tablename__ = "person_settings"

    person: UUID = Field(primary_key=True, foreign_key="people.id")
    content: dict[str, Any] = Field(sa_type=JSONB)
    updated_at: datetime = Field(sa_type=Moment)


class ProgressCodeRow(SQLModel, table=True):
    """A progress code (查询码), by which a reporter without an account follows their report. Only its hash is kept."""

    __tablename__ = "progress_codes"

    code_hash: str = Field(primary_key=True)
    report_id: UUID = Field(unique=True)
    #: The last digits of the phone number given, hashed with the code; None when none was given.
    phone_hash: str | None
    made_at: datetime = Field(sa_type=Moment)


class PolicyDraftRow(SQLModel, table=True):
    """A draft of a policy: its text as typed, not published."""

    __tablename__ = "policy_drafts"

    id: UUID = Field(primary_key=True)
    author: UUID = Field(foreign_key="people.id")
    title: str
    content: str
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)


class InspectionRow(SQLModel, table=True):
    """A supervisor's verdict (抽查) on how a case was handled: `ok` or `problem`. It changes nothing about the case."""

    __tablename__ = "inspections"
    __table_args__ = (Index("inspections_case", "report_id", "at"),)

    id: UUID = Field(primary_key=True)
    report_id: UUID = Field(foreign_key="cases.report_id")
    by: UUID = Field(foreign_key="people.id")
    at: datetime = Field(sa_type=Moment)
    verdict: str
    note: str
