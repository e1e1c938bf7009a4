"""Accounts: the sessions of sign-ins, failures to sign in, and what administrators change."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, String, false, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from models.tables.columns import Json, Moment


class SessionRow(SQLModel, table=True):
    """A sign-in: from where, with what, and until when. `kind`: browser, phone or api. A request is let in while
    `ended_at` is None and `expires_at` is to come.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index("sessions_open", "person", "kind", postgresql_where=text("ended_at IS NULL")),)

    id: UUID = Field(primary_key=True)
    person: UUID = Field(foreign_key="people.id")
    kind: str
    address: str
    agent: str
    created_at: datetime = Field(sa_type=Moment)
    last_seen_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(sa_type=Moment)
    #: Somebody else vouches for the person: they answer for a second factor, too.
    vouched: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))


class SignInAttemptsRow(SQLModel, table=True):
    """Failures to sign in, by what was tried (`services.accounts.attempts`), and when the next one is let through."""

    __tablename__ = "sign_in_attempts"

    key: str = Field(primary_key=True)
    failures: int
    last_at: datetime = Field(sa_type=Moment, index=True)
    next_at: datetime = Field(sa_type=Moment)


class AdminActionRow(SQLModel, table=True):
    """A change by an administrator or an operator, with before and after. Appended by triggers and never changed.

    `kind`: the table that was changed; `actor` None: an operator's command, named by `action`.
    """

    __tablename__ = "admin_actions"
    __table_args__ = (
        Index("admin_actions_object", "kind", "object", "id"),
        Index("admin_actions_actor", "actor", "id"),
    )

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    at: datetime = Field(sa_type=Moment)
    actor: UUID | None
    action: str
    kind: str
    object: str
    before: dict[str, Any] | None = Field(sa_column=Column(Json))
    after: dict[str, Any] | None = Field(sa_column=Column(Json))


class SecondFactorRow(SQLModel, table=True):
    """The second factor of somebody: its secret, encrypted, and the hashes of the recovery codes that are left.

    `confirmed_at` None: it is being enrolled. `last_step`: of the last code taken; no earlier one counts.
    """

    __tablename__ = "second_factors"

    person: UUID = Field(primary_key=True, foreign_key="people.id")
    secret: bytes
    recovery: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    confirmed_at: datetime | None = Field(sa_type=Moment)
    last_step: int | None = Field(sa_column=Column(BigInteger))


class PersonalTokenRow(SQLModel, table=True):
    """A personal token for scripts, by its digest. It is good while `revoked_at` is None and `expires_at` to come."""

    __tablename__ = "personal_tokens"

    id: UUID = Field(primary_key=True)
    person: UUID = Field(foreign_key="people.id", index=True)
    name: str
    scopes: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    digest: bytes = Field(unique=True)
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    last_used_at: datetime | None = Field(sa_type=Moment)
    revoked_at: datetime | None = Field(sa_type=Moment)
