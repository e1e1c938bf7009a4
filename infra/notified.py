"""Work that is done whenever a channel of PostgreSQL notifies, and from time to time as well.

Any number of processes may do the same work: it takes what is to be done under locks of its own. A notification that is
lost costs no more than the longest sleep.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import psycopg
import structlog

from infra.case_client import NO_ANSWER_ERRORS
from infra.database import is_away, reason
from infra.listening import listening
from infra.outages import DATABASE

log = structlog.get_logger(__name__)

#: How long the work sleeps at most: a lost notification costs no more than that.
LONGEST_SLEEP = timedelta(seconds=10)
#: Seconds until a lost connection is opened again.
RECONNECT_SECONDS = 1.0
#: How long what is being done may take once the process stops.
STOP_SECONDS = 2.0

#: Does everything that is due, and returns how long there is nothing more to do.
Sweep = Callable[[], Coroutine[Any, Any, timedelta]]


@asynccontextmanager
async def working_when_notified(
    address: Callable[[], str], channel: str, sweep: Sweep, *, what: str, gather: float = 0.0
) -> AsyncIterator[None]:
    """Sweep at first, at each notification and after each sleep, until the block ends.

    `address` tells how to reach the database now; `what` names the work in the log; `gather`: seconds to wait for more
    after a notification. While a store is away it is tried again without end.
    """
    task = asyncio.create_task(_work(address, channel, sweep, what, gather))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _work(address: Callable[[], str], channel: str, sweep: Sweep, what: str, gather: float) -> None:
    while True:
        try:
            async with listening(address()) as listener:
                await listener.execute(f"LISTEN {channel}")
                DATABASE.note_answer()
                while True:
                    pause = await _finishing(sweep())
                    async for _ in listener.notifies(timeout=pause.total_seconds(), stop_after=1):
                        pass
                    if gather:
                        await asyncio.sleep(gather)
                        async for _ in listener.notifies(timeout=0):  # what this sweep will see
                            pass
        except Exception as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # the client reports it as an error of its own
                raise asyncio.CancelledError from error
            if isinstance(error, psycopg.OperationalError) or is_away(error):
                DATABASE.note_away(reason(error), lost=what)
            elif isinstance(error, NO_ANSWER_ERRORS):
                log.warning("Temporal did not answer", lost=what, error=type(error).__name__)
            else:
                log.error("interrupted", lost=what, error=type(error).__name__, exc_info=error)
        await asyncio.sleep(RECONNECT_SECONDS)


async def _finishing(work: Coroutine[Any, Any, timedelta]) -> timedelta:
    """Return the result of `work`. Cancelled meanwhile, it may end first, for a moment: what it has begun then counts,
    and no connection is left half open.
    """
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=STOP_SECONDS)
        task.cancel()
        raise
