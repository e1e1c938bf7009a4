"""What the board shows beside its units: departments by light, decisions that wait, climbed cases, rates, changes."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from sqlalchemy import Date, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen
from models.enums import Level, Light, TaskKind
from models.figures import FigureKey, IndicatorKey
from models.tables import CASES, TASKS, metadata
from services.criteria.conditions import is_open, is_overdue, shows_light
from services.figures.conditions import Period
from services.figures.count import count_figures, indicator_value
from services.figures.definitions import FIGURES
from services.figures.drill_down import cases_at
from services.figures.indicators import INDICATORS
from services.figures.viewpoint import Watch
from services.figures.views import IndicatorValue, Number

_DEPARTMENTS = metadata.tables["departments"]
#: The rates of the board, as the assessment of a 网格 knows them.
RATES = (
    IndicatorKey.ACCEPTED_ON_TIME_RATE,
    IndicatorKey.DISPATCHED_ON_TIME_RATE,
    IndicatorKey.HANDLED_ON_TIME_RATE,
    IndicatorKey.CLOSED_ON_TIME_RATE,
    IndicatorKey.REWORK_RATE,
    IndicatorKey.SATISFACTION_RATE,
)
#: What waits for a decision: the task, and the figure that opens its cases.
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
    """A figure with its name."""

    key: FigureKey
    name: str
    number: Number


class Climbed(Frozen):
    """Cases that stand at a level of the hierarchy because they were taken up to there."""

    level: Level
    number: Number


class Change(Frozen):
    """What a number was then: reported and closed yesterday up to the same time of day."""

    reported: int
    closed: int


async def departments_by_light(
    connection: AsyncConnection, look: Watch, grid: str | None
) -> tuple[DepartmentLights, ...]:
    """Who hosts open cases, those with most overdue first. A head sees their own departments only."""
    light = case(*((shows_light(light, look.now), light.value) for light in Light))
    late = func.count().filter(is_overdue(look.now)).label("late")
    rows = await connection.execute(
        select(CASES.c.host, light.label("light"), func.count().label("cases"), late)
        .where(is_open(), CASES.c.host.is_not(None), look.fits(grid))
        .group_by(CASES.c.host, "light")
    )
    lights: dict[str, dict[Light, int]] = defaultdict(dict)
    overdue: dict[str, int] = defaultdict(int)
    for row in rows:
        lights[row.host][Light(row.light)] = row.cases
        overdue[row.host] += row.late
    own = look.own_departments
    codes = [code for code in lights if own is None or code in own]
    names = await _department_names(connection, look, codes)

    def number(key: FigureKey, count: int, **narrowed: str) -> Number:
        return Number(count=count, cases=cases_at(key, look.today, grid=grid, **narrowed))

    found = [
        DepartmentLights(
            code=code,
            name=names.get(code, code),
            open=number(FigureKey.OPEN, sum(lights[code].values()), host=code),
            overdue=number(FigureKey.OVERDUE, overdue[code], host=code),
            lights={one: number(FigureKey.OPEN, lights[code].get(one, 0), host=code, light=one.value) for one in Light},
        )
        for code in codes
    ]
    return tuple(sorted(found, key=lambda row: (-row.overdue.count, -row.open.count, row.name)))


async def _department_names(connection: AsyncConnection, look: Watch, codes: list[str]) -> dict[str, str]:
    name = _DEPARTMENTS.c.name_en if look.language.startswith("en") else _DEPARTMENTS.c.name_zh
    rows = await connection.execute(select(_DEPARTMENTS.c.id, name).where(_DEPARTMENTS.c.id.in_(codes)))
    return dict(rows.all())


async def decisions_waiting(connection: AsyncConnection, look: Watch, grid: str | None) -> tuple[Named, ...]:
    """What waits to be granted or refused."""
    rows = await connection.execute(
        select(TASKS.c.kind, func.count(TASKS.c.report_id.distinct()).label("cases"))
        .join(CASES, CASES.c.report_id == TASKS.c.report_id)
        .where(TASKS.c.kind.in_(list(DECISIONS)), look.fits(grid))
        .group_by(TASKS.c.kind)
    )
    counts: dict[str, int] = dict(rows.all())
    return tuple(
        Named(
            key=key,
            name=FIGURES[key].name(look.language),
            number=Number(count=counts.get(kind.value, 0), cases=cases_at(key, look.today, grid=grid)),
        )
        for kind, key in DECISIONS.items()
    )


async def climbed_by_level(connection: AsyncConnection, look: Watch, grid: str | None) -> tuple[Climbed, ...]:
    """Cases that have climbed, by the level where they stand now, the lowest first."""
    climbed = FIGURES[FigureKey.CLIMBED].condition(look.today)
    rows = await connection.execute(
        select(CASES.c.level, func.count()).where(climbed, look.fits(grid)).group_by(CASES.c.level)
    )
    counts: dict[int, int] = dict(rows.all())
    return tuple(
        Climbed(
            level=level,
            number=Number(
                count=counts.get(int(level), 0),
                cases=cases_at(FigureKey.CLIMBED, look.today, grid=grid, level=int(level)),
            ),
        )
        for level in sorted(Level, reverse=True)
    )


async def rates_of(
    connection: AsyncConnection, look: Watch, grid: str | None, period: Period
) -> tuple[IndicatorValue, ...]:
    """The board's rates over the period, each side with its cases."""
    keys = tuple(dict.fromkeys(k for r in RATES for k in (INDICATORS[r].numerator, INDICATORS[r].denominator)))
    counts = (await count_figures(connection, look.fits(grid), keys, period)).get(None, dict.fromkeys(keys, 0))
    return tuple(indicator_value(key, counts, period, look.language, grid=grid) for key in RATES)


async def same_time_yesterday(connection: AsyncConnection, look: Watch, grid: str | None) -> Change:
    """Reported and closed from yesterday's midnight up to this time of day."""
    day = timedelta(days=1)
    until = look.now.astimezone(look.zone) - day
    yesterday = Period(look.days(look.day - day, look.day - day).since, _aware(until), look.now)
    keys = (FigureKey.REPORTED, FigureKey.CLOSINGS)
    counts = (await count_figures(connection, look.fits(grid), keys, yesterday)).get(None, dict.fromkeys(keys, 0))
    return Change(reported=counts[FigureKey.REPORTED], closed=counts[FigureKey.CLOSINGS])


async def daily(connection: AsyncConnection, look: Watch, grid: str | None, days: int = 14) -> tuple[Change, ...]:
    """Reported and closed on each of the last days, today the last."""
    first = look.day - timedelta(days=days - 1)
    found: dict[FigureKey, dict[date, int]] = {}
    for key, moment in ((FigureKey.REPORTED, CASES.c.reported_at), (FigureKey.CLOSINGS, CASES.c.closed_at)):
        day = cast(func.timezone(look.zone.key, moment), Date).label("day")
        rows = await connection.execute(
            select(day, func.count())
            .where(FIGURES[key].condition(look.days(first, look.day)), look.fits(grid))
            .group_by("day")
        )
        found[key] = dict(rows.all())
    each = (first + timedelta(days=place) for place in range(days))
    return tuple(
        Change(
            reported=found[FigureKey.REPORTED].get(day, 0),
            closed=found[FigureKey.CLOSINGS].get(day, 0),
        )
        for day in each
    )


def _aware(moment: datetime) -> datetime:
    """The same wall time, whatever its offset was then."""
    return moment.replace(fold=0)
