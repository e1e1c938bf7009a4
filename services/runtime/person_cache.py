"""Who people were when the database last told: for doors that must stay open while it is away."""

from collections import OrderedDict
from datetime import datetime, timedelta
from uuid import UUID

from models.context import Person

#: How long a person's roles are trusted without asking again (our choice: an outage is bridged, a person who
#: was dismissed meanwhile is not let in for long).
TRUSTED = timedelta(minutes=15)
#: How many people one process remembers; those not seen for longest are forgotten first.
MOST = 10_000


class LastKnown:
    """The people of the last successful reads, in the memory of one process."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._people: OrderedDict[UUID, tuple[datetime, Person]] = OrderedDict()

    def remember(self, person: Person, now: datetime) -> None:
        """Keeps what the database has just told."""
        self._people[person.id] = (now, person)
        self._people.move_to_end(person.id)
        if len(self._people) > self._most:
            self._people.popitem(last=False)

    def forget(self, person: UUID) -> None:
        """The database has said that there is no such person, or that they have left."""
        self._people.pop(person, None)

    def recall(self, person: UUID, now: datetime) -> Person | None:
        """The person as they were at most 15 minutes ago; None when not seen since."""
        read_at, found = self._people.get(person, (None, None))
        return found if read_at is not None and now - read_at <= TRUSTED else None
