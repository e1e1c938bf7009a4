"""Who is away and who stands in, who is on duty when, and the vacancies that escalation has met."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class AbsenceRow(SQLModel, table=True):
    """A person is away, both days inclusive; `deputy` acts with their roles meanwhile, or (None) nobody does."""

    __tablename__ = "absences"

    id: UUID = Field(primary_key=True)
    person: UUID = Field(foreign_key="people.id", index=True)
    deputy: UUID | None = Field(foreign_key="people.id", index=True)
    since: date
    until: date
    reason: str


class ShiftRow(SQLModel, table=True):
    """Somebody is on duty in a role of a unit; while any shift covers a moment, only those on it hold the role."""

    __tablename__ = "shifts"
    __table_args__ = (Index("shifts_at", "unit", "role", "starts_at"),)

    id: UUID = Field(primary_key=True)
    unit: str = Field(foreign_key="grid_units.code")
    role: str
    person: UUID = Field(foreign_key="people.id")
    starts_at: datetime = Field(sa_type=Moment)
    ends_at: datetime = Field(sa_type=Moment)


class OrgAlarmRow(SQLModel, table=True):
    """A role that a step of a ladder looked for in a unit, and nobody held: how often, and when last."""

    __tablename__ = "org_alarms"

    unit: str = Field(primary_key=True, foreign_key="grid_units.code")
    role: str = Field(primary_key=True)
    first_at: datetime = Field(sa_type=Moment)
    last_at: datetime = Field(sa_type=Moment)
    last_case: UUID
    times: int
