"""The waker: gives what facts left for people out to their mailboxes, and wakes these.

It hears of new entries by NOTIFY, and looks from time to time as well. A mailbox is woken once for all that came
together. What is not looked at within `AGAIN` is woken for once more, and so is a mailbox whose moment has passed: a
wake-up that is lost costs no more than that. Any number of workers may run one.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.database import transaction
from infra.mailbox_client import wake_mailbox
from infra.notified import LONGEST_SLEEP, working_when_notified
from infra.store.mail.intake import BATCH, MAIL_CHANNEL, give_out, overdue_mailboxes, take_wakes

#: How long a mailbox has to look at what came, or at what is due, until it is woken once more (our choice).
AGAIN = timedelta(seconds=60)
#: How long the waker waits for more after it hears of something: what comes together wakes a mailbox once.
GATHER_SECONDS = 0.5
#: How many mailboxes are woken at once.
CONCURRENCY = 16


class Waker:
    """The waker of one process, bound to a database, a Temporal client and the queue of the cases."""

    def __init__(self, engine: AsyncEngine, client: Client, queue: str, address: Callable[[], str]) -> None:
        self._engine = engine
        self._client = client
        self._queue = queue
        self._address = address

    def running(self) -> AbstractAsyncContextManager[None]:
        """Wake mailboxes until the block ends."""
        return working_when_notified(
            self._address, MAIL_CHANNEL, self._sweep, what="the waker of mailboxes", gather=GATHER_SECONDS
        )

    async def _sweep(self) -> timedelta:
        await self.sweep()
        return LONGEST_SLEEP

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
