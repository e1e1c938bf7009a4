"""Figures by day. A day is counted when it is asked for, so that a later correction of a case shows in it."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version
from models.base import EARLIEST
from models.enums import Level
from models.errors import BadFilter
from models.figures import FigureKey, IndicatorKey
from models.tables import CASES, GRID_UNITS
from rules.scoring import rate
from services.criteria.cursors import bad_cursor, cursor_after, read_cursor
from services.directory.people import list_categories
from services.feed.small_counts import LEAST_COUNT, withheld
from services.feed.views import USUAL_DAYS, By, DayRow, Days, DaysFilter, Rate
from services.figures.count import count_figures, unit_at_level
from services.figures.indicators import INDICATORS
from services.figures.viewpoint import Viewpoint

#: The figures of a day; their definitions are in `services.figures.definitions`.
DAY_FIGURES = (
    FigureKey.REPORTED, FigureKey.ACCEPTED, FigureKey.CLOSINGS, FigureKey.TO_HANDLE, FigureKey.HANDLED,
    FigureKey.HANDLED_ON_TIME, FigureKey.OVERDUE_UNHANDLED, FigureKey.TO_CLOSE, FigureKey.CLOSED,
    FigureKey.CLOSED_ON_TIME, FigureKey.REWORKED,
)  # fmt: skip
#: The rates of a day: those whose figures are among the above, and satisfaction.
DAY_RATES = (
    IndicatorKey.ACCEPTED_ON_TIME_RATE, IndicatorKey.HANDLED_RATE, IndicatorKey.HANDLED_ON_TIME_RATE,
    IndicatorKey.OVERDUE_UNHANDLED_RATE, IndicatorKey.CLOSED_RATE, IndicatorKey.CLOSED_ON_TIME_RATE,
    IndicatorKey.REWORK_RATE, IndicatorKey.SATISFACTION_RATE,
)  # fmt: skip
_SIDES = tuple((INDICATORS[key].numerator, INDICATORS[key].denominator) for key in DAY_RATES)
_COUNTED = tuple(dict.fromkeys((*DAY_FIGURES, *(key for sides in _SIDES for key in sides))))
Counts = Mapping[FigureKey, int]
#: By code: the name, and the code of the unit that a row adds up to.
Named = Mapping[str | None, tuple[str | None, str | None]]


async def read_days(connection: AsyncConnection, viewpoint: Viewpoint, filters: DaysFilter) -> Days:
    """Return a page of whole days that have ended. Raises BadFilter for a cursor that is none, and for a day beyond
    the calendar."""
    first, until = _days_of(viewpoint, filters)
    names = await _names(connection, viewpoint, filters.by)
    rows: list[DayRow] = []
    day = first
    while day < until:
        period = viewpoint.days(day, day)
        found = await count_figures(connection, viewpoint.cases_in(), _COUNTED, period, _group(filters.by))
        rows += _rows(day, filters.by, found, names)
        day += timedelta(days=1)
    return Days(
        as_of=viewpoint.now,
        zone=viewpoint.zone.key,
        policy_version=await newest_version(connection),
        least_count=LEAST_COUNT,
        by=filters.by,
        rows=tuple(rows),
        next_cursor=cursor_after(_list_name(filters.by), day.isoformat()),
        more=day < viewpoint.day,
    )


def _days_of(viewpoint: Viewpoint, filters: DaysFilter) -> tuple[date, date]:
    """Return the first day and the one after the last."""
    first = filters.since or viewpoint.day - timedelta(days=USUAL_DAYS)
    if filters.cursor is not None:
        if filters.since is not None:
            raise BadFilter(name="since", value=filters.since.isoformat())
        (written,) = read_cursor(_list_name(filters.by), filters.cursor, 1)
        try:
            first = date.fromisoformat(written)
        except ValueError as error:
            raise bad_cursor(filters.cursor) from error
    if first < EARLIEST.date():
        raise BadFilter(name="since", value=first.isoformat())
    if first >= viewpoint.day:  # nothing has ended yet: the same cursor serves later
        return first, first
    return first, min(first + timedelta(days=filters.days), viewpoint.day)


def _list_name(by: By) -> str:
    return f"feed {by}"


def _group(by: By) -> ColumnElement[Any] | None:
    if by.level is not None:
        return unit_at_level(by.level)
    if by is By.TOTAL:
        return None
    return CASES.c.category if by is By.CATEGORY else func.left(CASES.c.category, 2)


async def _names(connection: AsyncConnection, viewpoint: Viewpoint, by: By) -> Named:
    """Return what a row is about, by code: every unit and every category has one, also without a case."""
    if by is By.TOTAL:
        return {None: (None, None)}
    if by.level is not None:
        return await unit_names(connection, viewpoint, by.level)
    groups = (await list_categories(connection)).groups
    english = viewpoint.language.startswith("en")
    named = groups if by is By.GROUP else [one for group in groups for one in group.categories]
    return {one.code: (one.name_en if english else one.name_zh, None) for one in named}


async def unit_names(connection: AsyncConnection, viewpoint: Viewpoint, level: Level) -> Named:
    """Return name and parent of the units of that level in scope, those out of use as well: their past stays."""
    u = GRID_UNITS.c
    parent = func.ltree2text(func.subpath(u.path, level - 2, 1)).label("parent")
    statement = select(u.code, u.name, parent).where(u.level == level, viewpoint.units.condition()).order_by(u.code)
    return {row.code: (row.name, row.parent) for row in await connection.execute(statement)}


def _rows(day: date, by: By, found: Mapping[str | None, Counts], names: Named) -> list[DayRow]:
    none = dict.fromkeys(_COUNTED, 0)
    codes = [*names, *sorted(code for code in found if code is not None and code not in names)]
    if None in found and None not in names:
        codes.append(None)
    counts = {code: found.get(code, none) for code in codes}
    hidden = hidden_counts(by, counts, names, _SIDES)

    def told(code: str | None, key: FigureKey) -> int | None:
        return None if (code, key) in hidden else counts[code][key]

    return [
        DayRow(
            day=day,
            code=code,
            name=names.get(code, (None, None))[0],
            figures={key: told(code, key) for key in DAY_FIGURES},
            rates={
                key: _rate(told(code, INDICATORS[key].numerator), told(code, INDICATORS[key].denominator))
                for key in DAY_RATES
            },
        )
        for code in codes
    ]


def hidden_counts(
    by: By, counts: Mapping[str | None, Mapping[Any, int]], names: Named, parts: tuple[tuple[Any, Any], ...] = ()
) -> set[tuple[str | None, Any]]:
    """Return which counts are withheld. Grids are small places; those of a community add up to it."""
    if by.level is None or by.level < Level.GRID:
        return set()
    sums: dict[str | None, dict[str | None, Mapping[Any, int]]] = defaultdict(dict)
    for code, own in counts.items():
        sums[names.get(code, (None, None))[1]][code] = own
    hidden: set[tuple[str | None, Any]] = set()
    for places in sums.values():
        hidden |= withheld(places, parts)
    return hidden


def _rate(numerator: int | None, denominator: int | None) -> Rate:
    value = None if numerator is None or denominator is None else rate(numerator, denominator)
    return Rate(numerator=numerator, denominator=denominator, value=value)
