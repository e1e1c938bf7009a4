"""Who makes a request: the person and their session, read in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows, first_row
from infra.store.world_json import PERSON_JSON
from models.base import Frozen
from models.context import Person

_ACCOUNT = """
    'must_change_password', q.password_first,
    'second_factor', EXISTS (SELECT 1 FROM second_factors f WHERE f.person = q.id AND f.confirmed_at IS NOT NULL)
"""
_FOUND = f"""
    SELECT {PERSON_JSON.format("p.id = s.person")}, json_build_object('vouched', s.vouched, {_ACCOUNT})
    FROM sessions s JOIN people q ON q.id = s.person
    WHERE s.id = %(session)s AND s.person = %(person)s AND s.ended_at IS NULL AND s.expires_at > %(now)s
"""  # noqa: S608 only names of our own code are put in, values are parameters
_FOUND_AND_SEEN = f"""
    WITH seen AS (UPDATE sessions SET last_seen_at = %(now)s WHERE id = %(session)s AND ended_at IS NULL
        AND last_seen_at < %(now)s - interval '1 minute')
    {_FOUND}
"""  # noqa: S608 only names of our own code are put in, values are parameters

_OPEN = f"""
    SELECT s.id, {PERSON_JSON.format("p.id = s.person")}, json_build_object('vouched', s.vouched, {_ACCOUNT})
    FROM sessions s JOIN people q ON q.id = s.person
    WHERE s.id = ANY (%(sessions)s) AND s.ended_at IS NULL AND s.expires_at > %(now)s
"""  # noqa: S608 only names of our own code are put in, values are parameters

_TOKEN = f"""
    SELECT {PERSON_JSON.format("p.id = t.person")}, json_build_object('token', t.id, 'scopes', t.scopes, {_ACCOUNT})
    FROM personal_tokens t JOIN people q ON q.id = t.person
    WHERE t.digest = %(digest)s AND t.revoked_at IS NULL AND t.expires_at > %(now)s
"""  # noqa: S608 only names of our own code are put in, values are parameters
_TOKEN_AND_SEEN = f"""
    WITH seen AS (UPDATE personal_tokens SET last_used_at = %(now)s WHERE digest = %(digest)s AND revoked_at IS NULL
        AND expires_at > %(now)s AND coalesce(last_used_at, '-infinity') < %(now)s - interval '1 minute')
    {_TOKEN}
"""  # noqa: S608 only names of our own code are put in, values are parameters


class Signed(Frozen):
    """A signed-in person. `must_change_password`: their password is the first one, which somebody else knows.

    `second_factor`: they are asked for one when they sign in; `vouched`: somebody else signed them in. `token`: a
    personal token let them in, for these `scopes` alone.
    """

    person: Person
    must_change_password: bool = False
    second_factor: bool = False
    vouched: bool = False
    token: UUID | None = None
    scopes: frozenset[str] | None = None


async def read_session(
    connection: AsyncConnection, person: UUID, session: UUID, now: datetime, *, seen: bool
) -> Signed | None:
    """Return the person of an open session; None for a session that has ended or is not theirs.

    `seen`: note in the same statement that the session is used now.
    """
    values: dict[str, Any] = {"person": person, "session": session, "now": now}
    row = await first_row(connection, _FOUND_AND_SEEN if seen else _FOUND, values)
    return None if row is None else Signed.model_validate({"person": row[0], **row[1]})


async def read_sessions(connection: AsyncConnection, sessions: Sequence[UUID], now: datetime) -> dict[UUID, Signed]:
    """Return the people of those of the sessions that are open, by session."""
    rows = await all_rows(connection, _OPEN, {"sessions": list(sessions), "now": now})
    return {row[0]: Signed.model_validate({"person": row[1], **row[2]}) for row in rows}


async def read_token(connection: AsyncConnection, digest: bytes, now: datetime, *, seen: bool) -> Signed | None:
    """Return the person of a personal token with its scopes; None for one that is unknown, revoked or over.

    `seen`: note in the same statement that the token is used now.
    """
    row = await first_row(connection, _TOKEN_AND_SEEN if seen else _TOKEN, {"digest": digest, "now": now})
    return None if row is None else Signed.model_validate({"person": row[0], **row[1]})
