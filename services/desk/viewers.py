"""在看: who else has a case open. Told from process to process, kept in memory for a moment, stored nowhere."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from models.case import Case
from models.context import Person
from rules.life_cycle import Who
from rules.scope import standing
from services.cases.queries import find_case
from services.directory.people import names_of

#: The channel of the database on which it is told.
VIEWED = "gridloop_viewed"
#: How long a look counts. An open page tells of it every 20 seconds: one may be lost on the way.
COUNTS = timedelta(seconds=50)


class Presence:
    """Who looks at which case, as far as this process has heard."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[UUID, datetime]] = {}

    def hear(self, payload: str, now: datetime) -> None:
        """What a page has told: the number of the case and the id of who looks at it."""
        case_no, _, person = payload.rpartition(" ")
        self._seen.setdefault(case_no, {})[UUID(person)] = now

    def others(self, case_no: str, person: UUID, now: datetime) -> tuple[UUID, ...]:
        """Who else looks at the case, the longest here first. What is too old is forgotten, of every case."""
        for number, people in list(self._seen.items()):
            for one in [one for one, at in people.items() if now - at > COUNTS]:
                del people[one]
            if not people:
                del self._seen[number]
        return tuple(one for one in self._seen.get(case_no, {}) if one != person)


async def look_at(
    connection: AsyncConnection, presence: Presence, person: Person, case_no: str, now: datetime
) -> Iterable[str]:
    """Tells every process that `person` has the case open, and answers the names of the others who do.

    Who has nothing to do with the case but to have reported it neither appears nor is told: a reporter stays hidden,
    and so does who works on their matter. Raises NoSuchCase.
    """
    case = Case.model_validate((await find_case(connection, person, case_no, now)).state)
    if not standing(person, case, await local_day(connection, now)) - {Who.REPORTER}:
        return ()
    told = f"{case_no} {person.id}"
    presence.hear(told, now)  # here at once; the others hear it from PostgreSQL a moment later, and so does this one
    await connection.execute(text("SELECT pg_notify(:channel, :told)"), {"channel": VIEWED, "told": told})
    return await names_of(connection, presence.others(case_no, person.id, now))
