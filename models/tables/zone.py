"""Zones (片区): units of a park that liaison officers look after together."""

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class ZoneRow(SQLModel, table=True):
    """One zone; `units` are the codes of its units, which may lie in several branches of the hierarchy."""

    __tablename__ = "zones"

    code: str = Field(primary_key=True)
    name: str
    units: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
