"""The audit of hand-overs: each that is not over has a workflow."""

import asyncio
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError

from infra.handover_client import look_at_handover
from infra.store.handovers import open_handovers

log = structlog.get_logger(__name__)

#: How many are looked at together.
_AT_ONCE = 16


async def see_to_handovers(engine: AsyncEngine, client: Client, queue: str) -> int:
    """Let the workflow of every hand-over that is not over look at it; one that is missing begins again.

    Return how many there are. A Temporal that is away is logged: the next audit tries again.
    """
    async with engine.connect() as connection:
        ids = await open_handovers(connection)
    limit = asyncio.Semaphore(_AT_ONCE)

    async def look(id_: UUID) -> None:
        async with limit:
            await look_at_handover(client, id_, queue=queue)

    try:
        async with asyncio.timeout(60):
            await asyncio.gather(*(look(id_) for id_ in ids))
    except (RPCError, TimeoutError) as error:
        log.warning("hand-overs not looked at", error=type(error).__name__)
    return len(ids)
