"""Mailboxes: what is to be told to whom outside the pages, what was decided, and what people chose."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Text, false, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class MailIntakeRow(SQLModel, table=True):
    """An entry that a fact left in its transaction. A moment later it becomes the items of those whom it is for."""

    __tablename__ = "mail_intake"

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    receiver_kind: str
    receiver: str
    role: str | None
    origin_kind: str
    origin_id: UUID
    seq: int
    at: datetime = Field(sa_type=Moment)
    ground: str | None
    place: str
    path: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    actor: UUID | None
    detail: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))


class MailItemRow(SQLModel, table=True):
    """One thing to tell a person: one fact tells somebody once.

    `state`: new, waiting, told or left; `why` and `until` say what it waits for; `message` is the one that told it.
    `woken_at`: when the mailbox was last woken for it, while it is new.
    """

    __tablename__ = "mail_items"
    __table_args__ = (
        Index("mail_items_new", "at", postgresql_where=text("state = 'new'")),
        Index("mail_items_waiting", "person", postgresql_where=text("state IN ('new', 'waiting')")),
        Index("mail_items_person", "person", "at"),
        Index("mail_items_message", "message", postgresql_where=text("message IS NOT NULL")),
    )

    person: UUID = Field(primary_key=True, foreign_key="people.id")
    origin_id: UUID = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    origin_kind: str
    at: datetime = Field(sa_type=Moment)
    ground: str | None
    place: str
    detail: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    state: str
    why: str | None
    until: datetime | None = Field(sa_type=Moment)
    message: UUID | None
    read_at: datetime | None = Field(sa_type=Moment)
    woken_at: datetime | None = Field(sa_type=Moment)


class MailMessageRow(SQLModel, table=True):
    """A message that a mailbox decided to send. Its receipt is in `sends`, under `id`.

    `named`: the case and fact numbers of the items that it names; `amount`: of how many it speaks; `repeats`: the
    message that was not read. `started_at` None: its send has not been started yet.
    """

    __tablename__ = "mail_messages"
    __table_args__ = (
        Index("mail_messages_person", "person", "at"),
        Index("mail_messages_unstarted", "at", postgresql_where=text("started_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    person: UUID = Field(foreign_key="people.id")
    form: str
    urgent: bool
    opening: bool
    at: datetime = Field(sa_type=Moment)
    channels: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    place: str | None
    amount: int
    named: list[Any] = Field(sa_column=Column(Json, nullable=False))
    repeats: UUID | None
    started_at: datetime | None = Field(sa_type=Moment)


class MailboxRow(SQLModel, table=True):
    """The mailbox of a person: its storms, and when its workflow looks again (None: nothing waits)."""

    __tablename__ = "mailboxes"
    __table_args__ = (Index("mailboxes_wake", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),)

    person: UUID = Field(primary_key=True, foreign_key="people.id")
    storms: list[Any] = Field(sa_column=Column(Json, nullable=False))
    decided_at: datetime = Field(sa_type=Moment)
    wake_at: datetime | None = Field(sa_type=Moment)


class MailSettingsRow(SQLModel, table=True):
    """What a person chose about messages."""

    __tablename__ = "mail_settings"

    person: UUID = Field(primary_key=True, foreign_key="people.id")
    content: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    updated_at: datetime = Field(sa_type=Moment)


class MailAddressRow(SQLModel, table=True):
    """An address of a person in a channel, sealed; `rank` orders them, `hint` shows part of it. A channel that needs no
    address has none here. It is used once `verified_at` is set.

    `code`: the hash of the code that was sent to it, good until `code_until`; `tries`: wrong ones so far.
    """

    __tablename__ = "mail_addresses"
    __table_args__ = (Index("mail_addresses_person", "person", "rank"),)

    id: UUID = Field(primary_key=True)
    person: UUID = Field(foreign_key="people.id")
    channel: str
    hint: str
    sealed: bytes | None
    wrapped_key: bytes | None
    key_id: str | None
    rank: int
    off: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    created_at: datetime = Field(sa_type=Moment)
    verified_at: datetime | None = Field(sa_type=Moment)
    code: bytes | None
    code_until: datetime | None = Field(sa_type=Moment)
    tries: int
