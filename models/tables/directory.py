"""The directory: grid units, departments, people, and the roles they hold."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Index, false
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Ltree, Moment


class GridUnitRow(SQLModel, table=True):
    """A unit of the four-level hierarchy. Codes are immutable; a retired unit keeps its row."""

    __tablename__ = "grid_units"
    __table_args__ = (
        Index("grid_units_path", "path", postgresql_using="gist"),
        Index("grid_units_box", "west", "east", "south", "north"),
    )

    code: str = Field(primary_key=True)
    name: str
    level: int
    parent: str | None = Field(foreign_key="grid_units.code", index=True)
    path: str = Field(sa_column=Column(Ltree, nullable=False))
    type: str
    households: int | None
    enterprise: str | None
    retired_on: date | None
    geometry: dict[str, Any] | None = Field(sa_column=Column(Json))
    west: float | None
    south: float | None
    east: float | None
    north: float | None


class DepartmentRow(SQLModel, table=True):
    """A department; a retired one keeps its row with `active` False."""

    __tablename__ = "departments"

    id: str = Field(primary_key=True)
    name_zh: str
    name_en: str
    active: bool


class PersonRow(SQLModel, table=True):
    """A person who can act. `password_hash` None: cannot sign in. `password_first`: they must change it first.

    `speaks_for`: of the account of an outside body, the department for which it acts on cases.
    """

    __tablename__ = "people"

    id: UUID = Field(primary_key=True)
    username: str = Field(unique=True)
    name: str
    active: bool
    password_hash: str | None
    password_first: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    password_set_at: datetime | None = Field(default=None, sa_type=Moment)
    speaks_for: str | None = None


class GrantRow(SQLModel, table=True):
    """A role held for a grid subtree and/or a department, from a date to a date."""

    __tablename__ = "grants"
    __table_args__ = (Index("grants_grid_role", "grid", "role"),)

    id: UUID = Field(primary_key=True)
    person: UUID = Field(foreign_key="people.id", index=True)
    role: str
    grid: str | None = Field(foreign_key="grid_units.code")
    department: str | None = Field(foreign_key="departments.id", index=True)
    since: date
    until: date | None
