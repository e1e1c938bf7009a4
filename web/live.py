"""What has just changed, told to the pages that show it: one listener a process, one stream a page.

A page hears of a case only if its reader may see it; that is asked of the database each time, by the one scope rule.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import is_away
from infra.store.cases import CHANGED
from models.base import Frozen
from models.context import Person
from services.cases.queries import seen_among
from services.desk.viewers import VIEWED, Presence

log = structlog.get_logger(__name__)

#: How many changes are remembered for pages that come back; how many one page may lag behind.
REMEMBERED, LAG = 1_000, 500
#: Changes within so many seconds of the first are told together.
TOGETHER = 0.3
#: A line now and then keeps proxies from closing a quiet stream.
HEARTBEAT = 20.0
#: A stream ends after so many seconds, and the page opens it anew: whoever has lost a role or left is then refused.
LASTS = 15 * 60.0
#: How long until a lost listener is tried again.
AGAIN = 2.0


class Change(Frozen):
    """A case that has changed, as of `revision`. `number` counts the changes that this process has heard of."""

    number: int
    case_no: str
    revision: int


class Hub:
    """Hears of every change in the database at `url`, and passes each on to whoever follows."""

    def __init__(self, url: str) -> None:
        self._url = url
        #: Ids of another process, or of before a gap, mean nothing here.
        self._era = uuid4().hex[:8]
        self._count = 0
        self._recent: deque[Change] = deque(maxlen=REMEMBERED)
        self._followers: set[asyncio.Queue[Change | None]] = set()
        self.presence = Presence()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Hub"]:
        """Listens until the block ends; while the database is away it is tried again, and the gap is told."""
        task = asyncio.create_task(self._listen())
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            for follower in self._followers:
                _put(follower, None)

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    for channel in (CHANGED, VIEWED):
                        await connection.execute(f"LISTEN {channel}")
                    while True:
                        async for notice in connection.notifies(stop_after=1):
                            self._hear(notice)
                        # To be woken for each of them costs four times as much: they gather meanwhile.
                        await asyncio.sleep(TOGETHER)
            except psycopg.Error as error:
                log.warning("not hearing of changes for a while", error=type(error).__name__)
            self._forget()
            await asyncio.sleep(AGAIN)

    def _hear(self, notice: psycopg.Notify) -> None:
        if notice.channel == VIEWED:
            self.presence.hear(notice.payload, datetime.now(UTC))
        else:
            case_no, _, revision = notice.payload.rpartition(" ")
            self._tell(case_no, int(revision))

    def _tell(self, case_no: str, revision: int) -> None:
        self._count += 1
        change = Change(number=self._count, case_no=case_no, revision=revision)
        self._recent.append(change)
        for follower in self._followers:
            _put(follower, change)

    def _forget(self) -> None:
        """What was missed is unknown: everybody looks again."""
        self._era = uuid4().hex[:8]
        self._recent.clear()
        for follower in self._followers:
            _put(follower, None)

    def id_of(self, number: int) -> str:
        """The id of an event, to come back with."""
        return f"{self._era}-{number}"

    def since(self, last_id: str | None) -> Sequence[Change] | None:
        """What came after the event of that id; None where that is not known any more."""
        if last_id is None:
            return ()
        era, _, number = last_id.partition("-")
        if era != self._era or not number.isdecimal():
            return None
        seen = int(number)
        if self._recent and self._recent[0].number > seen + 1:
            return None
        return [change for change in self._recent if change.number > seen]

    @asynccontextmanager
    async def following(self) -> AsyncIterator[asyncio.Queue[Change | None]]:
        """The changes from now on; None means that some were missed."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue(maxsize=LAG)
        self._followers.add(queue)
        try:
            yield queue
        finally:
            self._followers.discard(queue)

    async def stream(self, engine: AsyncEngine, person: Person, last_id: str | None) -> AsyncIterator[bytes]:
        """Server-sent events for one page: `case` for each change that `person` may see, `resync` after a gap.

        Ends after `LASTS`: what `person` may see is what they held when it began.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + LASTS
        async with self.following() as queue:
            missed = self.since(last_id)
            yield b": open\n\n"
            heard: list[Change | None] = [None] if missed is None else list(missed)
            while clock() < until:
                for event in await self._events(engine, person, heard):
                    yield event
                heard = await _next(queue)
                if not heard:
                    yield b": still here\n\n"

    async def _events(self, engine: AsyncEngine, person: Person, heard: Sequence[Change | None]) -> list[bytes]:
        """What to say of these: the last change of each case that the person may see, and whether some are missing."""
        last = {change.case_no: change for change in heard if change is not None}
        told = [_event("resync", self.id_of(self._count), {})] if None in heard else []
        if not last:
            return told
        try:
            async with engine.connect() as connection:
                seen = await seen_among(connection, person, list(last), datetime.now(UTC))
        except Exception as error:
            if not is_away(error):
                raise
            return [_event("resync", self.id_of(self._count), {})]
        changes = sorted((last[case_no] for case_no in seen), key=lambda change: change.number)
        return told + [
            _event("case", self.id_of(change.number), {"case_no": change.case_no, "revision": change.revision})
            for change in changes
        ]


async def _next(queue: asyncio.Queue[Change | None]) -> list[Change | None]:
    """What comes next, and all that was heard with it; nothing within the time of a heartbeat."""
    try:
        heard = [await asyncio.wait_for(queue.get(), HEARTBEAT)]
    except TimeoutError:
        return []
    while not queue.empty():
        heard.append(queue.get_nowait())
    return heard


def _put(queue: asyncio.Queue[Change | None], change: Change | None) -> None:
    """Hands it on; who lags too far behind is told to look again."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        change = None
    queue.put_nowait(change)


def _event(name: str, id_: str, data: dict[str, object]) -> bytes:
    return f"event: {name}\nid: {id_}\ndata: {json.dumps(data)}\n\n".encode()
