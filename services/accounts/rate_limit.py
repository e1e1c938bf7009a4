"""Guessing, made slow: after so many failures within a time, who fails must wait."""

import asyncio
import math
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.errors import TooManyAttempts

#: Failures within the window after which nobody is let in under that name from that client (our choice).
MOST_FAILURES = 10
WINDOW = timedelta(minutes=5)


@dataclass
class Record:
    """The latest failures of one who tries. Under `turn`, guesses sent all at once count like guesses in a row."""

    most: int
    window: timedelta
    failures: deque[datetime] = field(default_factory=deque)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def waits(self, now: datetime) -> bool:
        """Whether one has to wait: what `check` refuses."""
        try:
            self.check(now)
        except TooManyAttempts:
            return True
        return False

    def check(self, now: datetime) -> None:
        """Raises TooManyAttempts with the seconds to wait, after too many failures within the window."""
        while self.failures and now - self.failures[0] >= self.window:
            self.failures.popleft()
        if len(self.failures) >= self.most:
            wait = self.failures[0] + self.window - now
            raise TooManyAttempts(seconds=max(1, math.ceil(wait.total_seconds())))

    def fail(self, now: datetime) -> None:
        """One more failure."""
        self.failures.append(now)

    def clear(self) -> None:
        """Forgets them, after a success."""
        self.failures.clear()


class Attempts:
    """Failures by whatever names who tries, in the memory of this process.

    A defence in depth, not the defence (that is the slow hash, or the length of a code): it is lost with the process,
    each process counts for itself, and beyond `remembered` of them the one not seen for longest is forgotten.
    """

    def __init__(self, remembered: int = 10_000, *, most: int = MOST_FAILURES, window: timedelta = WINDOW) -> None:
        self._remembered, self._most, self._window = remembered, most, window
        self._records: OrderedDict[tuple[str, ...], Record] = OrderedDict()

    def record(self, *who: str) -> Record:
        """What is known of who tries."""
        record = self._records.get(who)
        if record is None:
            record = self._records[who] = Record(self._most, self._window)
        self._records.move_to_end(who)
        if len(self._records) > self._remembered:
            self._records.popitem(last=False)
        return record
