"""Slow down guessing: after a number of failures within a time, the client must wait."""

import asyncio
import math
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.errors import TooManyAttempts

#: After this many failures within the window, nobody is let in under that name from that client (our choice).
MAX_FAILURES = 10
WINDOW = timedelta(minutes=5)


@dataclass
class Record:
    """The latest failures of one client. Attempts hold `lock`, so that parallel guesses count like sequential ones."""

    limit: int
    window: timedelta
    failures: deque[datetime] = field(default_factory=deque)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def must_wait(self, now: datetime) -> bool:
        """Return whether `check` would refuse now."""
        try:
            self.check(now)
        except TooManyAttempts:
            return True
        return False

    def check(self, now: datetime) -> None:
        """Raise TooManyAttempts with the seconds to wait, after too many failures within the window."""
        while self.failures and now - self.failures[0] >= self.window:
            self.failures.popleft()
        if len(self.failures) >= self.limit:
            wait = self.failures[0] + self.window - now
            raise TooManyAttempts(seconds=max(1, math.ceil(wait.total_seconds())))

    def fail(self, now: datetime) -> None:
        """Record a failure."""
        self.failures.append(now)

    def clear(self) -> None:
        """Forget the failures, after a success."""
        self.failures.clear()


class Attempts:
    """Failed attempts by client, in the memory of this process.

    A second line of defence; the first is the slow hash, or the length of a code. It is lost with the process, each
    process counts for itself, and beyond `remembered` clients the least recently seen is dropped.
    """

    def __init__(self, remembered: int = 10_000, *, limit: int = MAX_FAILURES, window: timedelta = WINDOW) -> None:
        self._remembered, self._limit, self._window = remembered, limit, window
        self._records: OrderedDict[tuple[str, ...], Record] = OrderedDict()

    def record(self, *client: str) -> Record:
        """Return the record of a client."""
        record = self._records.get(client)
        if record is None:
            record = self._records[client] = Record(self._limit, self._window)
        self._records.move_to_end(client)
        if len(self._records) > self._remembered:
            self._records.popitem(last=False)
        return record
