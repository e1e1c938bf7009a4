"""Keep the people of the last successful database reads, so that doors stay open while the database is away."""

from collections import OrderedDict
from datetime import datetime, timedelta
from uuid import UUID

from models.context import Person

#: How long a person's roles are trusted without reading them again (our choice: long enough to bridge an outage,
#: short enough that a dismissed person is not let in for long).
TRUSTED_FOR = timedelta(minutes=15)
#: How many people one process keeps; the least recently seen are dropped first.
MAX_PEOPLE = 10_000


class PersonCache:
    """People as the database last returned them, in the memory of one process."""

    def __init__(self, limit: int = MAX_PEOPLE) -> None:
        self._limit = limit
        self._people: OrderedDict[UUID, tuple[datetime, Person]] = OrderedDict()

    def remember(self, person: Person, now: datetime) -> None:
        """Keep a person that was just read from the database."""
        self._people[person.id] = (now, person)
        self._people.move_to_end(person.id)
        if len(self._people) > self._limit:
            self._people.popitem(last=False)

    def forget(self, person_id: UUID) -> None:
        """Drop a person: the database says that they do not exist or have left."""
        self._people.pop(person_id, None)

    def recall(self, person_id: UUID, now: datetime) -> Person | None:
        """Return the person as read at most 15 minutes ago, or None."""
        read_at, person = self._people.get(person_id, (None, None))
        return person if read_at is not None and now - read_at <= TRUSTED_FOR else None
