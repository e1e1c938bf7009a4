"""分析: what came in and was closed by weeks or days, of which kinds, at which hours, and how long closing took."""

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import Integer, and_, case, cast, extract, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.base import Frozen
from models.figures import FigureKey
from models.tables import CASES
from services.figures.conditions import Period
from services.figures.definitions import condition
from services.figures.drill_down import cases_at
from services.figures.viewpoint import Watch, find_unit
from services.figures.views import Number
from services.files.workbook import Sheets
from services.supervision.sheets import Row, say

#: How many categories are shown by name.
TOP = 15
#: A period of no more than so many days is told day by day, a longer one by weeks (our choice).
DAILY = 42
#: Where the distribution of closing times is cut, in days; the last part is open.
DAYS = (1, 2, 3, 5, 7, 10, 15, 30, 60)


class Span(Frozen):
    """A day; or a week from Monday on, cut to the period: what was reported and what was closed in it."""

    first: date
    last: date
    reported: Number
    closed: Number


class CategoryCount(Frozen):
    """How many cases of a category were reported."""

    code: str
    name: str
    reported: Number


class Duration(Frozen):
    """Cases closed within so many days of being reported, from `over` up to `within` (None: and more)."""

    over: int
    within: int | None
    cases: int


class Analysis(Frozen):
    """The four looks at a period. `daily`: its spans are days, else weeks. `hours`: reported cases by weekday (0 is
    Monday) and hour, where the cases are."""

    first: date
    last: date
    daily: bool
    spans: tuple[Span, ...]
    categories: tuple[CategoryCount, ...]
    other_categories: int
    hours: tuple[tuple[int, ...], ...]
    durations: tuple[Duration, ...]


async def analyse(connection: AsyncConnection, look: Watch, grid: str | None, first: date, last: date) -> Analysis:
    """The analysis of whole days, both included. Raises NoSuchPage for a unit out of scope."""
    if grid is not None:
        await find_unit(connection, look, grid)
    period = look.days(first, last)
    categories, others = await _categories(connection, look, grid, period)
    return Analysis(
        first=first,
        last=last,
        daily=is_daily(first, last),
        spans=await _spans(connection, look, grid, first, last),
        categories=categories,
        other_categories=others,
        hours=await _hours(connection, look, grid, period),
        durations=await _durations(connection, look, grid, period),
    )


def weeks_of(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The weeks from Monday to Sunday that the days lie in, the outer ones cut."""
    while first <= last:
        end = min(first + timedelta(days=6 - first.weekday()), last)
        yield first, end
        first = end + timedelta(days=1)


def is_daily(first: date, last: date) -> bool:
    """Whether the days are few enough to be told one by one."""
    return (last - first).days < DAILY


def spans_of(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The days, or the weeks where the days are too many."""
    if not is_daily(first, last):
        yield from weeks_of(first, last)
        return
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        yield day, day


async def _spans(
    connection: AsyncConnection, look: Watch, grid: str | None, first: date, last: date
) -> tuple[Span, ...]:
    periods = [(a, b, look.days(a, b)) for a, b in spans_of(first, last)]
    counts: dict[FigureKey, list[int]] = {}
    for key, moment in ((FigureKey.REPORTED, CASES.c.reported_at), (FigureKey.CLOSINGS, CASES.c.closed_at)):
        whole = look.days(first, last)
        place = case(*((period.holds(moment), number) for number, (_, _, period) in enumerate(periods)))
        rows = await connection.execute(
            select(place.label("span"), func.count().label("cases"))
            .where(condition(key, whole), look.fits(grid))
            .group_by("span")
        )
        found = {row.span: row.cases for row in rows}
        counts[key] = [found.get(number, 0) for number in range(len(periods))]
    return tuple(
        Span(
            first=a,
            last=b,
            reported=_number(FigureKey.REPORTED, counts[FigureKey.REPORTED][number], period, grid),
            closed=_number(FigureKey.CLOSINGS, counts[FigureKey.CLOSINGS][number], period, grid),
        )
        for number, (a, b, period) in enumerate(periods)
    )


def _number(key: FigureKey, count: int, period: Period, grid: str | None) -> Number:
    return Number(count=count, cases=cases_at(key, period, grid=grid))


async def _categories(
    connection: AsyncConnection, look: Watch, grid: str | None, period: Period
) -> tuple[tuple[CategoryCount, ...], int]:
    rows = (
        await connection.execute(
            select(CASES.c.category, func.count().label("cases"))
            .where(condition(FigureKey.REPORTED, period), look.fits(grid))
            .group_by(CASES.c.category)
            .order_by(func.count().desc(), CASES.c.category)
        )
    ).all()
    policy = await policy_version(connection, await newest_version(connection))
    english = look.language.startswith("en")
    found = []
    for row in rows[:TOP]:
        known = policy.category(row.category)
        name = row.category if known is None else known.name_en if english else known.name_zh
        href = cases_at(FigureKey.REPORTED, period, grid=grid, category=row.category)
        found.append(CategoryCount(code=row.category, name=name, reported=Number(count=row.cases, cases=href)))
    return tuple(found), sum(row.cases for row in rows[TOP:])


async def _hours(
    connection: AsyncConnection, look: Watch, grid: str | None, period: Period
) -> tuple[tuple[int, ...], ...]:
    local = func.timezone(look.zone.key, CASES.c.reported_at)
    weekday, hour = cast(extract("isodow", local), Integer) - 1, cast(extract("hour", local), Integer)
    rows = await connection.execute(
        select(weekday.label("weekday"), hour.label("hour"), func.count().label("cases"))
        .where(condition(FigureKey.REPORTED, period), look.fits(grid))
        .group_by("weekday", "hour")
    )
    table = [[0] * 24 for _ in range(7)]
    for row in rows:
        table[row.weekday][row.hour] = row.cases
    return tuple(tuple(line) for line in table)


async def _durations(
    connection: AsyncConnection, look: Watch, grid: str | None, period: Period
) -> tuple[Duration, ...]:
    took = CASES.c.closed_at - CASES.c.reported_at
    edges = (0, *DAYS)
    parts = []
    for place, over in enumerate(edges):
        within = edges[place + 1] if place + 1 < len(edges) else None
        here = [took >= timedelta(days=over)] if over else []
        if within is not None:
            here.append(took < timedelta(days=within))
        parts.append(func.count().filter(and_(*here)).label(f"p{place}"))
    row = (await connection.execute(select(*parts).where(condition(FigureKey.CLOSINGS, period), look.fits(grid)))).one()
    return tuple(
        Duration(over=over, within=edges[place + 1] if place + 1 < len(edges) else None, cases=row[place])
        for place, over in enumerate(edges)
    )


def analysis_file(found: Analysis, look: Watch) -> Iterator[bytes]:
    """The analysis as a workbook, a sheet for each look."""
    language = look.language
    sheets = Sheets(look.zone)
    sheets.add(
        say(language, "每日", "Days") if found.daily else say(language, "每周", "Weeks"),
        [say(language, *pair) for pair in (("自", "from"), ("至", "to"), ("上报", "reported"), ("结案", "closed"))],
        [[w.first.isoformat(), w.last.isoformat(), w.reported.count, w.closed.count] for w in found.spans],
    )
    categories: list[Row] = [[c.code, c.name, c.reported.count] for c in found.categories]
    if found.other_categories:
        categories.append(["", say(language, "其他", "other"), found.other_categories])
    sheets.add(
        say(language, "小类", "Categories"),
        [say(language, *pair) for pair in (("编码", "code"), ("小类", "category"), ("上报", "reported"))],
        categories,
    )
    weekdays = say(language, "一 二 三 四 五 六 日", "Mon Tue Wed Thu Fri Sat Sun").split()
    sheets.add(
        say(language, "时段", "Hours"),
        [say(language, "星期", "weekday"), *(f"{hour:02}" for hour in range(24))],
        [[name, *line] for name, line in zip(weekdays, found.hours, strict=True)],
    )
    sheets.add(
        say(language, "结案用时", "Closing time"),
        [say(language, *pair) for pair in (("天,自", "days from"), ("至", "to"), ("案件", "cases"))],
        [[d.over, d.within or "", d.cases] for d in found.durations],
    )
    return sheets.file()


def last_weeks(today: date, weeks: int = 12) -> tuple[date, date]:
    """So many weeks up to today, from a Monday on."""
    monday = today - timedelta(days=today.weekday())
    return monday - timedelta(weeks=weeks - 1), today
