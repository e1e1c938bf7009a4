"""The numbers of the board besides its units: departments by light, open decisions, climbed cases, rates, changes."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from sqlalchemy import Date, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen
from models.enums import Level, Light, TaskKind
from models.figures import FigureKey, IndicatorKey
from models.tables import CASES, TASKS
from services.criteria.conditions import is_open, is_overdue, shows_light
from services.directory.people import department_names
from services.figures.conditions import Period
from services.figures.count import count_all, indicator_value
from services.figures.definitions import FIGURES
from services.figures.drill_down import cases_url
from services.figures.indicators import INDICATORS
from services.figures.viewpoint import Viewpoint
from services.figures.views import IndicatorValue, Number

#: The rates of the board, as used in the assessment of a 网格.
RATES = (
    IndicatorKey.ACCEPTED_ON_TIME_RATE,
    IndicatorKey.DISPATCHED_ON_TIME_RATE,
    IndicatorKey.HANDLED_ON_TIME_RATE,
    IndicatorKey.CLOSED_ON_TIME_RATE,
    IndicatorKey.REWORK_RATE,
    IndicatorKey.SATISFACTION_RATE,
)
#: The tasks that are decisions, with the figure that opens their cases.
DECISIONS = {
    TaskKind.DECIDE_EXTENSION: FigureKey.PENDING_EXTENSION,
    TaskKind.DECIDE_SUSPENSION: FigureKey.PENDING_SUSPENSION,
    TaskKind.DECIDE_RETURN: FigureKey.PENDING_RETURN,
    TaskKind.DECIDE_REOPEN: FigureKey.PENDING_REOPEN,
    TaskKind.DECIDE_APPEAL: FigureKey.PENDING_APPEAL,
}


class DepartmentLights(Frozen):
    """The open cases that a department hosts, by light. `code` None: those that have no host yet."""

    code: str | None
    name: str
    open: Number
    overdue: Number
    lights: dict[Light, Number]


class Named(Frozen):
    """A figure with its name and number."""

    key: FigureKey
    name: str
    number: Number


class Climbed(Frozen):
    """Cases that were escalated to a level of the hierarchy."""

    level: Level
    number: Number


class Change(Frozen):
    """The cases reported and closed in an earlier period, for comparison."""

    reported: int
    closed: int


async def departments_by_light(
    connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None
) -> tuple[DepartmentLights, ...]:
    """Return the departments with open cases, those with most overdue first. A head sees their own departments only."""
    light = case(*((shows_light(light, viewpoint.now), light.value) for light in Light))
    overdue_count = func.count().filter(is_overdue(viewpoint.now)).label("overdue")
    rows = await connection.execute(
        select(CASES.c.host, light.label("light"), func.count().label("cases"), overdue_count)
        .where(is_open(), CASES.c.host.is_not(None), viewpoint.cases_in(grid))
        .group_by(CASES.c.host, "light")
    )
    lights: dict[str, dict[Light, int]] = defaultdict(dict)
    overdue: dict[str, int] = defaultdict(int)
    for row in rows:
        lights[row.host][Light(row.light)] = row.cases
        overdue[row.host] += row.overdue
    own = viewpoint.own_departments
    codes = [code for code in lights if own is None or code in own]
    names = await department_names(connection, codes, viewpoint.language)

    def number(key: FigureKey, count: int, **filters: str) -> Number:
        return Number(count=count, cases=cases_url(key, viewpoint.today, grid=grid, **filters))

    departments = [
        DepartmentLights(
            code=code,
            name=names.get(code, code),
            open=number(FigureKey.OPEN, sum(lights[code].values()), host=code),
            overdue=number(FigureKey.OVERDUE, overdue[code], host=code),
            lights={
                shown_light: number(
                    FigureKey.OPEN, lights[code].get(shown_light, 0), host=code, light=shown_light.value
                )
                for shown_light in Light
            },
        )
        for code in codes
    ]
    return tuple(sorted(departments, key=lambda row: (-row.overdue.count, -row.open.count, row.name)))


async def decisions_waiting(connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None) -> tuple[Named, ...]:
    """Return the decisions that wait, by kind."""
    rows = await connection.execute(
        select(TASKS.c.kind, func.count(TASKS.c.report_id.distinct()).label("cases"))
        .join(CASES, CASES.c.report_id == TASKS.c.report_id)
        .where(TASKS.c.kind.in_(list(DECISIONS)), viewpoint.cases_in(grid))
        .group_by(TASKS.c.kind)
    )
    counts: dict[str, int] = dict(rows.all())
    return tuple(
        Named(
            key=key,
            name=FIGURES[key].name(viewpoint.language),
            number=Number(count=counts.get(kind.value, 0), cases=cases_url(key, viewpoint.today, grid=grid)),
        )
        for kind, key in DECISIONS.items()
    )


async def climbed_by_level(connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None) -> tuple[Climbed, ...]:
    """Return the cases that have climbed, by the level where they stand now, the lowest first."""
    climbed = FIGURES[FigureKey.CLIMBED].condition(viewpoint.today)
    rows = await connection.execute(
        select(CASES.c.level, func.count()).where(climbed, viewpoint.cases_in(grid)).group_by(CASES.c.level)
    )
    counts: dict[int, int] = dict(rows.all())
    return tuple(
        Climbed(
            level=level,
            number=Number(
                count=counts.get(int(level), 0),
                cases=cases_url(FigureKey.CLIMBED, viewpoint.today, grid=grid, level=int(level)),
            ),
        )
        for level in sorted(Level, reverse=True)
    )


async def board_rates(
    connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None, period: Period
) -> tuple[IndicatorValue, ...]:
    """Return the board's rates over the period, each side with the address of its list."""
    keys = tuple(dict.fromkeys(k for r in RATES for k in (INDICATORS[r].numerator, INDICATORS[r].denominator)))
    counts = await count_all(connection, viewpoint.cases_in(grid), keys, period)
    return tuple(indicator_value(key, counts, period, viewpoint.language, grid=grid) for key in RATES)


async def same_time_yesterday(connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None) -> Change:
    """Return the cases reported and closed from yesterday's midnight up to this time of day."""
    day = timedelta(days=1)
    until = viewpoint.now.astimezone(viewpoint.zone) - day
    yesterday = Period(viewpoint.days(viewpoint.day - day, viewpoint.day - day).since, _aware(until), viewpoint.now)
    keys = (FigureKey.REPORTED, FigureKey.CLOSINGS)
    counts = await count_all(connection, viewpoint.cases_in(grid), keys, yesterday)
    return Change(reported=counts[FigureKey.REPORTED], closed=counts[FigureKey.CLOSINGS])


async def daily_changes(
    connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None, days: int = 14
) -> tuple[Change, ...]:
    """Return the cases reported and closed on each of the last days, today last."""
    first = viewpoint.day - timedelta(days=days - 1)
    counts: dict[FigureKey, dict[date, int]] = {}
    for key, moment in ((FigureKey.REPORTED, CASES.c.reported_at), (FigureKey.CLOSINGS, CASES.c.closed_at)):
        day = cast(func.timezone(viewpoint.zone.key, moment), Date).label("day")
        rows = await connection.execute(
            select(day, func.count())
            .where(FIGURES[key].condition(viewpoint.days(first, viewpoint.day)), viewpoint.cases_in(grid))
            .group_by("day")
        )
        counts[key] = dict(rows.all())
    all_days = (first + timedelta(days=offset) for offset in range(days))
    return tuple(
        Change(
            reported=counts[FigureKey.REPORTED].get(day, 0),
            closed=counts[FigureKey.CLOSINGS].get(day, 0),
        )
        for day in all_days
    )


def _aware(moment: datetime) -> datetime:
    """Return the same wall time with the first of its two offsets, where a clock change repeats it."""
    return moment.replace(fold=0)
