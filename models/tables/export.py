"""Exports: who asked for which list, the progress of its file, and the file in pieces."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Uuid, text
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class ExportRow(SQLModel, table=True):
    """One export. `digest` is of what was asked for: a person has at most one export under way per digest.

    `grants` are the roles it was made with; whoever has lost one of them since does not get the file.
    """

    __tablename__ = "exports"
    __table_args__ = (
        Index("exports_owner", "owner", "asked_at"),
        Index(
            "exports_under_way", "owner", "digest", unique=True,
            postgresql_where=text("status IN ('waiting', 'making')"),
        ),
    )  # fmt: skip

    id: UUID = Field(primary_key=True)
    owner: UUID = Field(foreign_key="people.id")
    kind: str
    wanted: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    digest: str
    language: str
    status: str
    asked_at: datetime = Field(sa_type=Moment)
    total: int | None
    made: int
    finished_at: datetime | None = Field(sa_type=Moment)
    size: int | None
    policy_version: int | None
    grants: list[dict[str, Any]] | None = Field(sa_column=Column(Json, nullable=True))
    failure: dict[str, Any] | None = Field(sa_column=Column(Json, nullable=True))


class ExportPieceRow(SQLModel, table=True):
    """A piece of the file of an export, deleted with it."""

    __tablename__ = "export_pieces"

    export: UUID = Field(
        sa_column=Column("export", Uuid, ForeignKey("exports.id", ondelete="CASCADE"), primary_key=True)
    )
    number: int = Field(primary_key=True)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
