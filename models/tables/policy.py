"""Published policies: immutable versions, each in force from its effective date until a later one takes effect."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class PolicyRow(SQLModel, table=True):
    """One published policy version."""

    __tablename__ = "policies"

    version: int = Field(primary_key=True)
    published_at: datetime = Field(sa_type=Moment)
    effective_from: datetime = Field(sa_type=Moment)
    digest: str
    content: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
