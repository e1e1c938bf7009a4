"""Bulletins, published within the organisation period by period."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class BulletinRow(SQLModel, table=True):
    """A bulletin of a unit and a period; making it again replaces its content and raises `runs`."""

    __tablename__ = "bulletins"
    __table_args__ = (UniqueConstraint("kind", "grid", "period_start", name="bulletins_period"),)

    id: UUID = Field(primary_key=True)
    kind: str
    grid: str = Field(foreign_key="grid_units.code")
    period_start: date
    period_end: date
    made_at: datetime = Field(sa_type=Moment)
    runs: int
    content: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
