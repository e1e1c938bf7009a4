"""The ranking of units, departments or people over a period: indicators, score, grade, and what costs the tail
points.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, Text, and_, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import policy_version, version_in_force
from models.base import Code, Frozen, WrittenInstant
from models.enums import Level, Role
from models.errors import BadFilter, NotYours
from models.figures import FigureKey, IndicatorKey, Scoring
from models.tables import CASES, metadata
from rules.scoring import Score, ranks, score
from services.directory.people import department_names
from services.figures.conditions import Period
from services.figures.count import Counts, count_figures, figure_number, indicator_value, unit_at_level
from services.figures.indicators import INDICATORS
from services.figures.responsible import handler_of_case, leads, led_by
from services.figures.viewpoint import Viewpoint, find_root, list_units
from services.figures.views import CostView, IndicatorValue, Place, Ranking, RankingNumbers, RankingRow, ScoreView

_PEOPLE = metadata.tables["people"]


class RankingBy(StrEnum):
    """What is ranked: units with all below them, departments by the cases they host, people by those they handle."""

    COMMUNITY = "community"
    GRID = "grid"
    DEPARTMENT = "department"
    PERSON = "person"


_LEVELS = {RankingBy.COMMUNITY: Level.COMMUNITY, RankingBy.GRID: Level.GRID}
_KEYS = tuple(
    dict.fromkeys(
        [key for i in INDICATORS.values() for key in (i.numerator, i.denominator)]
        + [FigureKey.LATE_EVER, FigureKey.EXEMPTED]
    )
)


class RankingFilter(Frozen):
    """The period, what is ranked, and where. Without a period: this month so far.

    `least_cases`: a place with fewer cases to handle gets no rank, for lack of a sample (our choice: 1).
    """

    by: RankingBy = RankingBy.COMMUNITY
    from_: WrittenInstant | None = Field(None, alias="from")
    to: WrittenInstant | None = None
    grid: Code | None = None
    least_cases: Annotated[int, Field(ge=0, le=100_000)] = 1


async def read_ranking(
    connection: AsyncConnection, viewpoint: Viewpoint, ranking_filter: RankingFilter, scoring: Scoring | None = None
) -> Ranking:
    """Return the ranking.

    Raises NoSuchPage for a unit out of scope, BadFilter for a period that ends before it begins, and NotYours for a
    ranking of people by a person who leads nobody.
    """
    root = await find_root(connection, viewpoint, ranking_filter.grid)
    period = ranking_period(viewpoint, ranking_filter)
    rules = scoring or (await scoring_in_force(connection))[1]
    cases = viewpoint.cases_in(ranking_filter.grid)
    if ranking_filter.by is RankingBy.PERSON:
        cases = and_(cases, _led_cases(viewpoint))
    counted = await count_figures(connection, cases, _KEYS, period, _group_key(ranking_filter.by))
    builder = _RowBuilder(viewpoint, ranking_filter, period, rules)
    nothing = dict.fromkeys(_KEYS, 0)
    numbered = [
        (place, builder.numbers(counted.get(place.code, nothing), **builder.filters(place)))
        for place in await _places(connection, viewpoint, ranking_filter, counted)
    ]
    return Ranking(
        by=ranking_filter.by,
        grid=root,
        since=period.since,
        until=period.until,
        as_of=viewpoint.now,
        least_cases=ranking_filter.least_cases,
        totals=builder.numbers(
            _sum(tuple(counted.values())),
            grid=ranking_filter.grid,
            led="true" if ranking_filter.by is RankingBy.PERSON else None,
        ),
        rows=builder.ranked_rows(numbered),
    )


def _group_key(by: RankingBy) -> ColumnElement[Any]:
    """The expression that the cases are grouped by."""
    if by is RankingBy.PERSON:
        return cast(handler_of_case(), Text)
    return CASES.c.host if by is RankingBy.DEPARTMENT else unit_at_level(_LEVELS[by])


def _led_cases(viewpoint: Viewpoint) -> ColumnElement[bool]:
    """The cases whose people may be ranked. Raises NotYours for a person who leads nobody."""
    if viewpoint.person is None or not leads(viewpoint.person, viewpoint.day):
        raise NotYours(command="ranking by person", who=f"{Role.SUPERVISOR} / {Role.DEPARTMENT_HEAD}")
    return led_by(viewpoint.person, viewpoint.day)


async def scoring_in_force(connection: AsyncConnection) -> tuple[int, Scoring]:
    """Return the version of the policy in force and its scoring; the public rule where the policy has none."""
    version = await version_in_force(connection, None)
    return version, (await policy_version(connection, version)).scoring or Scoring()


def ranking_period(viewpoint: Viewpoint, ranking_filter: RankingFilter) -> Period:
    """Return the requested period, ending now at the latest, so that its lists do not change later."""
    since = ranking_filter.from_ or viewpoint.days(viewpoint.day.replace(day=1), viewpoint.day).since
    until = min(ranking_filter.to or viewpoint.now, viewpoint.now)
    if until <= since:
        name, moment = ("to", ranking_filter.to) if ranking_filter.to is not None else ("from", since)
        raise BadFilter(name=name, value=_timestamp(moment), pointer=f"/query/{name}")
    return Period(since, until, viewpoint.now)


def _sum(counted: Collection[Counts]) -> Counts:
    """Return the counts of all cases, including those without a place: each case is counted under one place."""
    return {key: sum(counts[key] for counts in counted) for key in _KEYS}


def _timestamp(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


async def _places(
    connection: AsyncConnection, viewpoint: Viewpoint, ranking_filter: RankingFilter, counted: Iterable[str | None]
) -> tuple[Place, ...]:
    """Return every place to rank, also those without a case in the period; departments only where they have some."""
    if ranking_filter.by is RankingBy.DEPARTMENT:
        own = viewpoint.own_departments
        codes = sorted(code for code in counted if code is not None and (own is None or code in own))
        names = await department_names(connection, codes, viewpoint.language)
        return tuple(Place(code=code, name=names[code], level=None) for code in codes if code in names)
    if ranking_filter.by is RankingBy.PERSON:
        ids = sorted(code for code in counted if code is not None)
        found = await connection.execute(
            select(_PEOPLE.c.id, _PEOPLE.c.name).where(_PEOPLE.c.id.in_([UUID(id_) for id_ in ids])).order_by("id")
        )
        return tuple(Place(code=str(row.id), name=row.name, level=None) for row in found)
    units = await list_units(connection, viewpoint, level=_LEVELS[ranking_filter.by], beneath=ranking_filter.grid)
    return tuple(Place(**unit.model_dump()) for unit in units)


class _RowBuilder:
    """Builds the rows of a ranking."""

    def __init__(self, viewpoint: Viewpoint, ranking_filter: RankingFilter, period: Period, scoring: Scoring) -> None:
        self._viewpoint = viewpoint
        self._filter = ranking_filter
        self._period = period
        self._scoring = scoring

    def filters(self, place: Place) -> dict[str, str | None]:
        """Return the list filters that leave the cases of the place."""
        if self._filter.by is RankingBy.DEPARTMENT:
            return {"host": place.code, "grid": self._filter.grid}
        if self._filter.by is RankingBy.PERSON:
            return {"handler": place.code, "grid": self._filter.grid}
        return {"grid": place.code}

    def numbers(self, counts: Counts, **filters: str | None) -> RankingNumbers:
        """Return the indicators of these counts, and their score."""
        values = tuple(
            indicator_value(key, counts, self._period, self._viewpoint.language, **filters) for key in INDICATORS
        )
        total = score({value.key: value.value for value in values}, self._scoring)
        return RankingNumbers(
            indicators=values,
            late_ever=figure_number(FigureKey.LATE_EVER, counts, self._period, **filters),
            exempted=figure_number(FigureKey.EXEMPTED, counts, self._period, **filters),
            score=None if total is None else self._score(total),
        )

    def ranked_rows(self, numbered: list[tuple[Place, RankingNumbers]]) -> tuple[RankingRow, ...]:
        """Return the rows with their ranks, the best first, those without a rank last; the tail with its reason."""
        points = [
            numbers.score.points if numbers.score and self._has_enough_cases(numbers) else None
            for _, numbers in numbered
        ]
        placed = sorted(
            zip(ranks(points), numbered, strict=True),
            key=lambda entry: (entry[0] or len(numbered) + 1, entry[1][0].code),
        )
        ranked_count = sum(rank is not None for rank, _ in placed)
        return tuple(
            self._row(
                place, numbers, rank, tail=rank is not None and max(ranked_count - self._scoring.tail, 1) <= position
            )
            for position, (rank, (place, numbers)) in enumerate(placed)
        )

    def _row(self, place: Place, numbers: RankingNumbers, rank: int | None, *, tail: bool) -> RankingRow:
        fields = {name: getattr(numbers, name) for name in RankingNumbers.model_fields}
        return RankingRow(**fields, place=place, rank=rank, tail=tail, why=self._why(numbers) if tail else None)

    def _has_enough_cases(self, numbers: RankingNumbers) -> bool:
        return _value(numbers, IndicatorKey.HANDLED_RATE).denominator >= self._filter.least_cases

    def _why(self, numbers: RankingNumbers) -> str | None:
        """Return the indicator that costs most points, as text; None for a place that lost none."""
        if numbers.score is None or not numbers.score.costs:
            return None
        most = numbers.score.costs[0]
        value = _value(numbers, most.key)
        if self._viewpoint.language.startswith("en"):
            return (
                f"{value.name} {value.text} ({value.numerator} of {value.denominator}) costs {most.points:.2f} points"
            )
        return f"{value.name} {value.text}({value.numerator}/{value.denominator})失 {most.points:.2f} 分"

    def _score(self, total: Score) -> ScoreView:
        english = self._viewpoint.language.startswith("en")
        return ScoreView(
            points=round(total.points, 2),
            grade=total.grade.name_en if english else total.grade.name_zh,
            costs=tuple(
                CostView(key=c.indicator, name=INDICATORS[c.indicator].name(self._viewpoint.language),
                         points=round(c.points, 2))
                for c in total.costs
            ),
        )  # fmt: skip


def _value(numbers: RankingNumbers, key: IndicatorKey) -> IndicatorValue:
    return next(value for value in numbers.indicators if value.key is key)
