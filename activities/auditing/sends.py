"""The audit of sends: every one that is not finished has a workflow. One without is begun again where it stood."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from infra.keys.access import keys_of
from infra.keys.boxes import Box
from infra.metrics import SENDS_UNCLEAR, SENDS_WAITING, SENDS_WAITING_AGE
from infra.send_client import restart_send
from infra.store.sends import open_send
from models.sends import SendRun, send_workflow_id

log = structlog.get_logger(__name__)

#: Age in seconds from which a send is looked up: its workflow records it, so it has had one. One that ends meanwhile is
#: begun again, and ends at once. How many are looked up at once and read at once.
TOLERANCE_SECONDS, CONCURRENCY, PAGE_SIZE = 30.0, 8, 500
_WAITING = text("""
    SELECT key, round, created_at, sealed, wrapped_key, key_id FROM sends
    WHERE status = 'waiting' AND key > :after AND created_at < clock_timestamp() - make_interval(secs => :seconds)
    ORDER BY key LIMIT :limit
""")
_COUNT = text("""
    SELECT count(*) FILTER (WHERE status = 'waiting') AS waiting, count(*) FILTER (WHERE status = 'unclear') AS unclear,
        coalesce(extract(epoch FROM clock_timestamp() - min(created_at) FILTER (WHERE status = 'waiting')), 0) AS age
    FROM sends WHERE status IN ('waiting', 'unclear')
""")


@dataclass(frozen=True)
class LostSend:
    """A send that is not finished and has no workflow."""

    about: str
    since: datetime


async def audit_sends(
    engine: AsyncEngine,
    client: Client,
    queue: str,
    *,
    fix: bool = False,
    older_than_seconds: float = TOLERANCE_SECONDS,
) -> tuple[LostSend, ...]:
    """Return the sends without a workflow; with `fix`, begin them again and return those where that failed.

    Nothing is sent twice by that: what was delivered, or may have been, is in the log of attempts. Raises KeysAway and
    the errors of a store that is away.
    """
    room = asyncio.Semaphore(CONCURRENCY)

    async def look(row: Any) -> LostSend | None:
        async with room:
            if await _runs(client, row.key):
                return None
            if fix and row.sealed is not None:
                box = Box(row.sealed, row.wrapped_key, row.key_id)
                send = await open_send(keys_of(engine).ring, row.key, box)
                log.warning("send without a workflow begun again", send=row.key)
                await restart_send(client, SendRun(send=send, round=row.round), queue=queue)
                return None
            return LostSend(row.key, row.created_at)

    found: list[LostSend] = []
    after = ""
    while True:
        async with engine.connect() as connection:
            values = {"after": after, "limit": PAGE_SIZE, "seconds": older_than_seconds}
            page = list((await connection.execute(_WAITING, values)).all())
            counted = (await connection.execute(_COUNT)).one()
        SENDS_WAITING.set(counted.waiting)
        SENDS_UNCLEAR.set(counted.unclear)
        SENDS_WAITING_AGE.set(float(counted.age))
        if not page:
            return tuple(found)
        found += [one for one in await asyncio.gather(*map(look, page)) if one is not None]
        after = page[-1].key


async def _runs(client: Client, key: str) -> bool:
    try:
        described = await client.get_workflow_handle(send_workflow_id(key)).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return described.status is WorkflowExecutionStatus.RUNNING
