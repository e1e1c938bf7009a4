"""Sessions: a row for each sign-in, which can be listed and ended. A request by an ended one is refused at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen, Instant
from models.ids import new_id

#: How many sessions of one kind a person may have open; the one unused longest ends first (our choice: a script that
#: signs in again and again fills no table).
MOST_OPEN = 50
#: How long the row of an expired session is kept (our choice).
KEPT = timedelta(days=30)


class SessionKind(StrEnum):
    """What was signed in: a browser at a desk, the phone's app, or a program."""

    BROWSER = "browser"
    PHONE = "phone"
    API = "api"


@dataclass(frozen=True)
class Origin:
    """Where a sign-in comes from: the client's address and the short form of its name."""

    kind: SessionKind
    address: str
    agent: str


class SessionView(Frozen):
    """An open session. `current`: the one that asks."""

    id: UUID
    kind: SessionKind
    address: str
    agent: str
    created_at: Instant
    last_seen_at: Instant
    expires_at: Instant
    current: bool


# The row of the person is locked against a change of the password: the session is opened before it, and ended by it,
# or not opened at all.
_OPEN = text("""
WITH owner AS (
  SELECT id FROM people WHERE id = :person AND active AND (:trusted OR password_hash IS NOT DISTINCT FROM :verified)
  FOR SHARE)
INSERT INTO sessions (id, person, kind, address, agent, created_at, last_seen_at, expires_at, vouched)
SELECT :id, id, :kind, :address, :agent, :now, :now, :expires, :trusted FROM owner RETURNING id
""")
_TIDY = text("""
WITH old AS (DELETE FROM sessions WHERE person = :person AND expires_at < :kept)
UPDATE sessions SET ended_at = :now WHERE id IN (
  SELECT id FROM sessions WHERE person = :person AND kind = :kind AND ended_at IS NULL
  ORDER BY id = :opened DESC, last_seen_at DESC, id OFFSET :most)
""")
_LIST = text("""
SELECT id, kind, address, agent, created_at, last_seen_at, expires_at FROM sessions
WHERE person = :person AND ended_at IS NULL AND expires_at > :now ORDER BY last_seen_at DESC, id
""")
_END = text("UPDATE sessions SET ended_at = :now WHERE id = :id AND person = :person AND ended_at IS NULL RETURNING id")
_END_ALL = text("""
UPDATE sessions SET ended_at = :now
WHERE person = :person AND ended_at IS NULL AND id IS DISTINCT FROM CAST(:but AS uuid) RETURNING id
""")


async def open_session(
    connection: AsyncConnection, person: UUID, verified: str | None, origin: Origin, now: datetime, lasts: timedelta,
    *, trusted: bool = False,
) -> UUID | None:  # fmt: skip
    """Open a session for a person whose password hash was `verified`; None if it was changed, or if they have left.

    `trusted`: no password was asked for, because somebody else vouches for the person.
    """
    values = {
        "id": new_id(), "person": person, "verified": verified, "trusted": trusted, "kind": origin.kind.value,
        "address": origin.address[:64], "agent": origin.agent, "now": now, "expires": now + lasts,
    }  # fmt: skip
    opened: UUID | None = await connection.scalar(_OPEN, values)
    if opened is not None:
        tidy = {
            "person": person,
            "opened": opened,
            "kind": origin.kind.value,
            "now": now,
            "kept": now - KEPT,
            "most": MOST_OPEN,
        }
        await connection.execute(_TIDY, tidy)
    return opened


async def list_sessions(
    connection: AsyncConnection, person: UUID, now: datetime, current: UUID | None = None
) -> tuple[SessionView, ...]:
    """Return the open sessions of a person, the one used last first."""
    rows = await connection.execute(_LIST, {"person": person, "now": now})
    return tuple(SessionView.model_validate({**row._mapping, "current": row.id == current}) for row in rows)


async def end_session(connection: AsyncConnection, person: UUID, session: UUID, now: datetime) -> bool:
    """End a session of the person; return whether it was open."""
    return await connection.scalar(_END, {"id": session, "person": person, "now": now}) is not None


async def end_sessions(
    connection: AsyncConnection, person: UUID, now: datetime, *, but: UUID | None = None
) -> tuple[UUID, ...]:
    """End every session of the person, except `but`. Return those that ended."""
    ended = await connection.execute(_END_ALL, {"person": person, "now": now, "but": but})
    return tuple(ended.scalars())
