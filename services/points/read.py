"""Score and rank people, units or departments over a period, as a reader may see them; explain one point by point.

Counted is what the reader sees, as in all figures. Points of people are for those who lead them, and for themselves.
Who has nothing to count has no points: none are guessed.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.criteria.duties import duties_within, visible_duties
from infra.store.criteria.scope import visible
from infra.store.policies import NoPolicy, policy_version, version_in_force
from models.base import Code, Frozen, Instant, Line
from models.context import Person
from models.enums import Role
from models.errors import NoSuchPage, NotYours
from models.policy.scores import Scored, Scores, Subject
from models.tables import DUTIES, metadata
from rules.points import PointFact, Points, placed, points_of
from rules.scope import in_force
from services.directory.people import department_names, unit_names
from services.figures.responsible import leads, led_by
from services.figures.viewpoint import Viewpoint, find_root, read_viewpoint
from services.points.counted import Counted, count_cases, count_duties
from services.points.period import PointPeriod, read_period

_PEOPLE = metadata.tables["people"]


class PointsFilter(Frozen):
    """Whose points, when and where. `level`: units of communities (2) or grids (3). Without a period: this month."""

    subject: Subject = Subject.DEPARTMENT
    period: Annotated[Line, StringConstraints(max_length=20)] = ""
    level: Annotated[int, Field(ge=2, le=3)] = 2
    grid: Code | None = None


class PointsRow(Frozen):
    """The points of one. `code` is what they are asked for by: a user name, a unit, a department."""

    code: str
    name: str
    points: float
    stars: int
    rank: int
    bonus: float
    deduction: float
    facts: int


class PointsRanking(Frozen):
    """The ranking, the best first. `complete` False: the period still runs. `best`: 服务之星, of people only."""

    subject: Subject
    level: int
    period: str
    since: Instant
    until: Instant
    complete: bool
    base: float
    most: float
    rows: tuple[PointsRow, ...]
    best: tuple[PointsRow, ...] = ()


class LineView(Frozen):
    """A line of the arithmetic: `each` point times so many facts makes `full`; `points` is that, within `most`."""

    code: str
    name: str
    counts: Scored
    each: float
    most: float
    full: float
    points: float
    facts: tuple[PointFact, ...]


class PointsView(Frozen):
    """The points of one with their arithmetic: `base` and the lines make `sum`, within 0 and `most` the points."""

    subject: Subject
    period: str
    since: Instant
    until: Instant
    complete: bool
    code: str
    name: str
    base: float
    most: float
    sum: float
    points: float
    stars: int
    lines: tuple[LineView, ...]


@dataclass(frozen=True)
class _Reading:
    """A reader, what of cases and duties they may count, and the period with its rules."""

    cases: ColumnElement[bool]
    duties: ColumnElement[bool]
    period: PointPeriod
    scores: Scores


async def rank_points(
    connection: AsyncConnection, person: Person | None, wanted: PointsFilter, now: datetime, language: str
) -> PointsRanking:
    """Return the ranking. `person` None: the system, for a bulletin.

    Raises NotYours for somebody whose roles read no figures, or who leads nobody and asks for people; NoSuchPage for a
    unit out of scope; BadFilter for a period that is none.
    """
    viewpoint = await read_viewpoint(connection, person, now, language)
    await find_root(connection, viewpoint, wanted.grid)
    reading = await _reading(connection, viewpoint, wanted)
    counted = await _count(connection, reading, wanted)
    counted = {id_: kinds for id_, kinds in counted.items() if _may_read(viewpoint, wanted.subject, id_)}
    names = await _names(connection, wanted.subject, list(counted), language)
    scored = {id_: points_of(reading.scores, wanted.subject, kinds) for id_, kinds in counted.items()}
    ordered = sorted(scored, key=lambda id_: (-scored[id_].total, names[id_][1]))
    places = placed([scored[id_].total for id_ in ordered])
    rows = tuple(_row(names[id_], scored[id_], counted[id_], rank) for id_, rank in zip(ordered, places, strict=True))
    best = tuple(row for row in rows if row.rank <= reading.scores.best and row.bonus > 0)
    return PointsRanking(
        subject=wanted.subject,
        level=wanted.level,
        period=reading.period.name,
        since=reading.period.since,
        until=reading.period.until,
        complete=reading.period.complete,
        base=reading.scores.base,
        most=reading.scores.most,
        rows=rows,
        best=best if wanted.subject is Subject.PERSON else (),
    )


async def explain_points(
    connection: AsyncConnection, person: Person, wanted: PointsFilter, code: str, now: datetime, language: str
) -> PointsView:
    """Return the points of one with every fact behind them. Raises NoSuchPage where there are none for this reader."""
    own = wanted.subject is Subject.PERSON and code == person.username
    viewpoint = await _own_viewpoint(connection, person, now, language, own=own)
    reading = await _reading(connection, viewpoint, wanted, own=own)
    id_ = await _id_of(connection, wanted.subject, code)
    counted = (await _count(connection, reading, wanted)).get(id_ or "")
    if id_ is None or (counted is None and not own) or not (own or _may_read(viewpoint, wanted.subject, id_)):
        raise NoSuchPage(what=f"points of {wanted.subject} {code[:60]}")
    points = points_of(reading.scores, wanted.subject, counted or {})
    found_code, name = (await _names(connection, wanted.subject, [id_], language))[id_]
    return PointsView(
        subject=wanted.subject,
        period=reading.period.name,
        since=reading.period.since,
        until=reading.period.until,
        complete=reading.period.complete,
        code=found_code,
        name=name,
        base=points.base,
        most=reading.scores.most,
        sum=points.sum,
        points=points.total,
        stars=points.stars,
        lines=tuple(
            LineView(
                code=one.line.code,
                name=one.line.name_en if language.startswith("en") else one.line.name_zh,
                counts=one.line.counts,
                each=one.line.points,
                most=one.line.most,
                full=one.full,
                points=one.points,
                facts=one.facts,
            )
            for one in points.lines
        ),
    )


async def _own_viewpoint(
    connection: AsyncConnection, person: Person, now: datetime, language: str, *, own: bool
) -> Viewpoint:
    """The viewpoint of a reader; whoever only asks for their own points needs no role that reads figures."""
    if not own:
        return await read_viewpoint(connection, person, now, language)
    system = await read_viewpoint(connection, None, now, language)
    return Viewpoint(person, now, system.zone, language, system.units)


async def _reading(
    connection: AsyncConnection, viewpoint: Viewpoint, wanted: PointsFilter, *, own: bool = False
) -> _Reading:
    period = read_period(wanted.period, viewpoint.now, viewpoint.zone)
    try:
        version = await version_in_force(connection, period.until)
    except NoPolicy:  # a period before the first policy
        version = await version_in_force(connection, viewpoint.now)
    scores = (await policy_version(connection, version)).park.scores
    person, day = viewpoint.person, viewpoint.day
    cases = viewpoint.cases_in(wanted.grid)
    duties = duties_within(wanted.grid)
    if person is not None:
        duties = and_(duties, visible_duties(person, day))
        if own:
            cases = visible(person, day)
        elif wanted.subject is Subject.PERSON:
            if not leads(person, day):
                raise NotYours(command="ranking by person", who=f"{Role.SUPERVISOR} / {Role.DEPARTMENT_HEAD}")
            cases, duties = and_(cases, led_by(person, day)), and_(duties, _led_duties(viewpoint))
    return _Reading(cases, duties, period, scores)


def _led_duties(viewpoint: Viewpoint) -> ColumnElement[bool]:
    """The duties whose people the reader leads."""
    assert viewpoint.person is not None
    alternatives: list[ColumnElement[bool]] = [false()]
    for grant in in_force(viewpoint.person, viewpoint.day):
        if grant.role is Role.SUPERVISOR:
            alternatives.append(duties_within(grant.grid))
        elif grant.role is Role.DEPARTMENT_HEAD and grant.department is not None:
            alternatives.append(and_(DUTIES.c.department == grant.department, duties_within(grant.grid)))
    return or_(*alternatives)


async def _count(connection: AsyncConnection, reading: _Reading, wanted: PointsFilter) -> Counted:
    found: Counted = defaultdict(lambda: defaultdict(list))
    by_cases = await count_cases(connection, reading.cases, reading.period, wanted.subject, wanted.level)
    by_duties = await count_duties(connection, reading.duties, reading.period, wanted.subject, wanted.level)
    for part in (by_cases, by_duties):
        for id_, kinds in part.items():
            for kind, facts in kinds.items():
                found[id_][kind] += facts
    return dict(found)


def _may_read(viewpoint: Viewpoint, subject: Subject, id_: str) -> bool:
    """Whether the reader sees that department: who is only a head of departments sees their own."""
    own = viewpoint.own_departments if subject is Subject.DEPARTMENT else None
    return own is None or id_ in own


async def _names(
    connection: AsyncConnection, subject: Subject, ids: list[str], language: str
) -> dict[str, tuple[str, str]]:
    """Return code and name by id."""
    if subject is Subject.UNIT:
        units = await unit_names(connection, ids)
        return {id_: (id_, units.get(id_, id_)) for id_ in ids}
    if subject is Subject.DEPARTMENT:
        departments = await department_names(connection, ids, language)
        return {id_: (id_, departments.get(id_, id_)) for id_ in ids}
    c = _PEOPLE.c
    rows = await connection.execute(select(c.id, c.username, c.name).where(c.id.in_([UUID(id_) for id_ in ids])))
    people = {str(row.id): (row.username, row.name) for row in rows}
    return {id_: people.get(id_, (id_, id_)) for id_ in ids}


async def _id_of(connection: AsyncConnection, subject: Subject, code: str) -> str | None:
    if subject is not Subject.PERSON:
        return code
    found = await connection.scalar(select(_PEOPLE.c.id).where(_PEOPLE.c.username == code))
    return None if found is None else str(found)


def _row(named: tuple[str, str], points: Points, counted: dict[Scored, list[PointFact]], rank: int) -> PointsRow:
    return PointsRow(
        code=named[0],
        name=named[1],
        points=points.total,
        stars=points.stars,
        rank=rank,
        bonus=sum(line.points for line in points.lines if line.points > 0),
        deduction=sum(line.points for line in points.lines if line.points < 0),
        facts=sum(len(facts) for facts in counted.values()),
    )
