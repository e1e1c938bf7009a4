"""One's own browsers that take pushes."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.keys.access import keys_of
from infra.outgoing import checked_url
from infra.store.push_subscriptions import end_subscription, store_subscription
from models.context import Person
from models.ids import new_id
from models.sends import PushKeys


async def subscribe(connection: AsyncConnection, person: Person, keys: PushKeys, agent: str, now: datetime) -> None:
    """Send pushes to this browser from now on, in the caller's transaction. Repeating it changes nothing.

    A browser that somebody else used before is this person's now. Raises AddressRefused for an address that nothing is
    ever sent to, and KeysAway.
    """
    checked_url(keys.endpoint)
    ring = keys_of(connection).ring
    await store_subscription(connection, ring, new_id(), person.id, keys, agent[:200], now)


async def unsubscribe(connection: AsyncConnection, person: Person, endpoint: str) -> None:
    """Send nothing to this browser any more. One that is not known, or is somebody else's, is left alone."""
    await end_subscription(connection, person.id, endpoint)
