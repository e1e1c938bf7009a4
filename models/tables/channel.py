"""Channels: how messages leave, who subscribed to events of cases, and the browsers that take pushes.

Secrets are sealed: `sealed` is encrypted under a key of its own, which the master key `key_id` wraps (`wrapped_key`).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKey, String, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class ChannelRow(SQLModel, table=True):
    """A channel: its kind, what is set, and its secrets. A disabled one takes nothing."""

    __tablename__ = "channels"

    id: str = Field(primary_key=True)
    kind: str
    name: str
    config: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    sealed: bytes | None
    wrapped_key: bytes | None
    key_id: str | None
    enabled: bool
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)


class HookSubscriptionRow(SQLModel, table=True):
    """What a web hook is told: facts of these kinds, of cases in this unit and below."""

    __tablename__ = "hook_subscriptions"

    id: UUID = Field(primary_key=True)
    channel: str = Field(sa_column=Column("channel", ForeignKey("channels.id"), nullable=False, index=True))
    kinds: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    grid: str = Field(foreign_key="grid_units.code")
    created_at: datetime = Field(sa_type=Moment)


class PushSubscriptionRow(SQLModel, table=True):
    """A browser of somebody that takes pushes. `digest` is of its address, which is a secret and sealed."""

    __tablename__ = "push_subscriptions"

    id: UUID = Field(primary_key=True)
    person: UUID = Field(foreign_key="people.id", index=True)
    digest: str = Field(sa_column=Column("digest", String, nullable=False, unique=True))
    agent: str
    sealed: bytes
    wrapped_key: bytes
    key_id: str
    created_at: datetime = Field(sa_type=Moment)
