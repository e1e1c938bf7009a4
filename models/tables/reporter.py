"""Reporters' names and phone numbers, stored apart from everything else from the start, encrypted (D9)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlmodel import Field, SQLModel

from models.tables.columns import Moment


class ReporterRow(SQLModel, table=True):
    """The sealed name and phone of a reporter, stored only here. Everything else holds `id`.

    `ciphertext` and `nonce`: the record (AES-256-GCM, bound to the id); `wrapped_key`: its key, wrapped by the master
    key `key_id`. `name` and `phone` hold what was stored before records were sealed, until a process seals it; they are
    never read otherwise. An erased person has `erased_at` and nothing else.
    `stopped_at`: since when they want no more messages.
    """

    __tablename__ = "reporters"
    __table_args__ = (
        CheckConstraint("ciphertext IS NULL OR (name IS NULL AND phone IS NULL)", name="reporters_clear_or_sealed"),
        Index("reporters_key", "key_id", "id", postgresql_where=text("wrapped_key IS NOT NULL")),
        Index("reporters_clear", "id", postgresql_where=text("ciphertext IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    name: str | None
    phone: str | None
    anonymous: bool
    created_at: datetime = Field(sa_type=Moment)
    nonce: bytes | None = None
    ciphertext: bytes | None = None
    wrapped_key: bytes | None = None
    key_id: str | None = Field(default=None, sa_column=Column(Text))
    erased_at: datetime | None = Field(default=None, sa_type=Moment)
    stopped_at: datetime | None = Field(default=None, sa_type=Moment)
