"""Analysis (分析) of a period: cases reported and closed by week or day, by category, by hour, time to closing, and
answers to questions.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import Integer, and_, case, cast, extract, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.base import Frozen
from models.figures import FigureKey
from models.tables import CASES
from services.cases.answer_counts import QuestionCounts, count_answers
from services.cases.filter import CaseFilter
from services.figures.conditions import Period
from services.figures.definitions import figure_condition
from services.figures.drill_down import cases_url
from services.figures.viewpoint import Viewpoint, find_root
from services.figures.views import Number
from services.files.workbook import Sheets
from services.supervision.sheets import Row, localized

#: How many categories are listed by name.
TOP_CATEGORIES = 15
#: The longest period, in days, that is listed day by day; a longer one is listed by weeks (our choice).
MAX_DAILY = 42
#: The bounds of the distribution of closing times, in days; the last part is open.
DURATION_BOUNDS = (1, 2, 3, 5, 7, 10, 15, 30, 60)


class Span(Frozen):
    """A day, or a week from Monday on, cut to the period: the cases reported and the cases closed in it."""

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
    """Cases closed from `over` up to `within` days after being reported (`within` None: no upper bound)."""

    over: int
    within: int | None
    cases: int


class Analysis(Frozen):
    """The analysis of a period. `daily`: its spans are days, else weeks.

    `hours`: reported cases by weekday (0 is Monday) and hour, where the cases are. `answers`: of the reported cases.
    """

    first: date
    last: date
    daily: bool
    spans: tuple[Span, ...]
    categories: tuple[CategoryCount, ...]
    other_categories: int
    hours: tuple[tuple[int, ...], ...]
    durations: tuple[Duration, ...]
    answers: tuple[QuestionCounts, ...]


async def analyse(
    connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None, first: date, last: date
) -> Analysis:
    """Return the analysis of whole days, both included. Raises NoSuchPage for a unit out of scope."""
    await find_root(connection, viewpoint, grid)
    period = viewpoint.days(first, last)
    categories, others = await _categories(connection, viewpoint, grid, period)
    return Analysis(
        first=first,
        last=last,
        daily=is_daily(first, last),
        spans=await _spans(connection, viewpoint, grid, first, last),
        categories=categories,
        other_categories=others,
        hours=await _hours(connection, viewpoint, grid, period),
        durations=await _durations(connection, viewpoint, grid, period),
        answers=await _answers(connection, viewpoint, grid, period),
    )


def weeks_of(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield the weeks from Monday to Sunday that the days lie in, the first and last cut to the days."""
    while first <= last:
        end = min(first + timedelta(days=6 - first.weekday()), last)
        yield first, end
        first = end + timedelta(days=1)


def is_daily(first: date, last: date) -> bool:
    """Return whether the days are few enough to be listed one by one."""
    return (last - first).days < MAX_DAILY


def spans_of(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield the days, or the weeks where the days are too many."""
    if not is_daily(first, last):
        yield from weeks_of(first, last)
        return
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        yield day, day


async def _spans(
    connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None, first: date, last: date
) -> tuple[Span, ...]:
    periods = [(a, b, viewpoint.days(a, b)) for a, b in spans_of(first, last)]
    counts: dict[FigureKey, list[int]] = {}
    for key, moment in ((FigureKey.REPORTED, CASES.c.reported_at), (FigureKey.CLOSINGS, CASES.c.closed_at)):
        whole_period = viewpoint.days(first, last)
        span = case(*((period.holds(moment), number) for number, (_, _, period) in enumerate(periods)))
        rows = await connection.execute(
            select(span.label("span"), func.count().label("cases"))
            .where(figure_condition(key, whole_period), viewpoint.cases_in(grid))
            .group_by("span")
        )
        counted = {row.span: row.cases for row in rows}
        counts[key] = [counted.get(number, 0) for number in range(len(periods))]
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
    return Number(count=count, cases=cases_url(key, period, grid=grid))


async def _categories(
    connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None, period: Period
) -> tuple[tuple[CategoryCount, ...], int]:
    rows = (
        await connection.execute(
            select(CASES.c.category, func.count().label("cases"))
            .where(figure_condition(FigureKey.REPORTED, period), viewpoint.cases_in(grid))
            .group_by(CASES.c.category)
            .order_by(func.count().desc(), CASES.c.category)
        )
    ).all()
    policy = await policy_version(connection, await newest_version(connection))
    english = viewpoint.language.startswith("en")
    counts = []
    for row in rows[:TOP_CATEGORIES]:
        category = policy.category(row.category)
        name = row.category if category is None else category.name_en if english else category.name_zh
        href = cases_url(FigureKey.REPORTED, period, grid=grid, category=row.category)
        counts.append(CategoryCount(code=row.category, name=name, reported=Number(count=row.cases, cases=href)))
    return tuple(counts), sum(row.cases for row in rows[TOP_CATEGORIES:])


async def _hours(
    connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None, period: Period
) -> tuple[tuple[int, ...], ...]:
    local = func.timezone(viewpoint.zone.key, CASES.c.reported_at)
    weekday, hour = cast(extract("isodow", local), Integer) - 1, cast(extract("hour", local), Integer)
    rows = await connection.execute(
        select(weekday.label("weekday"), hour.label("hour"), func.count().label("cases"))
        .where(figure_condition(FigureKey.REPORTED, period), viewpoint.cases_in(grid))
        .group_by("weekday", "hour")
    )
    table = [[0] * 24 for _ in range(7)]
    for row in rows:
        table[row.weekday][row.hour] = row.cases
    return tuple(tuple(line) for line in table)


async def _durations(
    connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None, period: Period
) -> tuple[Duration, ...]:
    elapsed = CASES.c.closed_at - CASES.c.reported_at
    edges = (0, *DURATION_BOUNDS)
    parts = []
    for index, over in enumerate(edges):
        within = edges[index + 1] if index + 1 < len(edges) else None
        bounds = [elapsed >= timedelta(days=over)] if over else []
        if within is not None:
            bounds.append(elapsed < timedelta(days=within))
        parts.append(func.count().filter(and_(*bounds)).label(f"p{index}"))
    row = (
        await connection.execute(
            select(*parts).where(figure_condition(FigureKey.CLOSINGS, period), viewpoint.cases_in(grid))
        )
    ).one()
    return tuple(
        Duration(over=over, within=edges[index + 1] if index + 1 < len(edges) else None, cases=row[index])
        for index, over in enumerate(edges)
    )


async def _answers(
    connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None, period: Period
) -> tuple[QuestionCounts, ...]:
    assert viewpoint.person is not None
    narrowed = {"figure": FigureKey.REPORTED, "from": period.since, "to": period.until, "grid": grid}
    case_filter = CaseFilter.model_validate(narrowed)
    counts = await count_answers(connection, viewpoint.person, case_filter, viewpoint.now, viewpoint.language)
    return counts.questions


def analysis_file(analysis: Analysis, viewpoint: Viewpoint) -> Iterator[bytes]:
    """Yield the analysis as a workbook, one sheet for each part."""
    language = viewpoint.language
    sheets = Sheets(viewpoint.zone)
    sheets.add(
        localized(language, "每日", "Days") if analysis.daily else localized(language, "每周", "Weeks"),
        [
            localized(language, *pair)
            for pair in (("自", "from"), ("至", "to"), ("上报", "reported"), ("结案", "closed"))
        ],
        [[w.first.isoformat(), w.last.isoformat(), w.reported.count, w.closed.count] for w in analysis.spans],
    )
    categories: list[Row] = [[c.code, c.name, c.reported.count] for c in analysis.categories]
    if analysis.other_categories:
        categories.append(["", localized(language, "其他", "other"), analysis.other_categories])
    sheets.add(
        localized(language, "小类", "Categories"),
        [localized(language, *pair) for pair in (("编码", "code"), ("小类", "category"), ("上报", "reported"))],
        categories,
    )
    weekdays = localized(language, "一 二 三 四 五 六 日", "Mon Tue Wed Thu Fri Sat Sun").split()
    sheets.add(
        localized(language, "时段", "Hours"),
        [localized(language, "星期", "weekday"), *(f"{hour:02}" for hour in range(24))],
        [[name, *line] for name, line in zip(weekdays, analysis.hours, strict=True)],
    )
    sheets.add(
        localized(language, "结案用时", "Closing time"),
        [localized(language, *pair) for pair in (("天,自", "days from"), ("至", "to"), ("案件", "cases"))],
        [[d.over, d.within or "", d.cases] for d in analysis.durations],
    )
    if analysis.answers:
        titles = (
            ("编码", "code"), ("小类", "category"), ("问项", "question"), ("选项", "choice"), ("案件", "cases"),
            ("已填答", "answered"),
        )  # fmt: skip
        sheets.add(
            localized(language, "填答", "Answers"),
            [localized(language, *pair) for pair in titles],
            [
                [one.category, one.category_name, one.text, choice.name, choice.chosen.count, one.answered]
                for one in analysis.answers
                for choice in one.choices
            ],
        )
    return sheets.file()


def last_weeks(today: date, weeks: int = 12) -> tuple[date, date]:
    """Return the first and last day of that many weeks up to today, from a Monday on."""
    monday = today - timedelta(days=today.weekday())
    return monday - timedelta(weeks=weeks - 1), today
