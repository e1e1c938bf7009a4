"""Matters (事项) in PostgreSQL: their state, their facts, their notices; and the outbox of effects."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Ltree, Moment


class MatterRow(SQLModel, table=True):
    """One matter: the columns to list and filter by, and `state`, its complete state."""

    __tablename__ = "matters"
    __table_args__ = (
        Index("matters_code", "kind", "code", unique=True),
        Index("matters_grid_path", "grid_path", postgresql_using="gist"),
        Index("matters_departments", "departments", postgresql_using="gin"),
        Index("matters_people", "people", postgresql_using="gin"),
        Index("matters_due", "kind", "due_at", postgresql_where=text("ended_at IS NULL AND due_at IS NOT NULL")),
        Index("matters_overdue", "kind", "overdue_at", postgresql_where=text("overdue_at IS NOT NULL")),
        Index("matters_of_case", text("(state ->> 'case_no')"), postgresql_where=text("kind = 'emergency'")),
        Index("matters_wake", "wake_at", postgresql_where=text("ended_at IS NULL AND wake_at IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    kind: str
    code: str
    name: str
    seq: int
    status: str
    state: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    grid: str = Field(foreign_key="grid_units.code")
    grid_path: str = Field(sa_column=Column(Ltree, nullable=False))
    department: str | None
    departments: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    people: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)
    due_at: datetime | None = Field(sa_type=Moment)
    overdue_at: datetime | None = Field(sa_type=Moment)
    wake_at: datetime | None = Field(sa_type=Moment)
    ended_at: datetime | None = Field(sa_type=Moment)


class MatterFactRow(SQLModel, table=True):
    """One fact of a matter. Append-only: a trigger refuses UPDATE and DELETE."""

    __tablename__ = "matter_facts"
    __table_args__ = (
        Index("matter_facts_command", "matter_id", "command_id"),
        Index("matter_facts_at", "kind", "at", "matter_id"),
        Index("matter_facts_attachments", text("(body -> 'attachments')"), postgresql_using="gin"),
        Index("matter_facts_evidence", text("(body -> 'evidence')"), postgresql_using="gin"),
    )

    matter_id: UUID = Field(
        sa_column=Column("matter_id", ForeignKey("matters.id", deferrable=True, initially="DEFERRED"), primary_key=True)
    )
    seq: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment)
    kind: str
    version: int
    actor: UUID | None
    command_id: UUID
    command: str
    digest: str
    body: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))


class MatterNoticeRow(SQLModel, table=True):
    """The notice of one fact of a matter to one receiver; as `NoticeRow` is for cases."""

    __tablename__ = "matter_notices"
    __table_args__ = (
        Index("matter_notices_person", "person", "at", postgresql_where=text("person IS NOT NULL")),
        Index("matter_notices_department", "department", "at", postgresql_where=text("department IS NOT NULL")),
    )

    matter_id: UUID = Field(primary_key=True, foreign_key="matters.id")
    seq: int = Field(primary_key=True)
    receiver: str = Field(primary_key=True)
    person: UUID | None = Field(foreign_key="people.id")
    department: str | None = Field(foreign_key="departments.id")
    mode: str
    at: datetime = Field(sa_type=Moment)
    read_at: datetime | None = Field(sa_type=Moment)


class OutboxRow(SQLModel, table=True):
    """An effect that has not been carried out yet. Deleted when it has been.

    `origin` is the matter or case whose fact set it off. `id` is derived from that fact, and is the id under which the
    effect counts once. `next_try_at` is later after a failure; `failure` says what it was.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_next", "next_try_at", "id"),
        Index("outbox_origin", "origin_id", "written_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    origin_kind: str
    origin_id: UUID
    effect: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    written_at: datetime = Field(sa_type=Moment)
    next_try_at: datetime = Field(sa_type=Moment)
    tries: int
    failure: str | None
