"""The waker: gives what facts left for people out to their mailboxes, and wakes these.

It hears of new entries by NOTIFY, and looks from time to time as well. A mailbox is woken once for all that came
together. What is not looked at within `AGAIN` is woken for once more, and so is a mailbox whose moment has passed: a
wake-up that is lost costs no more than that. Any number of workers may run one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.case_client import NO_ANSWER_ERRORS
from infra.database import is_away, reason, transaction
from infra.listening import listening
from infra.mailbox_client import wake_mailbox
from infra.outages import DATABASE
from infra.store.mail.intake import BATCH, MAIL_CHANNEL, give_out, overdue_mailboxes, take_wakes

log = structlog.get_logger(__name__)

#: How long a mailbox has to look at what came, or at what is due, until it is woken once more (our choice).
AGAIN = timedelta(seconds=60)
#: How long the waker waits for more after it hears of something: what comes together wakes a mailbox once.
GATHER_SECONDS = 0.5
#: How long it sleeps at most: a lost notification costs no more than that.
LONGEST_SLEEP = timedelta(seconds=10)
#: How many mailboxes are woken at once.
CONCURRENCY = 16
RECONNECT_SECONDS = 1.0


class Waker:
    """The waker of one process, bound to a database, a Temporal client and the queue of the cases."""

    def __init__(self, engine: AsyncEngine, client: Client, queue: str, address: Callable[[], str]) -> None:
        self._engine = engine
        self._client = client
        self._queue = queue
        self._address = address

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Wake mailboxes until the block ends."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            try:
                async with listening(self._address()) as listener:
                    await listener.execute(f"LISTEN {MAIL_CHANNEL}")
                    DATABASE.note_answer()
                    while True:
                        await self.sweep()
                        async for _ in listener.notifies(timeout=LONGEST_SLEEP.total_seconds(), stop_after=1):
                            pass
                        await asyncio.sleep(GATHER_SECONDS)
                        async for _ in listener.notifies(timeout=0):  # what this sweep will see
                            pass
            except Exception as error:
                task = asyncio.current_task()
                if task is not None and task.cancelling():  # the client reports it as an error of its own
                    raise asyncio.CancelledError from error
                if isinstance(error, psycopg.OperationalError) or is_away(error):
                    DATABASE.note_away(reason(error), lost="the waker of mailboxes")
                elif isinstance(error, NO_ANSWER_ERRORS):
                    log.warning("mailboxes not woken", error=type(error).__name__)
                else:
                    log.error("waker interrupted", error=type(error).__name__, exc_info=error)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def sweep(self) -> int:
        """Give out everything that has come, and wake whose mailbox it is in; return how many were woken."""
        while True:
            async with transaction(self._engine) as connection:
                if await give_out(connection) < BATCH:
                    break
        async with transaction(self._engine) as connection:
            woken = dict(await take_wakes(connection, AGAIN))
        async with self._engine.connect() as connection:
            for person in await overdue_mailboxes(connection, AGAIN):
                woken.setdefault(person, True)
        limit = asyncio.Semaphore(CONCURRENCY)

        async def wake(person: UUID, urgent: bool) -> None:
            async with limit:
                await wake_mailbox(self._client, person, urgent=urgent, queue=self._queue)

        await asyncio.gather(*(wake(person, urgent) for person, urgent in woken.items()))
        return len(woken)
