"""Counting figures: all of them in one pass over the cases of a period, for one place or for each of many."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, case, cast, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from models.figures import FigureKey, IndicatorKey
from models.tables import CASES
from rules.scoring import percent, rate
from services.criteria.conditions import is_open
from services.figures.conditions import Period
from services.figures.definitions import FIGURES, condition
from services.figures.drill_down import cases_at
from services.figures.indicators import INDICATORS
from services.figures.views import IndicatorValue, Number

Counts = Mapping[FigureKey, int]


def unit_at_level(level: int) -> ColumnElement[Any]:
    """The code of the unit of that level that the case lies in; null where it lies higher up."""
    path = CASES.c.grid_path
    return case((func.nlevel(path) >= level, func.ltree2text(func.subpath(path, level - 1, 1))), else_=None)


def in_reach(keys: Iterable[FigureKey], period: Period) -> ColumnElement[bool]:
    """A condition that every case of any of these figures meets, and that indexes serve: which cases to look at."""
    wanted = tuple(keys)
    if any(FIGURES[key].closed_too for key in wanted):
        return true()
    moments = dict.fromkeys(FIGURES[key].moment for key in wanted)
    return or_(*(is_open() if moment is None else period.holds(CASES.c[moment]) for moment in moments))


async def count_figures(
    connection: AsyncConnection,
    fits: ColumnElement[bool],
    keys: Iterable[FigureKey],
    period: Period,
    by: ColumnElement[Any] | None = None,
) -> dict[str | None, dict[FigureKey, int]]:
    """How many cases belong to each figure, per value of `by`; without it, all under None."""
    wanted = tuple(keys)
    group: ColumnElement[Any] = cast(literal(None), Text) if by is None else by
    counted = [func.count().filter(condition(key, period)).label(key.value) for key in wanted]
    rows = await connection.execute(
        select(group.label("place"), *counted).where(and_(in_reach(wanted, period), fits)).group_by("place")
    )
    found: dict[str | None, dict[FigureKey, int]] = defaultdict(lambda: dict.fromkeys(wanted, 0))
    for row in rows.mappings():
        found[row["place"]] = {key: row[key.value] for key in wanted}
    return found


def number(key: FigureKey, counts: Counts, period: Period, **narrowed: Any) -> Number:
    """A figure's count with its list."""
    return Number(count=counts[key], cases=cases_at(key, period, **narrowed))


def indicator_value(
    key: IndicatorKey, counts: Counts, period: Period, language: str, **narrowed: Any
) -> IndicatorValue:
    """An indicator of these counts, each side with its list."""
    known = INDICATORS[key]
    part, whole = counts[known.numerator], counts[known.denominator]
    return IndicatorValue(
        key=key,
        name=known.name(language),
        formula=known.formula(language),
        numerator=part,
        denominator=whole,
        value=rate(part, whole),
        text=percent(part, whole),
        cases=cases_at(known.numerator, period, **narrowed),
        denominator_cases=cases_at(known.denominator, period, **narrowed),
        missed=whole - part if known.wanted else None,
        missed_cases=cases_at(known.denominator, period, without=known.numerator.value, **narrowed)
        if known.wanted
        else None,
    )
