"""The workers that are alive: each says so every few seconds, by the clock of the database, with the place of its
workflows.

Workflows of one database belong into one namespace of one Temporal cluster; two would record steps twice.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from infra.database import AWAY_ERRORS, is_away, reason, transaction
from infra.outages import DATABASE
from models.ids import new_id

log = structlog.get_logger(__name__)

#: How often a worker gives a sign of life, and after how long without one it counts as gone (our choice).
EVERY, GONE_AFTER = timedelta(seconds=10), timedelta(seconds=45)

_SEEN = text("""
    INSERT INTO workers (id, place, host, pid, started_at, seen_at) VALUES (:id, :place, :host, :pid, now(), now())
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
""")
_HELD = text("SELECT namespace, address FROM workflow_place WHERE place <> :place")
_GONE = text("DELETE FROM workers WHERE id = :id OR seen_at < now() - CAST(:span AS interval)")
_ELSEWHERE = text(
    "SELECT place, host, pid FROM workers WHERE place <> :place AND seen_at >= :since ORDER BY place LIMIT 1"
)


async def place_of(client: Client) -> str:
    """Return the id of the client's namespace, which no other has. Raises RPCError."""
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    return str(described.namespace_info.id)


async def worker_elsewhere(engine: AsyncEngine, place: str, now: datetime) -> str | None:
    """Return host and process of a worker that is alive and has its workflows in another place; None without one."""
    async with engine.connect() as connection:
        found = await connection.execute(_ELSEWHERE, {"place": place, "since": now - GONE_AFTER})
        row = found.one_or_none()
    return None if row is None else f"{row.host} ({row.pid}): {row.place}"


@asynccontextmanager
async def giving_signs(
    engine: AsyncEngine, client: Client, moved: Callable[[], None] = lambda: None
) -> AsyncIterator[None]:
    """Give signs of life until the block ends. A database that is away is tried again.

    `moved` is called when the workflows of the database have moved to another place: nothing that this worker records
    is taken any more.
    """
    task = asyncio.create_task(_give_signs(engine, client, moved))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _give_signs(engine: AsyncEngine, client: Client, moved: Callable[[], None]) -> None:
    values = {"id": new_id(), "host": socket.gethostname(), "pid": os.getpid()}
    try:
        while True:
            try:
                values["place"] = values.get("place") or await place_of(client)
                async with transaction(engine) as connection:
                    await connection.execute(_SEEN, values)
                    held = (await connection.execute(_HELD, values)).one_or_none()
                if held is not None:
                    log.error("the workflows have moved", namespace=held.namespace, address=held.address)
                    moved()
            except (RPCError, RuntimeError, SQLAlchemyError, *AWAY_ERRORS) as error:
                if is_away(error):
                    DATABASE.note_away(reason(error), lost="a sign of life")
                else:
                    log.info("no sign of life given", error=type(error).__name__, reason=reason(error))
            await asyncio.sleep(EVERY.total_seconds())
    finally:
        with suppress(SQLAlchemyError, *AWAY_ERRORS):
            async with transaction(engine) as connection:
                gone = {"id": values["id"], "span": 100 * GONE_AFTER}
                await connection.execute(_GONE, gone)
