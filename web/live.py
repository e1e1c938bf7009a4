"""Changes of cases as server-sent events: one database listener per process, one stream per page.

A page gets the changes of a case only if its reader may see the case (`web.live_readers`).
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import structlog

from infra.database import reason
from infra.listening import listening
from infra.outages import DATABASE
from infra.store.cases import CHANGED_CHANNEL
from models.base import Frozen
from models.context import Person
from models.errors import NotSignedIn, PasswordChangeRequired, SecondFactorEnrolmentRequired, StoreAway
from services.accounts.sign_in import Claims
from services.desk.viewers import VIEWED_CHANNEL, Presence
from web.live_readers import LiveReaders

log = structlog.get_logger(__name__)

#: Changes kept for pages that reconnect; changes that may wait in the queue of one page.
HISTORY_SIZE, QUEUE_SIZE = 1_000, 500
#: Changes within this many seconds of the first are sent together.
BATCH_SECONDS = 0.3
#: Interval of the comment line that keeps proxies from closing a quiet stream.
HEARTBEAT_SECONDS = 20.0
#: A stream ends after this many seconds, and the page opens a new one.
STREAM_SECONDS = 15 * 60.0
#: Seconds before a lost listener connects again.
RECONNECT_SECONDS = 2.0


class Change(Frozen):
    """A case that has changed, as of `revision`. `number` counts the changes that this process has received."""

    number: int
    case_no: str
    revision: int


class Hub:
    """Listens for all changes in the database that `address` tells, and passes each to all subscribers."""

    def __init__(self, address: Callable[[], str]) -> None:
        self._address = address
        #: Prefix of event ids. Ids of another process, or from before a gap, are not valid here.
        self._epoch = uuid4().hex[:8]
        self._count = 0
        self._recent: deque[Change] = deque(maxlen=HISTORY_SIZE)
        self._subscribers: set[asyncio.Queue[Change | None]] = set()
        self._ended = False
        self.presence = Presence()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Hub"]:
        """Listen until the block ends. While the database is away, connect again and report the gap."""
        task = asyncio.create_task(self._listen())
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            self.end_streams()

    def end_streams(self) -> None:
        """End all streams now, and those still to come after their first line: the pages connect elsewhere."""
        self._ended = True
        for subscriber in self._subscribers:
            _enqueue(subscriber, None)

    async def _listen(self) -> None:
        while True:
            try:
                async with listening(self._address()) as connection:
                    for channel in (CHANGED_CHANNEL, VIEWED_CHANNEL):
                        await connection.execute(f"LISTEN {channel}")
                    DATABASE.note_answer()
                    while True:
                        async for notice in connection.notifies(stop_after=1):
                            self._on_notice(notice)
                        # Waking up for each notice costs four times as much, so they are gathered for a moment.
                        await asyncio.sleep(BATCH_SECONDS)
            except psycopg.Error as error:
                DATABASE.note_away(reason(error), lost="the listener for changes")
            self._reset()
            await asyncio.sleep(RECONNECT_SECONDS)

    def _on_notice(self, notice: psycopg.Notify) -> None:
        if notice.channel == VIEWED_CHANNEL:
            self.presence.hear(notice.payload, datetime.now(UTC))
        else:
            case_no, _, revision = notice.payload.rpartition(" ")
            self._publish(case_no, int(revision))

    def _publish(self, case_no: str, revision: int) -> None:
        self._count += 1
        change = Change(number=self._count, case_no=case_no, revision=revision)
        self._recent.append(change)
        for subscriber in self._subscribers:
            _enqueue(subscriber, change)

    def _reset(self) -> None:
        """Start over after a gap: the missed changes are unknown, so every subscriber must reload."""
        self._epoch = uuid4().hex[:8]
        self._recent.clear()
        for subscriber in self._subscribers:
            _enqueue(subscriber, None)

    def event_id(self, number: int) -> str:
        """The id of an event, which a page sends when it reconnects."""
        return f"{self._epoch}-{number}"

    def changes_since(self, last_id: str | None) -> Sequence[Change] | None:
        """The changes after the event of that id; None if they are no longer known."""
        if last_id is None:
            return ()
        epoch, _, number = last_id.partition("-")
        if epoch != self._epoch or not number.isdecimal():
            return None
        seen = int(number)
        if self._recent and self._recent[0].number > seen + 1:
            return None
        return [change for change in self._recent if change.number > seen]

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Queue[Change | None]]:
        """A queue of the changes from now on; None in it means that some were missed."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue(maxsize=QUEUE_SIZE)
        self._subscribers.add(queue)
        try:
            yield queue
        finally:
            self._subscribers.discard(queue)

    async def stream(self, readers: LiveReaders, claims: Claims, last_id: str | None) -> AsyncIterator[bytes]:
        """Server-sent events for one page: `case` for each change that its reader may see, `resync` after a gap.

        The reader of the session in `claims` is read as they are now, before every batch and every sign of life. The
        stream ends once the session has ended, after `STREAM_SECONDS`, and at `end_streams`.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + STREAM_SECONDS
        async with self.subscribe() as queue:
            missed = self.changes_since(last_id)
            yield b": open\n\n"
            batch: list[Change | None] = [None] if missed is None else list(missed)
            while clock() < until and not self._ended:
                try:
                    person = await readers.person(claims, at_once=bool(batch))
                except (NotSignedIn, PasswordChangeRequired, SecondFactorEnrolmentRequired):
                    return
                except StoreAway:
                    batch = [None]
                else:
                    for event in await self._events(readers, person, batch):
                        yield event
                    batch = []
                following = await _next_batch(queue)
                if not following:
                    yield b": still here\n\n"
                batch += following

    async def _events(self, readers: LiveReaders, person: Person, batch: Sequence[Change | None]) -> list[bytes]:
        """The events for a batch: the last change of each case that the person may see, and `resync` after a gap."""
        last = {change.case_no: change for change in batch if change is not None}
        events = [_format_event("resync", self.event_id(self._count), {})] if None in batch else []
        if not last:
            return events
        try:
            seen = await readers.visible(person, last)
        except StoreAway:
            return [_format_event("resync", self.event_id(self._count), {})]
        changes = sorted((last[case_no] for case_no in seen), key=lambda change: change.number)
        return events + [
            _format_event(
                "case", self.event_id(change.number), {"case_no": change.case_no, "revision": change.revision}
            )
            for change in changes
        ]


async def _next_batch(queue: asyncio.Queue[Change | None]) -> list[Change | None]:
    """The next change and all that are queued with it; empty if none comes within a heartbeat."""
    try:
        batch = [await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)]
    except TimeoutError:
        return []
    while not queue.empty():
        batch.append(queue.get_nowait())
    return batch


def _enqueue(queue: asyncio.Queue[Change | None], change: Change | None) -> None:
    """Queue a change. A full queue is replaced by one None: its page must reload."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        change = None
    queue.put_nowait(change)


def _format_event(name: str, id_: str, data: dict[str, object]) -> bytes:
    return f"event: {name}\nid: {id_}\ndata: {json.dumps(data)}\n\n".encode()
