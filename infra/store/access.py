"""Who makes a request: the person and their session, read in one statement."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import PERSON_JSON
from infra.store.driver import first_row
from models.base import Frozen
from models.context import Person

_FOUND = f"""
    SELECT {PERSON_JSON.format("p.id = s.person")}, json_build_object(
        'must_change_password', q.password_first, 'vouched', s.vouched,
        'second_factor', EXISTS (SELECT 1 FROM second_factors f WHERE f.person = q.id AND f.confirmed_at IS NOT NULL))
    FROM sessions s JOIN people q ON q.id = s.person
    WHERE s.id = %(session)s AND s.person = %(person)s AND s.ended_at IS NULL AND s.expires_at > %(now)s
"""
_FOUND_AND_SEEN = f"""
    WITH seen AS (UPDATE sessions SET last_seen_at = %(now)s WHERE id = %(session)s AND ended_at IS NULL
        AND last_seen_at < %(now)s - interval '1 minute')
    {_FOUND}
"""


class Signed(Frozen):
    """A signed-in person. `must_change_password`: their password is the first one, which somebody else knows.

    `second_factor`: they are asked for one when they sign in; `vouched`: somebody else signed them in.
    """

    person: Person
    must_change_password: bool = False
    second_factor: bool = False
    vouched: bool = False


async def read_session(
    connection: AsyncConnection, person: UUID, session: UUID, now: datetime, *, seen: bool
) -> Signed | None:
    """Return the person of an open session; None for a session that has ended or is not theirs.

    `seen`: note in the same statement that the session is used now.
    """
    values: dict[str, Any] = {"person": person, "session": session, "now": now}
    row = await first_row(connection, _FOUND_AND_SEEN if seen else _FOUND, values)
    return None if row is None else Signed.model_validate({"person": row[0], **row[1]})
