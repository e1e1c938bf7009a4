"""Remove files that nothing names: uploads that no command has named for days, and objects without a row."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from infra.metrics import FILES_SWEPT, OBJECTS_FAILED
from infra.store.attachments import (
    claim_unregistered,
    delete_files,
    expire_uploads,
    find_registered,
    lock_unnamed,
)
from services.attachments.listing import PREFIXES, list_prefix
from services.attachments.store import LEFT_AFTER, STORE, Attachments, remove_left

log = structlog.get_logger(__name__)

#: How many files one transaction removes.
BATCH = 200
#: A run looks for objects without a row in two of the 256 parts of the store; with a run every ten minutes (see
#: `services.auditing.schedule`), it has looked at all of them within a day.
RUN, PARTS = timedelta(minutes=10), 2
#: More objects without a row than these, and than this share of a part, are no left-overs of uploads: the database is
#: older than the store, or another one's. Then nothing is removed.
FEW, SHARE = 20, 0.05


async def sweep_store(engine: AsyncEngine, attachments: Attachments, now: datetime, keep: timedelta) -> int:
    """Remove what is older than `keep`: uploads never named, left-overs of uploads, and a part of the objects without
    a row. Return how many files. Raises what a store raises that is away; repeating goes on.
    """
    await asyncio.to_thread(remove_left, attachments.incoming, now.timestamp() - LEFT_AFTER)
    swept = await sweep_files(engine, attachments, now - keep)
    first = int(now.timestamp() / RUN.total_seconds()) * PARTS % len(PREFIXES)
    return swept + await sweep_unregistered(engine, attachments, now - keep, PREFIXES[first : first + PARTS])


async def sweep_files(engine: AsyncEngine, attachments: Attachments, before: datetime) -> int:
    """Remove the files whose uploads are older than `before` and were never named; return how many.

    A file and its small copies go first, its row after them: a row without its file never counts for long, and an
    upload of the same bytes meanwhile waits for the row and is then stored anew.
    """
    removed = 0
    while True:
        async with transaction(engine) as connection:
            looked_at, unnamed = await lock_unnamed(connection, before, BATCH)
            if not looked_at:
                break
            await attachments.delete(unnamed)
            await delete_files(connection, unnamed)
            await expire_uploads(connection, looked_at, before)
        removed += len(unnamed)
        FILES_SWEPT.inc(len(unnamed))
    return removed


async def sweep_unregistered(
    engine: AsyncEngine, attachments: Attachments, before: datetime, prefixes: Sequence[str] = PREFIXES
) -> int:
    """Remove objects written before `before` that have no row and that nothing names; return how many files.

    An upload of the same bytes at the same moment waits for the row that is put in their place until they are gone,
    and then stores them anew.
    """
    removed = 0
    for prefix in prefixes:
        part = await list_prefix(attachments, prefix)
        old = sorted(sha256 for sha256, found in part.items() if found.written_at < before)
        if not old:
            continue
        async with engine.connect() as connection:
            known = await find_registered(connection, old)
        strange = [sha256 for sha256 in old if sha256 not in known]
        if len(strange) > max(FEW, SHARE * len(part)):
            log.error("too many files without a row: none removed", prefix=prefix, files=len(strange), of=len(part))
            OBJECTS_FAILED.labels(STORE, "sweep", "unregistered").inc()
            continue
        for start in range(0, len(strange), BATCH):
            async with transaction(engine) as connection:
                claimed, unnamed = await claim_unregistered(connection, strange[start : start + BATCH], before)
                await attachments.delete(unnamed)
                await delete_files(connection, claimed)
            removed += len(unnamed)
            FILES_SWEPT.inc(len(unnamed))
    return removed
