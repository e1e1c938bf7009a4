"""Personal tokens for scripts: what a script may do for somebody, until when. Shown once, stored as SHA-256 only.

A digest of 256 random bits can't be computed back, so no slow hash is needed at every request.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.admin_actions import record_action
from models.base import Frozen, Instant, Line
from models.context import Person
from models.enums import Role
from models.errors import InputError, NoSuchToken
from models.ids import new_id
from rules.scope import in_force

PREFIX = "glp_"
#: The longest life of a token, in days, and how many somebody may have (our choice).
MOST_DAYS, MOST_TOKENS = 365, 20


class Scope(StrEnum):
    """What a token lets a script do, within the rights of its owner.

    `account` is never given: passwords, sessions and tokens take a person who has signed in.
    """

    READ = "read"
    REPORT = "report"
    ACT = "act"
    EXPORT = "export"
    FEED = "feed"
    ADMIN = "admin"
    ACCOUNT = "account"


GIVEN = (Scope.READ, Scope.REPORT, Scope.ACT, Scope.EXPORT, Scope.FEED, Scope.ADMIN)


class NewToken(Frozen):
    """A token to make: its name, what it may do, and for how many days."""

    name: Annotated[Line, Field(min_length=1, max_length=80)]
    scopes: Annotated[frozenset[Scope], Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 90


class TokenView(Frozen):
    """A token as it is listed; the token itself is shown only when it is made."""

    id: UUID
    name: str
    scopes: tuple[Scope, ...]
    created_at: Instant
    expires_at: Instant
    last_used_at: Instant | None
    revoked_at: Instant | None


_LIST = text("""
SELECT id, name, scopes, created_at, expires_at, last_used_at, revoked_at FROM personal_tokens
WHERE person = :person AND (revoked_at IS NULL AND expires_at > :now OR greatest(revoked_at, expires_at) > :recent)
ORDER BY created_at DESC, id
""")
_RECENT = timedelta(days=30)
_COUNT = text("""
SELECT count(*) FROM personal_tokens WHERE person = :person AND revoked_at IS NULL AND expires_at > :now
""")
_LOCK = text("SELECT 1 FROM people WHERE id = :person FOR UPDATE")
_MAKE = text("""
INSERT INTO personal_tokens (id, person, name, scopes, digest, created_at, expires_at)
VALUES (:id, :person, :name, :scopes, :digest, :now, :expires)
""")
_REVOKE = text("""
UPDATE personal_tokens SET revoked_at = :now WHERE person = :person AND revoked_at IS NULL
  AND (CAST(:id AS uuid) IS NULL OR id = :id) RETURNING id, name, scopes, expires_at
""")


def token_digest(token: str) -> bytes:
    """Return the digest by which a token is stored and found."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


async def make_token(connection: AsyncConnection, person: Person, wanted: NewToken, now: datetime) -> tuple[UUID, str]:
    """Make a token in the caller's transaction; return its id and the token, which can't be shown again.

    Raises InputError for a scope that is not given to the person, and for too many tokens.
    """
    for scope in wanted.scopes:
        if scope not in GIVEN or (scope is Scope.ADMIN and not _is_admin(person, now)):
            zh, en = f"不能授予“{scope}”", f"“{scope}” can't be given to you"
            raise InputError(pointer="/scopes", why_zh=zh, why_en=en)
    await connection.execute(_LOCK, {"person": person.id})
    if (await connection.scalar(_COUNT, {"person": person.id, "now": now}) or 0) >= MOST_TOKENS:
        zh, en = f"至多 {MOST_TOKENS} 个令牌,请先撤销不用的", f"{MOST_TOKENS} tokens at most: revoke one first"
        raise InputError(pointer="/name", why_zh=zh, why_en=en)
    id_, token, scopes = new_id(), PREFIX + secrets.token_urlsafe(32), sorted(wanted.scopes)
    expires = now + timedelta(days=wanted.days)
    await connection.execute(
        _MAKE,
        {
            "id": id_, "person": person.id, "name": wanted.name, "scopes": scopes, "digest": token_digest(token),
            "now": now, "expires": expires,
        },
    )  # fmt: skip
    after = {"name": wanted.name, "scopes": scopes, "expires_at": expires, "owner": person.username}
    await record_action(connection, person.id, "token create", ("tokens", str(id_)), None, after)
    return id_, token


async def list_tokens(connection: AsyncConnection, person: UUID, now: datetime) -> tuple[TokenView, ...]:
    """Return the tokens of somebody, those that ended in the last thirty days included."""
    rows = await connection.execute(_LIST, {"person": person, "now": now, "recent": now - _RECENT})
    return tuple(TokenView.model_validate(dict(row._mapping)) for row in rows)


async def revoke_tokens(
    connection: AsyncConnection, person: UUID, now: datetime, *, by: UUID | None, token: UUID | None = None
) -> int:
    """Revoke a token of somebody, or all of them, in the caller's transaction; return how many.

    `by`: who revokes. Raises NoSuchToken for one that does not exist or has been revoked.
    """
    revoked = (await connection.execute(_REVOKE, {"person": person, "id": token, "now": now})).all()
    if token is not None and not revoked:
        raise NoSuchToken()
    for row in revoked:
        before = {"name": row.name, "scopes": row.scopes, "expires_at": row.expires_at}
        await record_action(connection, by, "token revoke", ("tokens", str(row.id)), before, None)
    return len(revoked)


def _is_admin(person: Person, now: datetime) -> bool:
    return any(grant.role is Role.ADMIN and grant.grid is None for grant in in_force(person, now.date()))
