"""People named by their user names in commands of matters."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows

_ACTIVE = "SELECT username, id FROM people WHERE active AND username = ANY (%(names)s)"


async def find_people(connection: AsyncConnection, usernames: Iterable[str | None]) -> dict[str, UUID]:
    """Return the ids of those who work here, by user name."""
    names = [name for name in usernames if name]
    return dict(await all_rows(connection, _ACTIVE, {"names": names})) if names else {}
