"""The ranking of communities, grids or departments over a period: indicators, score, grade, and what costs the tail."""

from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, Text, and_, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import policy_version, version_in_force
from models.base import Code, Frozen, SaidInstant
from models.enums import Level, Role
from models.errors import BadFilter, NotYours
from models.figures import FigureKey, IndicatorKey, Scoring
from models.tables import CASES, metadata
from rules.scoring import Score, ranks, score
from services.figures.conditions import Period
from services.figures.count import Counts, count_figures, indicator_value, number, unit_at_level
from services.figures.indicators import INDICATORS
from services.figures.responsible import handler_of_case, leads, led_by
from services.figures.viewpoint import Watch, find_unit, list_units
from services.figures.views import CostView, IndicatorValue, Place, Ranking, RankingNumbers, RankingRow, ScoreView

_DEPARTMENTS = metadata.tables["departments"]
_PEOPLE = metadata.tables["people"]


class RankingBy(StrEnum):
    """Who is ranked: units with all below them, departments by the cases they host, people by those they handle."""

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
    """Over which period, who, and where. Without a period: this month so far.

    `least_cases`: who had fewer cases to handle is shown without a rank, for want of a sample (our choice: 1).
    """

    by: RankingBy = RankingBy.COMMUNITY
    from_: SaidInstant | None = Field(None, alias="from")
    to: SaidInstant | None = None
    grid: Code | None = None
    least_cases: Annotated[int, Field(ge=0, le=100_000)] = 1


async def ranking(
    connection: AsyncConnection, look: Watch, wanted: RankingFilter, scoring: Scoring | None = None
) -> Ranking:
    """The ranking.

    Raises NoSuchPage for a unit out of scope, BadFilter for a period that ends before it begins, and NotYours for
    people whom the one who asks does not lead.
    """
    root = None if wanted.grid is None else await find_unit(connection, look, wanted.grid)
    period = period_of(look, wanted)
    rules = scoring or (await scoring_in_force(connection))[1]
    fits = look.fits(wanted.grid)
    if wanted.by is RankingBy.PERSON:
        fits = and_(fits, _led(look))
    counted = await count_figures(connection, fits, _KEYS, period, _grouped(wanted.by))
    line = _Line(look, wanted, period, rules)
    nothing = dict.fromkeys(_KEYS, 0)
    lines = [
        (place, line.numbers(counted.get(place.code, nothing), **line.narrowed(place)))
        for place in await _places(connection, look, wanted, counted)
    ]
    return Ranking(
        by=wanted.by,
        grid=root,
        since=period.since,
        until=period.until,
        as_of=look.now,
        least_cases=wanted.least_cases,
        totals=line.numbers(
            _sum(tuple(counted.values())), grid=wanted.grid, led="true" if wanted.by is RankingBy.PERSON else None
        ),
        rows=line.ranked(lines),
    )


def _grouped(by: RankingBy) -> ColumnElement[Any]:
    """What the cases are counted by."""
    if by is RankingBy.PERSON:
        return cast(handler_of_case(), Text)
    return CASES.c.host if by is RankingBy.DEPARTMENT else unit_at_level(_LEVELS[by])


def _led(look: Watch) -> ColumnElement[bool]:
    """The cases whose people the look may rank. Raises NotYours for who leads nobody."""
    if look.person is None or not leads(look.person, look.day):
        raise NotYours(command="ranking by person", who=f"{Role.SUPERVISOR} / {Role.DEPARTMENT_HEAD}")
    return led_by(look.person, look.day)


async def scoring_in_force(connection: AsyncConnection) -> tuple[int, Scoring]:
    """The version of the policy in force, and by which weights it scores; the public rule where it says nothing."""
    version = await version_in_force(connection, None)
    return version, (await policy_version(connection, version)).scoring or Scoring()


def period_of(look: Watch, wanted: RankingFilter) -> Period:
    """The period asked for, up to now at most, so that its lists stay what they are."""
    since = wanted.from_ or look.days(look.day.replace(day=1), look.day).since
    until = min(wanted.to or look.now, look.now)
    if until <= since:
        name, moment = ("to", wanted.to) if wanted.to is not None else ("from", since)
        raise BadFilter(name=name, value=_told(moment), pointer=f"/query/{name}")
    return Period(since, until, look.now)


def _sum(counted: Collection[Counts]) -> Counts:
    """Everybody's cases together, those of nobody's among them: each case is counted under one place."""
    return {key: sum(counts[key] for counts in counted) for key in _KEYS}


def _told(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


async def _places(
    connection: AsyncConnection, look: Watch, wanted: RankingFilter, counted: Iterable[str | None]
) -> tuple[Place, ...]:
    """Everybody there is, also those without a case in the period; departments only where they have some."""
    if wanted.by is RankingBy.DEPARTMENT:
        name = _DEPARTMENTS.c.name_en if look.language.startswith("en") else _DEPARTMENTS.c.name_zh
        own = look.own_departments
        codes = sorted(code for code in counted if code is not None and (own is None or code in own))
        rows = await connection.execute(
            select(_DEPARTMENTS.c.id, name.label("name")).where(_DEPARTMENTS.c.id.in_(codes)).order_by("id")
        )
        return tuple(Place(code=row.id, name=row.name, level=None) for row in rows)
    if wanted.by is RankingBy.PERSON:
        ids = sorted(code for code in counted if code is not None)
        found = await connection.execute(
            select(_PEOPLE.c.id, _PEOPLE.c.name).where(_PEOPLE.c.id.in_([UUID(one) for one in ids])).order_by("id")
        )
        return tuple(Place(code=str(row.id), name=row.name, level=None) for row in found)
    units = await list_units(connection, look, level=_LEVELS[wanted.by], beneath=wanted.grid)
    return tuple(Place(**unit.model_dump()) for unit in units)


class _Line:
    """One line of the ranking after another."""

    def __init__(self, look: Watch, wanted: RankingFilter, period: Period, scoring: Scoring) -> None:
        self._look = look
        self._wanted = wanted
        self._period = period
        self._scoring = scoring

    def narrowed(self, place: Place) -> dict[str, str | None]:
        """The filters of a list that leave the cases of the place."""
        if self._wanted.by is RankingBy.DEPARTMENT:
            return {"host": place.code, "grid": self._wanted.grid}
        if self._wanted.by is RankingBy.PERSON:
            return {"handler": place.code, "grid": self._wanted.grid}
        return {"grid": place.code}

    def numbers(self, counts: Counts, **narrowed: str | None) -> RankingNumbers:
        """The indicators of these counts, and their score."""
        values = tuple(
            indicator_value(key, counts, self._period, self._look.language, **narrowed) for key in INDICATORS
        )
        found = score({value.key: value.value for value in values}, self._scoring)
        return RankingNumbers(
            indicators=values,
            late_ever=number(FigureKey.LATE_EVER, counts, self._period, **narrowed),
            exempted=number(FigureKey.EXEMPTED, counts, self._period, **narrowed),
            score=None if found is None else self._score(found),
        )

    def ranked(self, lines: list[tuple[Place, RankingNumbers]]) -> tuple[RankingRow, ...]:
        """The lines with their ranks, the best first, those without a rank last; the tail told why."""
        points = [numbers.score.points if numbers.score and self._enough(numbers) else None for _, numbers in lines]
        placed = sorted(
            zip(ranks(points), lines, strict=True), key=lambda line: (line[0] or len(lines) + 1, line[1][0].code)
        )
        last = sum(rank is not None for rank, _ in placed)
        return tuple(
            self._row(place, numbers, rank, tail=rank is not None and max(last - self._scoring.tail, 1) <= at)
            for at, (rank, (place, numbers)) in enumerate(placed)
        )

    def _row(self, place: Place, numbers: RankingNumbers, rank: int | None, *, tail: bool) -> RankingRow:
        known = {name: getattr(numbers, name) for name in RankingNumbers.model_fields}
        return RankingRow(**known, place=place, rank=rank, tail=tail, why=self._why(numbers) if tail else None)

    def _enough(self, numbers: RankingNumbers) -> bool:
        return _value(numbers, IndicatorKey.HANDLED_RATE).denominator >= self._wanted.least_cases

    def _why(self, numbers: RankingNumbers) -> str | None:
        """The indicator that costs most, in words; None for somebody who lost no point."""
        if numbers.score is None or not numbers.score.costs:
            return None
        most = numbers.score.costs[0]
        value = _value(numbers, most.key)
        if self._look.language.startswith("en"):
            return (
                f"{value.name} {value.text} ({value.numerator} of {value.denominator}) costs {most.points:.2f} points"
            )
        return f"{value.name} {value.text}({value.numerator}/{value.denominator})失 {most.points:.2f} 分"

    def _score(self, found: Score) -> ScoreView:
        english = self._look.language.startswith("en")
        return ScoreView(
            points=round(found.points, 2),
            grade=found.grade.name_en if english else found.grade.name_zh,
            costs=tuple(
                CostView(key=c.indicator, name=INDICATORS[c.indicator].name(self._look.language),
                         points=round(c.points, 2))
                for c in found.costs
            ),
        )  # fmt: skip


def _value(numbers: RankingNumbers, key: IndicatorKey) -> IndicatorValue:
    return next(value for value in numbers.indicators if value.key is key)
