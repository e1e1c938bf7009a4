"""The outbox: effects written in the transaction of the fact that sets them off, carried out later by the relay.

Leases and later tries count by the clock of the database, the same for all processes: a worker whose own clock is ahead
would keep an effect from everybody else for as long.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, TypeAdapter
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows, first_row, run
from models.base import STORED, Frozen
from models.ids import derived_id
from models.matters.effects import Effect

_EFFECT: TypeAdapter[Effect] = TypeAdapter(Annotated[Effect, Field(discriminator="kind")])

#: NOTIFY channel on which the relay hears of new effects.
OUTBOX_CHANNEL = "gridloop_outbox"
#: How long one process has to carry out an effect before another may take it (our choice).
LEASE = timedelta(seconds=30)
#: Delay after a failure: it doubles from the first to the last (our choice).
FIRST_DELAY, LAST_DELAY = timedelta(seconds=1), timedelta(minutes=2)

_INSERT = f"""
    WITH written AS (
        INSERT INTO outbox (id, origin_kind, origin_id, effect, written_at, next_try_at, tries)
        SELECT e.id, %(kind)s, %(origin)s, e.effect, %(at)s, clock_timestamp(), 0
        FROM jsonb_to_recordset(%(effects)s) AS e(id uuid, effect jsonb)
        ON CONFLICT (id) DO NOTHING RETURNING id)
    SELECT pg_notify('{OUTBOX_CHANNEL}', '') FROM (SELECT 1 FROM written LIMIT 1) one
"""  # noqa: S608 only names of our own code are put in, values are parameters
#: The oldest effects that are due, one for each origin: those of one matter are carried out in the order written.
_TAKE = """
    UPDATE outbox o SET next_try_at = clock_timestamp() + %(lease)s, tries = o.tries + 1
    FROM (SELECT id FROM outbox x WHERE x.next_try_at <= clock_timestamp()
        AND NOT EXISTS (SELECT 1 FROM outbox y WHERE y.origin_id = x.origin_id AND y.next_try_at < 'infinity'
            AND (y.written_at, y.id) < (x.written_at, x.id))
        ORDER BY x.written_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED) due
    WHERE o.id = due.id
    RETURNING o.id, o.origin_kind, o.origin_id, o.effect, o.written_at, o.tries
"""
_PUT_BACK = """
    UPDATE outbox SET next_try_at = clock_timestamp() + %(delay)s, failure = %(failure)s WHERE id = %(id)s
"""
_RETRY = "UPDATE outbox SET next_try_at = clock_timestamp() WHERE next_try_at > clock_timestamp()"
_NEXT_DUE = "SELECT min(next_try_at) - clock_timestamp() FROM outbox WHERE next_try_at < 'infinity'"


class WaitingEffect(Frozen):
    """An effect taken from the outbox to be carried out; `tries` counts this one."""

    id: UUID
    origin_kind: str
    origin_id: UUID
    effect: Effect
    written_at: datetime
    tries: int


async def insert_effects(
    connection: AsyncConnection, origin: tuple[str, UUID], cause: object, effects: Sequence[Effect], at: datetime
) -> None:
    """Write the effects of `cause` (a number or id of its own within the origin) in the caller's transaction.

    `origin`: the kind (`case` or a kind of matter) and id of what they come from. Written again, they stand once.
    """
    if not effects:
        return
    rows = [
        {"id": derived_id(*origin, "effect", cause, index), "effect": effect} for index, effect in enumerate(effects)
    ]
    values = {"kind": origin[0], "origin": origin[1], "at": at, "effects": to_json(rows).decode()}
    await run(connection, _INSERT, values)


async def take_effects(connection: AsyncConnection, limit: int) -> tuple[WaitingEffect, ...]:
    """Take up to `limit` effects that are due; whoever takes one has `LEASE` to carry it out."""
    rows = await all_rows(connection, _TAKE, {"lease": LEASE, "limit": limit})
    return tuple(
        WaitingEffect(
            id=row[0],
            origin_kind=row[1],
            origin_id=row[2],
            effect=_EFFECT.validate_python(row[3], context=STORED),
            written_at=row[4],
            tries=row[5],
        )
        for row in rows
    )


async def delete_effect(connection: AsyncConnection, id_: UUID) -> None:
    """Remove an effect that has been carried out."""
    await run(connection, "DELETE FROM outbox WHERE id = %(id)s", {"id": id_})


async def put_back(connection: AsyncConnection, waiting: WaitingEffect, failure: str) -> None:
    """Keep an effect that could not be carried out, to be tried again after a delay."""
    delay = min(FIRST_DELAY * 2 ** min(waiting.tries - 1, 10), LAST_DELAY)
    values = {"id": waiting.id, "delay": delay, "failure": failure[:500]}
    await run(connection, _PUT_BACK, values)


async def refuse(connection: AsyncConnection, waiting: WaitingEffect, failure: str) -> None:
    """Set aside an effect that the rules refuse: it is kept, and the audit reports it until somebody repairs it."""
    values = {"id": waiting.id, "failure": failure[:500]}
    await run(connection, "UPDATE outbox SET next_try_at = 'infinity', failure = %(failure)s WHERE id = %(id)s", values)


async def retry_refused(connection: AsyncConnection) -> None:
    """Let the relay try everything again at once that was refused or waits for a later try."""
    await run(connection, _RETRY, {})
    await run(connection, f"SELECT pg_notify('{OUTBOX_CHANNEL}', '')", {})


async def next_due(connection: AsyncConnection) -> timedelta | None:
    """Return in how long the next effect is due (negative: it is); None while the outbox is empty."""
    row: Any = await first_row(connection, _NEXT_DUE, {})
    found: timedelta | None = row[0]
    return found
