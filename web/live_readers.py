"""Who reads the live streams of a process, and which changed cases they may see.

Many pages are told of the same change at the same moment. Their readers and the cases are then read together, in two
statements for the process, however many pages are open; who sees what is decided in memory, by the one scope rule.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.exc import SQLAlchemyError

from doors.dependencies import Services
from doors.security import Access, accesses_over
from infra.database import AWAY_ERRORS, is_away
from infra.gathered import Gathered
from infra.store.context import local_day
from models.case import Case
from models.context import Person
from models.errors import NotSignedIn, StoreAway
from rules.scope import may_see
from services.accounts.sign_in import Claims
from services.cases.queries import read_cases

#: Seconds within which a change is decided for all pages that wait for it (our choice: nobody notices).
AT_ONCE = 0.02
#: Seconds by which a page that is only kept open may wait to be asked together with others.
AT_LEISURE = 1.0


class LiveReaders:
    """Reads for all streams of one process together."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._accesses: Gathered[Claims, Access] = Gathered(self._read_accesses)
        self._cases: Gathered[str, _Dated] = Gathered(self._read_cases)

    async def person(self, claims: Claims, *, at_once: bool) -> Person:
        """Return the reader of a stream as they are now.

        Raises NotSignedIn once their session has ended or they have left, StoreAway while the database is away, and the
        errors of `Access.check`.
        """
        if claims.expires_at <= datetime.now(UTC):
            raise NotSignedIn()
        access = await self._accesses.get(claims, within=AT_ONCE if at_once else AT_LEISURE)
        if access is None:
            raise NotSignedIn()
        access.check()
        return access.person

    async def visible(self, person: Person, case_nos: Iterable[str]) -> frozenset[str]:
        """Return those of the cases that the person may see. Raises StoreAway."""
        numbers = list(case_nos)
        found = await asyncio.gather(*(self._cases.get(number, within=AT_ONCE) for number in numbers))
        return frozenset(
            number
            for number, case in zip(numbers, found, strict=True)
            if case is not None and may_see(person, case.case, case.day)
        )

    async def _read_accesses(self, claims: Sequence[Claims]) -> Mapping[Claims, Access]:
        try:
            async with self._services.reading.connect() as connection:
                return await accesses_over(connection, self._services, claims, datetime.now(UTC))
        except (SQLAlchemyError, *AWAY_ERRORS) as error:
            raise _away(error) from error

    async def _read_cases(self, case_nos: Sequence[str]) -> Mapping[str, "_Dated"]:
        try:
            async with self._services.reading.connect() as connection:
                day = await local_day(connection, datetime.now(UTC))
                cases = await read_cases(connection, case_nos)
        except (SQLAlchemyError, *AWAY_ERRORS) as error:
            raise _away(error) from error
        return {case.case_no: _Dated(case, day) for case in cases}


@dataclass(frozen=True)
class _Dated:
    """A case with the local day on which it is looked at."""

    case: Case
    day: date


def _away(error: Exception) -> Exception:
    return StoreAway() if is_away(error) else error
