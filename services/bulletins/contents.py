"""The contents of each kind of bulletin."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.base import Frozen
from models.enums import Level
from models.figures import FigureKey
from models.jobs.bulletin import BulletinKind
from models.personal_numbers import mask_numbers
from models.policy.scores import Subject
from models.tables import CASES, FACTS, GRID_UNITS, metadata
from services.bulletins.views import (
    BoardContent,
    CommendationContent,
    ConsultationContent,
    ConsultationPart,
    Listed,
    Merit,
    Repeated,
    Visit,
    VisitContent,
)
from services.figures.conditions import Period
from services.figures.count import count_all, count_figures, figure_number
from services.figures.definitions import FIGURES, figure_condition
from services.figures.drill_down import LIST, cases_url
from services.figures.viewpoint import Viewpoint
from services.figures.views import Number, UnitName
from services.points.read import PointsFilter, PointsRanking, rank_points
from services.supervision.board import read_board
from services.supervision.ranking import RankingBy, RankingFilter, read_ranking
from services.work.figures import read_work, reader_of

_PEOPLE = metadata.tables["people"]
_DEPARTMENTS = metadata.tables["departments"]
#: From how many reports of one category in one micro-grid, within how many days, a visit is due (our choice; the rule
#: of 成都金牛区 counts from five).
REPEATED_FROM, REPEATED_WITHIN = 3, timedelta(days=28)
#: The most cases and people that are listed (our choice).
MAX_LISTED, MAX_COMMENDED = 500, 10


async def build_content(
    connection: AsyncConnection, viewpoint: Viewpoint, kind: BulletinKind, unit: UnitName, first: date, last: date
) -> Frozen:
    """Return the content of a unit's bulletin of that kind, from the `first` to the `last` day."""
    content = await _content(connection, viewpoint, kind, unit, viewpoint.days(first, last))
    work = await read_work(
        connection, reader_of(unit.code), viewpoint.now, viewpoint.language, grid=unit.code, since=first, until=last
    )
    return content.model_copy(update={"work": work})


async def _content(
    connection: AsyncConnection, viewpoint: Viewpoint, kind: BulletinKind, unit: UnitName, period: Period
) -> Frozen:
    match kind:
        case BulletinKind.BOARD:
            return BoardContent(board=await read_board(connection, viewpoint, unit.code, period))
        case BulletinKind.VISITS:
            return await _visits(connection, viewpoint, unit, period)
        case BulletinKind.CONSULTATION:
            return await _consultation(connection, viewpoint, unit)
        case BulletinKind.COMMENDATION:
            return await _commendation(connection, viewpoint, unit, period)


async def _visits(connection: AsyncConnection, viewpoint: Viewpoint, unit: UnitName, period: Period) -> VisitContent:
    cases = and_(viewpoint.cases_in(unit.code), func.nlevel(CASES.c.grid_path) == int(Level.MICRO_GRID))
    keys = (FigureKey.OVERDUE, FigureKey.MAJOR)
    counts_by_grid = await count_figures(connection, cases, keys, period, CASES.c.grid)
    longer_period = Period(period.until - REPEATED_WITHIN, period.until, period.now)
    policy = await policy_version(connection, await newest_version(connection))
    repeated: dict[str, list[Repeated]] = defaultdict(list)
    rows = await connection.execute(
        select(CASES.c.grid, CASES.c.category, func.count().label("cases"))
        .where(cases, figure_condition(FigureKey.REPORTED, longer_period))
        .group_by(CASES.c.grid, CASES.c.category)
        .having(func.count() >= REPEATED_FROM)
        .order_by(func.count().desc(), CASES.c.category)
    )
    for row in rows:
        category = policy.category(row.category)
        href = cases_url(FigureKey.REPORTED, longer_period, grid=row.grid, category=row.category)
        name = category.name_zh if category else row.category
        repeated[row.grid].append(
            Repeated(category=row.category, name=name, reported=Number(count=row.cases, cases=href))
        )
    codes = {code for code, counts in counts_by_grid.items() if code is not None and any(counts.values())} | set(
        repeated
    )
    u = GRID_UNITS.c
    units = await connection.execute(select(u.code, u.name, u.level, u.enterprise).where(u.code.in_(sorted(codes))))
    no_cases = dict.fromkeys(keys, 0)
    visits = [
        Visit(
            unit=UnitName(code=row.code, name=row.name, level=row.level),
            enterprise=row.enterprise,
            overdue=figure_number(FigureKey.OVERDUE, counts_by_grid.get(row.code, no_cases), period, grid=row.code),
            major=figure_number(FigureKey.MAJOR, counts_by_grid.get(row.code, no_cases), period, grid=row.code),
            repeated=tuple(repeated.get(row.code, ())),
        )
        for row in units
    ]
    return VisitContent(
        visits=tuple(sorted(visits, key=lambda v: (-v.major.count, -v.overdue.count, -len(v.repeated), v.unit.code)))
    )


async def _consultation(connection: AsyncConnection, viewpoint: Viewpoint, unit: UnitName) -> ConsultationContent:
    all_time = Period.ever(viewpoint.now)
    keys = (FigureKey.CONSULTATION, FigureKey.CHRONIC, FigureKey.LONG_SUSPENDED)
    counts = await count_all(connection, viewpoint.cases_in(unit.code), keys, all_time)
    parts = []
    for key in keys:
        rows = await connection.execute(
            select(CASES, GRID_UNITS.c.name.label("grid_name"), _DEPARTMENTS.c.name_zh.label("host_name"))
            .join(GRID_UNITS, GRID_UNITS.c.code == CASES.c.grid)
            .outerjoin(_DEPARTMENTS, _DEPARTMENTS.c.id == CASES.c.host)
            .where(viewpoint.cases_in(unit.code), figure_condition(key, all_time))
            .order_by(CASES.c.reported_at, CASES.c.report_id)
            .limit(MAX_LISTED)
        )
        cases = tuple(_listed_case(row) for row in rows)
        parts.append(
            ConsultationPart(
                name=FIGURES[key].name_zh, number=figure_number(key, counts, all_time, grid=unit.code), cases=cases
            )
        )
    return ConsultationContent(parts=tuple(parts))


def _listed_case(row: Any) -> Listed:
    return Listed(
        case_no=row.case_no,
        title=mask_numbers(row.title),
        grid=row.grid_name,
        stage=row.stage,
        host=row.host_name,
        reported_at=row.reported_at,
        consultation_at=row.consultation_at,
        returns=row.returns,
        failed_reviews=row.failed_reviews,
        case=f"{LIST}/{row.case_no}",
    )


async def _commendation(
    connection: AsyncConnection, viewpoint: Viewpoint, unit: UnitName, period: Period
) -> CommendationContent:
    by = RankingBy.COMMUNITY if unit.level < Level.COMMUNITY else RankingBy.GRID
    period_filter = {"from": period.since, "to": period.until, "grid": unit.code}
    return CommendationContent(
        units=await read_ranking(connection, viewpoint, RankingFilter.model_validate({"by": by, **period_filter})),
        departments=await read_ranking(
            connection, viewpoint, RankingFilter.model_validate({"by": RankingBy.DEPARTMENT, **period_filter})
        ),
        people=await _merits(
            connection, viewpoint, unit, Period(period.since, min(period.until, viewpoint.now), viewpoint.now)
        ),
        stars=await _stars(connection, viewpoint, unit, period),
    )


async def _stars(
    connection: AsyncConnection, viewpoint: Viewpoint, unit: UnitName, period: Period
) -> tuple[PointsRanking, ...]:
    """Return the points of people, units and departments in the quarter that begins with the period; the best of each.

    Empty when the period is no quarter that has begun: points are counted by quarters and months.
    """
    first = period.since.astimezone(viewpoint.zone).date()
    if first.day != 1 or first.month % 3 != 1 or period.since > viewpoint.now:
        return ()
    level = Level.COMMUNITY if unit.level < Level.COMMUNITY else Level.GRID
    quarter = f"{first.year}-Q{(first.month + 2) // 3}"
    found = []
    for subject in (Subject.PERSON, Subject.UNIT, Subject.DEPARTMENT):
        wanted = PointsFilter.model_validate(
            {"subject": subject, "period": quarter, "level": int(level), "grid": unit.code}
        )
        ranking = await rank_points(connection, None, wanted, viewpoint.now, viewpoint.language)
        found.append(ranking.model_copy(update={"rows": ranking.rows[:MAX_COMMENDED]}))
    return tuple(found)


async def _merits(
    connection: AsyncConnection, viewpoint: Viewpoint, unit: UnitName, period: Period
) -> tuple[Merit, ...]:
    """Return who completed most of the cases that were handled in time: the person who gave the completing command."""
    f = FACTS.c
    completed = and_(f.report_id == CASES.c.report_id, f.at == CASES.c.handled_at, f.kind.in_(("completed", "aborted")))
    cases = func.count(CASES.c.report_id.distinct())
    rows = await connection.execute(
        select(f.actor, _PEOPLE.c.name, cases.label("cases"))
        .select_from(CASES)
        .join(FACTS, completed)
        .join(_PEOPLE, _PEOPLE.c.id == f.actor)
        .where(viewpoint.cases_in(unit.code), figure_condition(FigureKey.HANDLED_ON_TIME, period))
        .group_by(f.actor, _PEOPLE.c.name)
        .order_by(cases.desc(), _PEOPLE.c.name)
        .limit(MAX_COMMENDED)
    )
    return tuple(
        Merit(
            person=row.actor,
            name=row.name,
            handled_on_time=Number(
                count=row.cases,
                cases=cases_url(FigureKey.HANDLED_ON_TIME, period, grid=unit.code, handled_by=row.actor),
            ),
        )
        for row in rows
    )
