"""Receivers, hand-overs, and what receivers answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class ReceiverRow(SQLModel, table=True):
    """The outside system of a department, or a partner; `config` is a `ReceiverDraft`, the secret is sealed."""

    __tablename__ = "receivers"

    code: str = Field(primary_key=True)
    department: str = Field(foreign_key="departments.id")
    enabled: bool
    account: UUID = Field(foreign_key="people.id")
    config: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    sealed: bytes | None
    wrapped_key: bytes | None
    key_id: str | None
    updated_at: datetime = Field(sa_type=Moment)


class HandoverRow(SQLModel, table=True):
    """A case in the hands of a receiver; see `models.handovers.Handover`. Written with the facts of the case."""

    __tablename__ = "handovers"
    __table_args__ = (Index("handovers_case", "report_id"), Index("handovers_status", "status", "created_at"))

    id: UUID = Field(primary_key=True)
    report_id: UUID = Field(foreign_key="cases.report_id")
    receiver: str = Field(foreign_key="receivers.code")
    account: UUID = Field(foreign_key="people.id")
    department: str
    round: int
    since: int
    status: str
    created_at: datetime = Field(sa_type=Moment)
    tries: int
    next_try_at: datetime | None = Field(sa_type=Moment)
    sent_at: datetime | None = Field(sa_type=Moment)
    far_id: str | None
    failure: str | None
    due_at: datetime | None = Field(sa_type=Moment)
    unanswered_at: datetime | None = Field(sa_type=Moment)
    answered_at: datetime | None = Field(sa_type=Moment)
    departed_at: datetime | None = Field(sa_type=Moment)
    told_at: datetime | None = Field(sa_type=Moment)


class HandoverAnswerRow(SQLModel, table=True):
    """An answer of a receiver, by its own id; `recorded_as` None: it is being recorded."""

    __tablename__ = "handover_answers"

    handover: UUID = Field(primary_key=True, foreign_key="handovers.id")
    answer_id: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment)
    digest: str
    recorded_as: str | None
    why: str | None
