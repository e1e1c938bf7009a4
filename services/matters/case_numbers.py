"""Which case numbers in a matter a reader gets: those of cases they may see, unless they work on the matter itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.criteria.scope import visible
from models.context import Person
from models.tables import CASES
from rules.matters.kind import MatterRules, Part
from services.matters.masking import NEAR

#: Stands in the place of the number of a case that the reader may not see.
HIDDEN = "—"
#: What was written about the case beside its number.
_WORDS = ("note", "reason", "outcome")


@dataclass(frozen=True)
class Readable:
    """The numbers of the cases that a reader may see; `only`: they get no other, also where they work on the matter."""

    numbers: frozenset[str]
    only: bool

    def __contains__(self, number: object) -> bool:
        return number in self.numbers

    def all_of(self, rules: MatterRules, found: frozenset[Part]) -> bool:
        """Whether somebody with these parts gets every number."""
        return not self.only and _works_on(rules, found)


def sees_all_numbers(person: Person, rules: MatterRules, found: frozenset[Part]) -> bool:
    """Whether somebody with these parts works on the matter, or on those of its kind that only such people may see.

    Whoever has an interest somewhere gets only the numbers of cases that they may see.
    """
    return not _has_interests(person) and _works_on(rules, found)


def _works_on(rules: MatterRules, found: frozenset[Part]) -> bool:
    return not rules.open_to_staff or not found.isdisjoint(NEAR)


def _has_interests(person: Person) -> bool:
    return bool(person.interests) or person.recused


async def readable_cases(connection: AsyncConnection, person: Person, day: date, numbers: Iterable[str]) -> Readable:
    """Return those of the case numbers whose cases the person may see."""
    asked, only = set(numbers), _has_interests(person)
    if not asked:
        return Readable(frozenset(), only)
    query = select(CASES.c.case_no).where(CASES.c.case_no.in_(asked), visible(person, day))
    return Readable(frozenset((await connection.execute(query)).scalars()), only)


def numbers_in(value: Any) -> Iterator[str]:
    """Every case number within a body or details."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            if name == "case_no" and isinstance(part, str):
                yield part
            else:
                yield from numbers_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from numbers_in(part)


def without_numbers(value: Any, readable: Readable) -> Any:
    """Return the value without the numbers of other cases, and without what was written about those cases."""
    if isinstance(value, list | tuple):
        return [without_numbers(part, readable) for part in value]
    if not isinstance(value, Mapping):
        return value
    number = value.get("case_no")
    hidden = isinstance(number, str) and number not in readable
    words = _WORDS if hidden else ()
    return {
        name: HIDDEN if hidden and name == "case_no" else "" if name in words else without_numbers(part, readable)
        for name, part in value.items()
    }
