"""The browsers that take pushes, sealed."""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.keys.boxes import Box, close_box, open_box
from infra.keys.ring import Ring
from infra.store.driver import all_rows, first_row, run
from models.base import STORED
from models.sends import PushKeys

_READ = "SELECT id, sealed, wrapped_key, key_id FROM push_subscriptions WHERE person = %(person)s ORDER BY created_at"
#: A browser that somebody else signs in with is theirs from then on.
_STORE = """
    INSERT INTO push_subscriptions (id, person, digest, agent, sealed, wrapped_key, key_id, created_at)
    VALUES (%(id)s, %(person)s, %(digest)s, %(agent)s, %(sealed)s, %(wrapped_key)s, %(key_id)s, %(now)s)
    ON CONFLICT (digest) DO UPDATE SET id = excluded.id, person = excluded.person, agent = excluded.agent,
        sealed = excluded.sealed, wrapped_key = excluded.wrapped_key, key_id = excluded.key_id,
        created_at = excluded.created_at
"""
#: The oldest beyond so many of one person.
_DROP_OLDEST = """
    DELETE FROM push_subscriptions WHERE id IN (SELECT id FROM push_subscriptions WHERE person = %(person)s
        ORDER BY created_at DESC, id DESC OFFSET %(most)s)
"""
_DELETE = "DELETE FROM push_subscriptions WHERE id = %(id)s"
_DELETE_OWN = "DELETE FROM push_subscriptions WHERE person = %(person)s AND digest = %(digest)s RETURNING id"
#: How many browsers of one person take pushes (our choice).
MOST_BROWSERS = 10


def about_subscription(id_: UUID) -> str:
    """What the sealed content of a subscription is bound to."""
    return f"push {id_}"


def digest_of(endpoint: str) -> str:
    """Return by what a browser is found again, without its address in clear."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


async def read_subscriptions(connection: AsyncConnection, ring: Ring, person: UUID) -> dict[UUID, PushKeys]:
    """Return the subscriptions of a person by their ids. Raises KeysAway."""
    found = {}
    for id_, sealed, wrapped_key, key_id in await all_rows(connection, _READ, {"person": person}):
        content = await open_box(ring, about_subscription(id_), Box(sealed, wrapped_key, key_id))
        found[id_] = PushKeys.model_validate_json(content, context=STORED)
    return found


async def store_subscription(
    connection: AsyncConnection, ring: Ring, id_: UUID, person: UUID, keys: PushKeys, agent: str, now: datetime
) -> None:
    """Store a subscription of a person, or take it over. Raises KeysAway."""
    box = await close_box(ring, about_subscription(id_), keys.model_dump_json().encode())
    values = {
        "id": id_, "person": person, "digest": digest_of(keys.endpoint), "agent": agent, "now": now,
        "sealed": box.sealed, "wrapped_key": box.wrapped_key, "key_id": box.key_id,
    }  # fmt: skip
    await run(connection, _STORE, values)
    await run(connection, _DROP_OLDEST, {"person": person, "most": MOST_BROWSERS})


async def delete_subscription(connection: AsyncConnection, id_: UUID) -> None:
    """Forget a browser that takes no pushes any more."""
    await run(connection, _DELETE, {"id": id_})


async def end_subscription(connection: AsyncConnection, person: UUID, endpoint: str) -> bool:
    """Forget the browser with that address, if it is this person's; return whether it was known."""
    values = {"person": person, "digest": digest_of(endpoint)}
    return await first_row(connection, _DELETE_OWN, values) is not None
