"""Suggestions at intake: the trained models, and what people made of what they were shown."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKey, UniqueConstraint, Uuid
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class SuggestionModelRow(SQLModel, table=True):
    """A model of one park, learnt from `cases` cases that were closed from `closed_from` to `closed_until`.

    Its bytes are the object `object` in the store of models; `sha256` is their hash. `figures`:
    `models.suggestions.ModelFigures`.
    """

    __tablename__ = "suggestion_models"
    __table_args__ = (UniqueConstraint("park", "version", name="suggestion_models_version"),)

    id: UUID = Field(primary_key=True)
    park: str
    version: int
    trained_at: datetime = Field(sa_type=Moment)
    closed_from: datetime = Field(sa_type=Moment)
    closed_until: datetime = Field(sa_type=Moment)
    cases: int
    object: str
    sha256: str
    size: int
    figures: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))


class SuggestionUseRow(SQLModel, table=True):
    """A suggestion that somebody saw when they gave the command `command_id`, and what they chose.

    Written before the command is sent: it counts only where a fact of that command was recorded.
    """

    __tablename__ = "suggestion_uses"

    command_id: UUID = Field(primary_key=True)
    target: str = Field(primary_key=True)
    report_id: UUID = Field(
        sa_column=Column("report_id", Uuid, ForeignKey("cases.report_id", ondelete="CASCADE"), nullable=False)
    )
    model: UUID = Field(sa_column=Column("model", Uuid, ForeignKey("suggestion_models.id"), nullable=False))
    suggested: str
    chosen: str
    certainty: float
    at: datetime = Field(sa_type=Moment)
