"""The roster: absences with deputies, shifts, declared interests, and the vacancies that escalations met."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class AbsenceRow(SQLModel, table=True):
    """An absence, both days inclusive; `deputy` acts with the person's roles meanwhile, or nobody (None)."""

    __tablename__ = "absences"

    id: UUID = Field(primary_key=True)
    person: UUID = Field(foreign_key="people.id", index=True)
    deputy: UUID | None = Field(foreign_key="people.id", index=True)
    since: date
    until: date
    reason: str


class ShiftRow(SQLModel, table=True):
    """A shift of a person in a role of a unit; while any shift covers a moment, only those on it hold the role."""

    __tablename__ = "shifts"
    __table_args__ = (Index("shifts_at", "unit", "role", "starts_at"),)

    id: UUID = Field(primary_key=True)
    unit: str = Field(foreign_key="grid_units.code")
    role: str
    person: UUID = Field(foreign_key="people.id")
    starts_at: datetime = Field(sa_type=Moment)
    ends_at: datetime = Field(sa_type=Moment)


class InterestRow(SQLModel, table=True):
    """A declared interest of a person in an enterprise, a department or a grid unit, both days inclusive."""

    __tablename__ = "interests"

    id: UUID = Field(primary_key=True)
    person: UUID = Field(foreign_key="people.id", index=True)
    kind: str
    target: str
    since: date
    until: date | None
    reason: str


class OrgAlarmRow(SQLModel, table=True):
    """A role that ladder steps, or duties of a plan, found vacant in a unit: how often, and when last.

    `last_case` is the id of the case or matter that met it.
    """

    __tablename__ = "org_alarms"

    unit: str = Field(primary_key=True, foreign_key="grid_units.code")
    role: str = Field(primary_key=True)
    first_at: datetime = Field(sa_type=Moment)
    last_at: datetime = Field(sa_type=Moment)
    last_case: UUID
    times: int
