"""Duties (勤务) in PostgreSQL: one row each, derived from the facts of their plan."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Ltree, Moment


class DutyRow(SQLModel, table=True):
    """One duty: what to list and count by, and `result`, what was found when it was done.

    `status` is a `DutyStatus`. `missed_at` stays when a missed duty is done late. `done_at` is the time that the phone
    gave, `received_at` when it arrived. `failed` counts the items and needs that opened a case, `cases` has the numbers
    of those cases by errand. `photos` are all of its photos, whatever they show.
    """

    __tablename__ = "duties"
    __table_args__ = (
        Index("duties_plan", "plan", "batch"),
        Index("duties_grid_path", "grid_path", postgresql_using="gist"),
        Index("duties_due", "due_at", "id"),
        Index("duties_open", "status", "due_at", "id", postgresql_where=text("status IN ('due', 'missed')")),
        Index("duties_photos", "photos", postgresql_using="gin"),
        Index("duties_enterprise", "enterprise", "due_at", postgresql_where=text("enterprise IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    plan: UUID = Field(foreign_key="matters.id")
    batch: str
    place: str
    name: str
    work: str
    grid: str = Field(foreign_key="grid_units.code")
    grid_path: str = Field(sa_column=Column(Ltree, nullable=False))
    enterprise: str | None
    day: date
    shift: str
    opens_at: datetime = Field(sa_type=Moment)
    due_at: datetime = Field(sa_type=Moment)
    status: str
    role: str | None
    person: UUID | None = Field(foreign_key="people.id")
    department: str | None = Field(foreign_key="departments.id")
    checklist: str | None
    policy_version: int
    missed_at: datetime | None = Field(sa_type=Moment)
    done_at: datetime | None = Field(sa_type=Moment)
    received_at: datetime | None = Field(sa_type=Moment)
    done_by: UUID | None
    failed: int
    said: str | None
    photos: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    result: dict[str, Any] | None = Field(sa_column=Column(Json, nullable=True))
    cases: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
