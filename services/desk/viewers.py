"""在看: who else has a case open. Shared between processes, kept in memory for a moment, stored nowhere."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from models.case import Case
from models.context import Person
from services.cases.queries import find_case
from services.cases.told import only_reported
from services.directory.people import names_of

#: The PostgreSQL channel on which views are announced.
VIEWED_CHANNEL = "gridloop_viewed"
#: How long a view counts. An open page announces itself every 20 seconds, so one announcement may get lost.
VIEW_LASTS = timedelta(seconds=50)


class Presence:
    """The viewers of each case, as far as this process has heard."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[UUID, datetime]] = {}

    def hear(self, payload: str, now: datetime) -> None:
        """Record an announcement: the number of the case and the id of its viewer."""
        case_no, _, person = payload.rpartition(" ")
        self._seen.setdefault(case_no, {})[UUID(person)] = now

    def others(self, case_no: str, person: UUID, now: datetime) -> tuple[UUID, ...]:
        """Return the other viewers of the case, the earliest first. Views of any case that are too old are dropped."""
        for number, people in list(self._seen.items()):
            for viewer in [viewer for viewer, at in people.items() if now - at > VIEW_LASTS]:
                del people[viewer]
            if not people:
                del self._seen[number]
        return tuple(viewer for viewer in self._seen.get(case_no, {}) if viewer != person)


async def announce_view(
    connection: AsyncConnection, presence: Presence, person: Person, case_no: str, now: datetime
) -> Iterable[str]:
    """Announce to every process that `person` has the case open, and return the names of its other viewers.

    A person whose only standing is that of the reporter is neither announced nor told: reporters stay hidden, and so do
    those who work on their case. Raises NoSuchCase.
    """
    case = Case.model_validate((await find_case(connection, person, case_no, now)).state)
    if only_reported(person, case, await local_day(connection, now)):
        return ()
    payload = f"{case_no} {person.id}"
    presence.hear(payload, now)  # this process knows at once; all hear it from PostgreSQL a moment later
    parameters = {"channel": VIEWED_CHANNEL, "payload": payload}
    await connection.execute(text("SELECT pg_notify(:channel, :payload)"), parameters)
    return await names_of(connection, presence.others(case_no, person.id, now))
