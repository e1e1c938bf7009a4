"""Keep whom the last successful database reads let in, so that doors stay open while the database is away."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from infra.store.access import Signed

T = TypeVar("T")

#: How long a person's roles are trusted without reading them again (our choice: long enough to bridge an outage,
#: short enough that a dismissed person is not let in for long).
TRUSTED_FOR = timedelta(minutes=15)
#: How many sessions one process keeps; the least recently seen are dropped first.
MAX_SESSIONS = 10_000
#: A session's use is noted once in this time by each process: that is exact enough for people.
NOTED_EVERY = timedelta(minutes=5)


class PersonCache:
    """People as the database last returned them, by session, in the memory of one process."""

    def __init__(self, limit: int = MAX_SESSIONS) -> None:
        self._limit = limit
        self._found: OrderedDict[UUID, tuple[datetime, Signed]] = OrderedDict()
        self._noted: OrderedDict[UUID, datetime] = OrderedDict()

    def remember(self, session: UUID, signed: Signed, now: datetime) -> None:
        """Keep a person that was just read from the database."""
        _keep(self._found, session, (now, signed), self._limit)

    def forget(self, session: UUID) -> None:
        """Drop a session: it has ended, or its person has left."""
        self._found.pop(session, None)

    def recall(self, session: UUID, now: datetime) -> Signed | None:
        """Return the person as read at most 15 minutes ago, or None."""
        read_at, signed = self._found.get(session, (None, None))
        return signed if read_at is not None and now - read_at <= TRUSTED_FOR else None

    def must_note(self, session: UUID, now: datetime) -> bool:
        """Return whether the use of the session is to be noted in the database now."""
        noted = self._noted.get(session)
        return noted is None or now - noted >= NOTED_EVERY

    def note(self, session: UUID, now: datetime) -> None:
        """Keep that the use of the session has been noted."""
        _keep(self._noted, session, now, self._limit)


def _keep(kept: OrderedDict[UUID, T], session: UUID, value: T, limit: int) -> None:
    kept[session] = value
    kept.move_to_end(session)
    if len(kept) > limit:
        kept.popitem(last=False)
