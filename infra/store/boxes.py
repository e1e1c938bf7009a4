"""The sealed secrets of all tables: which master key wraps them, and wrapping them by another one."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from infra.keys.ring import Ring, WrappedKey

#: Rows of one transaction: short enough that nobody waits for them (our choice).
BATCH = 200


@dataclass(frozen=True)
class BoxedTable:
    """A table with the columns `sealed`, `wrapped_key` and `key_id`. `about`: the word before the row's key in what a
    box is bound to (`infra.keys.boxes`).
    """

    name: str
    key: str
    about: str


BOXED = (
    BoxedTable("channels", "id", "channel"),
    BoxedTable("push_subscriptions", "id", "push"),
    BoxedTable("sends", "key", "send"),
)


async def count_boxes(connection: AsyncConnection) -> Counter[str]:
    """Return how many boxes each master key wraps."""
    found: Counter[str] = Counter()
    for table in BOXED:
        query = text(f"SELECT key_id, count(*) FROM {table.name} WHERE wrapped_key IS NOT NULL GROUP BY key_id")  # noqa: S608 only names of our own code are put in, values are parameters
        found.update({str(id_): int(number) for id_, number in await connection.execute(query)})
    return found


async def wrap_boxes_anew(engine: AsyncEngine, ring: Ring) -> int:
    """Wrap by the current master key every box that another one wraps; return how many. Several may do it at once.

    Raises KeysAway; what is done stays done.
    """
    current, done = await ring.current(), 0
    for table in BOXED:
        while (changed := await _wrap_some(engine, ring, table, current)) > 0:
            done += changed
    return done


async def _wrap_some(engine: AsyncEngine, ring: Ring, table: BoxedTable, current: str) -> int:
    select = text(
        f"SELECT CAST({table.key} AS text) AS key, wrapped_key, key_id FROM {table.name}"  # noqa: S608 only names of our own code are put in, values are parameters
        " WHERE wrapped_key IS NOT NULL AND key_id <> :current LIMIT :most FOR UPDATE SKIP LOCKED"
    )
    update = text(
        f"UPDATE {table.name} SET wrapped_key = :wrapped, key_id = :key_id WHERE CAST({table.key} AS text) = :key"  # noqa: S608 only names of our own code are put in, values are parameters
    )
    async with transaction(engine) as connection:
        rows = (await connection.execute(select, {"current": current, "most": BATCH})).all()
        for row in rows:
            bound = f"{table.about} {row.key}".encode()
            wrapped = await ring.wrap(await ring.unwrap(WrappedKey(row.key_id, bytes(row.wrapped_key)), bound), bound)
            values = {"key": row.key, "wrapped": wrapped.content, "key_id": wrapped.key_id}
            await connection.execute(update, values)
    return len(rows)
