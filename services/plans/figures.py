"""What the board shows of duties: done, done late, missed and still due, by unit or by enterprise.

Each duty counts once: one that was missed and done later is late, not missed and done.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.duties import duties_of_days, duties_within, visible_duties
from models.base import Frozen
from models.context import Person
from models.enums import Level
from models.matters.base import MatterKind
from models.matters.plan import DutyStatus
from models.tables import DUTIES, MATTERS
from services.cases.names import read_names_by_id


class DutyNumbers(Frozen):
    """Duties of the period by where they stand. `due` may still be done in time."""

    due: int = 0
    done: int = 0
    missed: int = 0
    late: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.due + self.done + self.missed + self.late


class DutyRowNumbers(DutyNumbers):
    """The duties of one unit or enterprise; `key` is its code."""

    key: str
    name: str


class DutyFigures(Frozen):
    """The duties of the days `since` to `until`: in all, by the units of one level, and by enterprise."""

    since: date
    until: date
    totals: DutyNumbers
    units: tuple[DutyRowNumbers, ...]
    enterprises: tuple[DutyRowNumbers, ...]


_COUNTED = (DutyStatus.DUE, DutyStatus.DONE, DutyStatus.MISSED, DutyStatus.LATE)


async def read_duty_figures(
    connection: AsyncConnection,
    person: Person,
    now: datetime,
    language: str,
    *,
    grid: str | None = None,
    since: date | None = None,
    until: date | None = None,
    level: Level = Level.COMMUNITY,
) -> DutyFigures:
    """Count the duties within `grid` that `person` may see, of today unless days are given."""
    day = await local_day(connection, now)
    first, last = since or day, until or day
    condition = and_(visible_duties(person, day), duties_within(grid), duties_of_days(first, last))
    path = DUTIES.c.grid_path
    unit = func.ltree2text(func.subpath(path, func.least(level.value, func.nlevel(path)) - 1, 1))
    units = await _count(connection, condition, unit)
    named = and_(condition, DUTIES.c.enterprise.is_not(None))
    enterprises = await _count(connection, named, DUTIES.c.enterprise)
    names = await read_names_by_id(connection, set(units), set(), language)
    known = await _enterprise_names(connection, list(enterprises))
    return DutyFigures(
        since=first,
        until=last,
        totals=_sum(list(units.values())),
        units=tuple(
            DutyRowNumbers(key=code, name=names.units.get(code, code), **numbers.model_dump())
            for code, numbers in sorted(units.items())
        ),
        enterprises=tuple(
            DutyRowNumbers(key=code, name=known.get(code, code), **numbers.model_dump())
            for code, numbers in sorted(enterprises.items(), key=lambda item: (-item[1].missed, -item[1].late, item[0]))
        ),
    )


async def _count(
    connection: AsyncConnection, condition: ColumnElement[bool], key: ColumnElement[str]
) -> dict[str, DutyNumbers]:
    counts = [func.count().filter(DUTIES.c.status == status).label(status.value) for status in _COUNTED]
    rows = await connection.execute(select(key.label("key"), *counts).where(condition).group_by("key"))
    return {
        row.key: DutyNumbers(due=row.due, done=row.done, missed=row.missed, late=row.late)
        for row in rows
        if row.due + row.done + row.missed + row.late
    }


async def _enterprise_names(connection: AsyncConnection, codes: list[str]) -> dict[str, str]:
    """Return the names of enterprises that are registered, by code."""
    query = select(MATTERS.c.code, MATTERS.c.name).where(
        MATTERS.c.kind == MatterKind.ENTERPRISE, MATTERS.c.code.in_(codes)
    )
    return {row.code: row.name for row in await connection.execute(query)} if codes else {}


def _sum(numbers: Sequence[DutyNumbers]) -> DutyNumbers:
    fields = DutyNumbers.model_fields
    return DutyNumbers(**{name: sum(getattr(one, name) for one in numbers) for name in fields})
