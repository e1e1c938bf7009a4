"""Count figures: all of them in one pass over the cases of a period, for one place or for each of many."""

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
from services.figures.definitions import FIGURES, figure_condition
from services.figures.drill_down import cases_url
from services.figures.indicators import INDICATORS
from services.figures.views import IndicatorValue, Number

Counts = Mapping[FigureKey, int]


def unit_at_level(level: int) -> ColumnElement[Any]:
    """The code of the unit of that level that the case lies in; null where it lies higher up."""
    path = CASES.c.grid_path
    return case((func.nlevel(path) >= level, func.ltree2text(func.subpath(path, level - 1, 1))), else_=None)


def reachable_cases(keys: Iterable[FigureKey], period: Period) -> ColumnElement[bool]:
    """A condition that every case of any of these figures meets, and that indexes serve; it limits the cases read."""
    keys = tuple(keys)
    if any(FIGURES[key].closed_too for key in keys):
        return true()
    moments = dict.fromkeys(FIGURES[key].moment for key in keys)
    return or_(*(is_open() if moment is None else period.holds(CASES.c[moment]) for moment in moments))


async def count_figures(
    connection: AsyncConnection,
    cases: ColumnElement[bool],
    keys: Iterable[FigureKey],
    period: Period,
    by: ColumnElement[Any] | None = None,
) -> dict[str | None, dict[FigureKey, int]]:
    """Return how many cases belong to each figure, per value of `by`; without it, all under None."""
    figure_keys = tuple(keys)
    group: ColumnElement[Any] = cast(literal(None), Text) if by is None else by
    counts = [func.count().filter(figure_condition(key, period)).label(key.value) for key in figure_keys]
    rows = await connection.execute(
        select(group.label("place"), *counts).where(and_(reachable_cases(figure_keys, period), cases)).group_by("place")
    )
    by_place: dict[str | None, dict[FigureKey, int]] = defaultdict(lambda: dict.fromkeys(figure_keys, 0))
    for row in rows.mappings():
        by_place[row["place"]] = {key: row[key.value] for key in figure_keys}
    return by_place


async def count_all(
    connection: AsyncConnection, cases: ColumnElement[bool], keys: Iterable[FigureKey], period: Period
) -> dict[FigureKey, int]:
    """Return how many of the cases belong to each figure."""
    figure_keys = tuple(keys)
    counts = await count_figures(connection, cases, figure_keys, period)
    return counts.get(None, dict.fromkeys(figure_keys, 0))


def figure_number(key: FigureKey, counts: Counts, period: Period, **filters: Any) -> Number:
    """Return a figure's count with the address of its list."""
    return Number(count=counts[key], cases=cases_url(key, period, **filters))


def indicator_value(key: IndicatorKey, counts: Counts, period: Period, language: str, **filters: Any) -> IndicatorValue:
    """Return an indicator of these counts, each side with the address of its list."""
    indicator = INDICATORS[key]
    part, whole = counts[indicator.numerator], counts[indicator.denominator]
    return IndicatorValue(
        key=key,
        name=indicator.name(language),
        formula=indicator.formula(language),
        numerator=part,
        denominator=whole,
        value=rate(part, whole),
        text=percent(part, whole),
        cases=cases_url(indicator.numerator, period, **filters),
        denominator_cases=cases_url(indicator.denominator, period, **filters),
        missed=whole - part if indicator.high_is_good else None,
        missed_cases=cases_url(indicator.denominator, period, without=indicator.numerator.value, **filters)
        if indicator.high_is_good
        else None,
    )
