"""Every figure opens exactly its cases, for any reader, place and period."""

import random
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import open_database, transaction
from infra.settings import Settings
from infra.store.cases import append_facts
from infra.store.policies import cache_newest_version
from models.case import Case
from models.commands import Appeal, DecideAppeal
from models.context import Person
from models.enums import Light, Stage
from models.errors import BadFilter
from models.figures import FigureKey
from models.tables import CASES
from rules.deadlines.lights import light
from services.cases.filter import CaseFilter
from services.cases.lists import count_cases, list_cases
from services.criteria.conditions import shows_light
from services.criteria.cursors import cursor_after
from services.figures.conditions import Period
from services.figures.count import count_figures
from services.figures.definitions import FIGURES, figure_condition
from services.figures.indicators import INDICATORS
from services.figures.viewpoint import Viewpoint, read_viewpoint
from services.figures.views import Number, OverdueItem
from services.supervision.board import read_board
from services.supervision.overdue import OverdueFilter, overdue_page, stream_overdue
from services.supervision.overdue_order import OverdueSort
from services.supervision.ranking import RankingBy, RankingFilter, read_ranking
from tests.builders import COMMUNITY, MICRO, OTHER_PARK, PARK, small_park
from tests.infra.criteria.test_scope import a_life
from tests.rules.lives import closed, handled, wait
from tests.rules.world import EVERYBODY, START, Life
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIVES = 120
DAY = timedelta(days=1)
#: Months after the lives began, so that most deadlines have passed.
NOW = START + 20 * DAY
LOOKERS = ("supervisor", "community_supervisor", "auditor", "fire_head", "labour_head", "duty", "other_duty")
PERIODS = (
    (START - 400 * DAY, NOW + DAY),
    (START, START + 3 * DAY),
    (START + 2 * DAY, START + 9 * DAY),
    (NOW, NOW + 30 * DAY),
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def engine(servers: Servers) -> AsyncIterator[AsyncEngine]:
    """The tiny park with many random lives, shared by the tests of this file, which only read."""
    name = f"test_supervision_{random.randrange(10**9)}"
    url = servers.create_database(name)
    opened = open_database(Settings(database_url=SecretStr(url), token_secret=SecretStr("0" * 64)))
    await small_park(opened)
    async with transaction(opened) as connection:
        for seed in range(LIVES):
            facts, case = a_life(seed)
            await append_facts(connection, None, facts, case)
        exempted = an_exempted_life()
        await append_facts(connection, None, exempted.facts, exempted.case)
    yield opened
    await opened.dispose()
    servers.drop_database(name)


def an_exempted_life() -> Life:
    """A case that was late, and exempted by an appeal: too rare among random ones."""
    life = handled("2026-03-02T09:00")
    wait(life, "2026-03-05T10:00")
    closed(life)
    life.do("fire_head", Appeal(reason="停电"))
    life.do("supervisor", DecideAppeal(upheld=True, reason="情况属实"))
    return life


async def viewpoint_of(connection: AsyncConnection, username: str, now: datetime = NOW) -> Viewpoint:
    return await read_viewpoint(connection, EVERYBODY[username], now, "zh")


async def opened_by(connection: AsyncConnection, person: Person, href: str, now: datetime = NOW) -> list[str]:
    """Return the case numbers behind a link, page after page."""
    parts = urlsplit(href)
    assert parts.path == "/api/v1/cases"
    parameters: dict[str, Any] = {
        name: values if name == "stage" else values[0] for name, values in parse_qs(parts.query).items()
    }
    case_filter = CaseFilter.model_validate({**parameters, "limit": 200})
    found: list[str] = []
    with cache_newest_version():
        while True:
            page = await list_cases(connection, person, case_filter, now, "zh")
            found += [item.case_no for item in page.items]
            if page.next_cursor is None:
                assert len(found) == len(set(found)) == page.total
                return found
            case_filter = case_filter.model_copy(update={"cursor": page.next_cursor})


def numbers_in(value: Any) -> list[Number]:
    """Return every number of a view, with its link."""
    if isinstance(value, Number):
        return [value]
    if hasattr(value, "count") and hasattr(value, "cases"):
        return [Number(count=value.count, cases=value.cases)]
    if hasattr(value, "denominator_cases"):
        return [
            Number(count=value.numerator, cases=value.cases),
            Number(count=value.denominator, cases=value.denominator_cases),
        ]
    if isinstance(value, dict):
        return [n for each in value.values() for n in numbers_in(each)]
    if isinstance(value, tuple):
        return [n for each in value for n in numbers_in(each)]
    if hasattr(type(value), "model_fields"):
        return [n for name in type(value).model_fields for n in numbers_in(getattr(value, name))]
    return []


@pytest.mark.parametrize("username", LOOKERS)
async def test_every_figure_opens_exactly_as_many_cases_as_it_counts(engine: AsyncEngine, username: str) -> None:
    person = EVERYBODY[username]
    async with engine.connect() as connection:
        viewpoint = await viewpoint_of(connection, username)
        for since, until in PERIODS:
            period = Period(since, until, NOW)
            counts = (await count_figures(connection, viewpoint.cases_in(), FigureKey, Period(since, until, NOW))).get(
                None, {}
            )
            for key, figure in FIGURES.items():
                dates = {"from": since, "to": until} if figure.timed else {}
                case_filter = CaseFilter.model_validate({"figure": key, **dates})
                listed = await count_cases(connection, person, case_filter, NOW)
                assert listed == counts.get(key, 0), f"{username}, {key}, {period}"


@pytest.mark.parametrize(
    ("username", "grid"),
    # Units out of scope are tested elsewhere.
    [(who, grid) for who in LOOKERS for grid in (None, COMMUNITY, MICRO) if grid is None or who != "other_duty"],
)
async def test_every_number_of_the_board_opens_its_cases(engine: AsyncEngine, username: str, grid: str | None) -> None:
    async with engine.connect() as connection:
        for now in (NOW, START + DAY) if grid is None else (NOW,):
            shown = await read_board(connection, await viewpoint_of(connection, username, now), grid)
            found = numbers_in(shown)
            assert len(found) >= 17
            for number in found:
                cases = await opened_by(connection, EVERYBODY[username], number.cases, now)
                assert len(cases) == number.count, number
            assert sum(n.count for n in shown.totals.lights.values()) == shown.totals.open.count
            assert sum(n.count for n in shown.totals.stages.values()) == shown.totals.open.count
            assert sum(cell.count for cell in shown.totals.cells) == shown.totals.open.count


@pytest.mark.parametrize(
    ("username", "by"),
    [
        (username, by)
        for username in ("supervisor", "auditor", "fire_head")
        for by in RankingBy
        if (username, by) != ("auditor", RankingBy.PERSON)  # a person who leads nobody
    ],
)
async def test_every_number_of_the_ranking_opens_its_cases(engine: AsyncEngine, username: str, by: RankingBy) -> None:
    async with engine.connect() as connection:
        ranking_filter = RankingFilter.model_validate({"by": by, "from": START - DAY, "to": NOW})
        shown = await read_ranking(connection, await viewpoint_of(connection, username), ranking_filter)
        assert shown.rows
        for number in numbers_in(shown):
            cases = await opened_by(connection, EVERYBODY[username], number.cases)
            assert len(cases) == number.count, number


async def test_the_lives_fill_the_figures(engine: AsyncEngine) -> None:
    """The comparisons above are only meaningful where there is something to count."""
    async with engine.connect() as connection:
        viewpoint = await viewpoint_of(connection, "auditor")
        period = Period(*PERIODS[0], NOW)
        counts = (await count_figures(connection, viewpoint.cases_in(), FigureKey, period))[None]
        shown = await read_board(connection, viewpoint, None)
    empty = {key for key, count in counts.items() if not count}
    assert empty <= {FigureKey.LONG_SUSPENDED, FigureKey.EXTENDED, FigureKey.MAJOR, FigureKey.UNTOLD}, empty
    assert len(shown.totals.cells) >= 6
    assert all(n.count for n in (shown.totals.overdue, shown.totals.suspended, shown.totals.urged))


async def test_a_numerator_is_a_part_of_its_denominator(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        for since, until in PERIODS:
            period = Period(since, until, NOW)
            for indicator in INDICATORS.values():
                stray = and_not(
                    figure_condition(indicator.numerator, period), figure_condition(indicator.denominator, period)
                )
                found = (await connection.execute(select(CASES.c.case_no).where(stray))).all()
                assert not found, (indicator.key, found)


def and_not(inside: Any, outside: Any) -> Any:
    return and_(inside, ~func.coalesce(outside, False))


async def test_the_light_in_sql_is_the_light_of_the_rules(engine: AsyncEngine) -> None:
    seen: set[Light] = set()
    async with engine.connect() as connection:
        rows = (await connection.execute(select(CASES.c.case_no, CASES.c.state))).all()
        cases = [Case.model_validate(row.state) for row in rows]
        for now in (START, START + DAY / 2, START + 2 * DAY, NOW):
            for each in Light:
                found = await connection.execute(select(CASES.c.case_no).where(shows_light(each, now)))
                by_rule = {case.case_no for case in cases if case.is_open and light(case, now) is each}
                assert {row.case_no for row in found} == by_rule, (each, now)
                seen |= {each} if by_rule else set()
    assert seen == set(Light)


async def test_the_overdue_audit_lists_the_longest_first_and_each_once(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        viewpoint = await viewpoint_of(connection, "auditor")
        items = [
            one.item
            async for items in stream_overdue(connection, viewpoint, OverdueFilter(), batch_size=2)
            for one in items
        ]
        expected = await opened_by(connection, EVERYBODY["auditor"], "/api/v1/cases?figure=overdue")
        paged: list[OverdueItem] = []
        overdue_filter = OverdueFilter(limit=3)
        while True:
            page = await overdue_page(connection, viewpoint, overdue_filter)
            paged += page.items
            if page.next_cursor is None:
                break
            overdue_filter = overdue_filter.model_copy(update={"cursor": page.next_cursor})
    assert len(items) > 10
    assert [item.case_no for item in paged] == [item.case_no for item in items]
    assert {item.case_no for item in items} == set(expected)
    assert page.total == len(items)
    lateness = [item.late_by for item in items]
    assert lateness == sorted(lateness, reverse=True)
    assert all(item.late_by == NOW - item.overdue_since for item in items)


#: What each column of the list shows, as it is ordered.
COLUMNS: dict[OverdueSort, Callable[[OverdueItem], Any]] = {
    OverdueSort.LATE: lambda item: item.late_by,
    OverdueSort.TITLE: lambda item: item.title.encode(),
    OverdueSort.GRID: lambda item: item.grid,
    OverdueSort.STAGE: lambda item: list(Stage).index(item.stage),
    OverdueSort.HOST: lambda item: (item.host_name or "").encode(),
    OverdueSort.LEVEL: lambda item: item.level,
    OverdueSort.PAUSED: lambda item: round(item.paused.total_seconds()),
    OverdueSort.EXTENSIONS: lambda item: item.extensions,
    OverdueSort.REWORK: lambda item: item.failed_reviews,
    OverdueSort.ACTION: lambda item: item.last_action.at if item.last_action else item.reported_at,
    OverdueSort.URGES: lambda item: len(item.urges),
}


@pytest.mark.parametrize("sort", list(OverdueSort))
async def test_the_overdue_audit_is_sorted_by_any_column(engine: AsyncEngine, sort: OverdueSort) -> None:
    async with engine.connect() as connection:
        viewpoint = await viewpoint_of(connection, "auditor")
        whole = await overdue_page(connection, viewpoint, OverdueFilter(limit=1000))
        for downwards in (False, True):
            asked = OverdueFilter(limit=4, sort=f"-{sort}" if downwards else sort)
            found: list[OverdueItem] = []
            while True:
                page = await overdue_page(connection, viewpoint, asked)
                found += page.items
                if page.next_cursor is None:
                    break
                asked = asked.model_copy(update={"cursor": page.next_cursor})
            assert {item.case_no for item in found} == {item.case_no for item in whole.items}
            assert len(found) == whole.total
            keys = [COLUMNS[sort](item) for item in found]
            assert keys == sorted(keys, reverse=downwards)
        with pytest.raises(BadFilter):
            await overdue_page(connection, viewpoint, OverdueFilter(cursor=cursor_after("overdue", "1"), sort=sort))


async def test_the_overdue_audit_narrows_to_what_became_late_since(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        viewpoint = await viewpoint_of(connection, "auditor")
        whole = await overdue_page(connection, viewpoint, OverdueFilter(limit=1000))
        since = whole.items[len(whole.items) // 2].overdue_since
        found = await overdue_page(connection, viewpoint, OverdueFilter(since=since, limit=1000))
    expected = [item.case_no for item in whole.items if item.overdue_since >= since]
    assert [item.case_no for item in found.items] == expected
    assert 0 < found.total == len(expected) < whole.total


async def test_the_overdue_audit_narrows_to_place_department_and_category(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        viewpoint = await viewpoint_of(connection, "auditor")
        everything = [
            one.item
            async for items in stream_overdue(connection, viewpoint, OverdueFilter(), batch_size=2)
            for one in items
        ]
        for asked in ({"grid": MICRO}, {"grid": OTHER_PARK}, {"category": "01"}, {"department": "fire"}):
            found = [
                one.item
                async for items in stream_overdue(
                    connection, viewpoint, OverdueFilter.model_validate(asked), batch_size=2
                )
                for one in items
            ]
            assert {i.case_no for i in found} <= {i.case_no for i in everything}
            href = "/api/v1/cases?figure=overdue&" + "&".join(f"{k}={v}" for k, v in asked.items())
            assert len(found) == len(await opened_by(connection, EVERYBODY["auditor"], href))


async def test_the_community_sees_no_more_than_its_part(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        whole = await read_board(connection, await viewpoint_of(connection, "auditor"), None)
        part = await read_board(connection, await viewpoint_of(connection, "community_supervisor"), None)
        of_park = await read_board(connection, await viewpoint_of(connection, "supervisor"), PARK)
    assert {row.unit.code for row in part.rows} == {COMMUNITY}
    assert part.totals.open.count <= of_park.totals.open.count < whole.totals.open.count
    assert [row.unit.code for row in of_park.rows] == [COMMUNITY]


async def test_a_department_head_ranks_only_their_own_department(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        ranking_filter = RankingFilter.model_validate({"by": "department", "from": START - DAY, "to": NOW})
        everybody = await read_ranking(connection, await viewpoint_of(connection, "auditor"), ranking_filter)
        own = await read_ranking(connection, await viewpoint_of(connection, "fire_head"), ranking_filter)
    assert len(everybody.rows) == 3
    assert [row.place.code for row in own.rows] == ["fire"]
