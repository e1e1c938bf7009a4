"""Board, ladder, urge orders, inspections and analysis: each number counts the cases that its link opens."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import pytest_asyncio

from infra.store.context import read_person
from models.commands import (
    Accept,
    AnswerUrge,
    Claim,
    Complete,
    Dispatch,
    Escalate,
    GrantSuspension,
    Location,
    PassReview,
    RequestExtension,
    RequestReopen,
    RequestSuspension,
    Urge,
)
from models.enums import Level, Light, UrgeKind
from models.errors import InputError, NoSuchCase, NotYours
from models.figures import FigureKey
from models.ids import new_id
from services.cases.filter import CaseFilter
from services.cases.lists import list_cases
from services.figures.viewpoint import Viewpoint, read_viewpoint
from services.figures.views import Number
from services.supervision.analysis import analyse
from services.supervision.board import read_board
from services.supervision.escalations import LadderFilter, read_ladder
from services.supervision.inspections import InspectionDraft, Verdict, list_inspections, record_inspection
from services.supervision.map import feature_text, list_points, read_map
from services.supervision.overdue import OverdueFilter, overdue_page
from services.supervision.overview import (
    board_rates,
    climbed_by_level,
    daily_changes,
    decisions_waiting,
    departments_by_light,
    same_time_yesterday,
)
from services.supervision.urges import UrgeFilter, UrgeState, default_reply_by, get_urge, list_urges
from tests.api.harness import ApiHarness, open_harness
from tests.builders import COMMUNITY, LABOUR, MICRO, MICRO_2, OTHER_MICRO, PARK, person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOUR = timedelta(hours=1)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    """The tiny park with cases that climb, wait, were urged and are closed."""
    async with open_harness(servers, tmp_path_factory.mktemp("overview")) as count_opened:
        now = datetime.now(UTC)
        accept, to_labour = ("duty", Accept()), ("duty", Dispatch(host=LABOUR))
        claim, complete = ("labour_handler", Claim()), ("labour_handler", Complete(result="已处理"))
        urge = ("supervisor", Urge(reply_by=now + 30 * HOUR, note="请说明"))
        made: tuple[tuple[timedelta, tuple[Any, ...], dict[str, Any]], ...] = (
            (0.2 * HOUR, (), {"location": Location(lat=38.005, lon=117.005)}),
            (100 * HOUR, (accept, to_labour, claim), {"grid": MICRO_2, "location": Location(lat=38.005, lon=117.015)}),
            (90 * HOUR, (accept, to_labour, claim, ("supervisor", Escalate(reason="久拖"))), {}),
            (9 * HOUR, (accept, to_labour, claim,
                        ("labour_handler", RequestExtension(until=now + 90 * HOUR, reason="材料未到"))), {}),
            (8 * HOUR, (accept, to_labour, claim, urge, ("labour_handler", AnswerUrge(note="已安排"))), {}),
            (7 * HOUR, (accept, to_labour, claim, urge), {}),
            (9 * HOUR, (accept, to_labour,
                        ("labour_handler", RequestSuspension(until=now + 200 * HOUR, reason="等待")),
                        ("supervisor", GrantSuspension())), {}),
            (200 * HOUR, (accept, to_labour, claim, complete, ("reviewer", PassReview())), {}),
            (30 * HOUR, (accept, to_labour, claim, complete, ("reviewer", PassReview()),
                         ("worker", RequestReopen(reason="又犯"))), {}),
            (150 * HOUR, (("other_duty", Accept()),), {"grid": OTHER_MICRO, "by": "other_duty"}),
        )  # fmt: skip
        for ago, commands, fields in made:
            await count_opened.past(now - ago, *commands, **fields)
        yield count_opened


async def viewpoint_of(harness: ApiHarness, username: str, connection: Any, language: str = "zh") -> Viewpoint:
    """Return the viewpoint of a user, now."""
    person = await read_person(connection, person_id(username))
    return await read_viewpoint(connection, person, datetime.now(UTC), language)


async def count_opened(connection: Any, viewpoint: Viewpoint, number: Number) -> int:
    """Return how many cases the link of a number opens."""
    pairs = dict(parse_qsl(urlsplit(number.cases).query))
    assert viewpoint.person is not None
    case_filter = CaseFilter.model_validate({**pairs, "limit": 200})
    return (await list_cases(connection, viewpoint.person, case_filter, viewpoint.now, "zh")).total


@pytest.mark.parametrize("username", ["supervisor", "community_supervisor", "auditor", "labour_head"])
@pytest.mark.parametrize("grid", [None, COMMUNITY])
async def test_every_number_opens_exactly_its_cases(harness: ApiHarness, username: str, grid: str | None) -> None:
    async with harness.engine.connect() as connection:
        viewpoint = await viewpoint_of(harness, username, connection)
        numbers: list[Number] = []
        for row in await departments_by_light(connection, viewpoint, grid):
            numbers += [row.open, row.overdue, *row.lights.values()]
            assert sum(number.count for number in row.lights.values()) == row.open.count
        numbers += [one.number for one in await decisions_waiting(connection, viewpoint, grid)]
        numbers += [one.number for one in await climbed_by_level(connection, viewpoint, grid)]
        for rate in await board_rates(
            connection, viewpoint, grid, viewpoint.days(viewpoint.day - timedelta(days=30), viewpoint.day)
        ):
            numbers.append(Number(count=rate.numerator, cases=rate.cases))
            numbers.append(Number(count=rate.denominator, cases=rate.denominator_cases))
        for column in (await read_ladder(connection, viewpoint, LadderFilter(grid=grid, all=True))).columns:
            numbers.append(column.number)
            assert len(column.cases) == column.number.count
        for unit in (await read_map(connection, viewpoint, grid)).units:
            numbers += [unit.open, unit.overdue]
        found = await analyse(connection, viewpoint, grid, viewpoint.day - timedelta(days=40), viewpoint.day)
        numbers += [number for span in found.spans for number in (span.reported, span.closed)]
        numbers += [one.reported for one in found.categories]
        for number in numbers:
            assert await count_opened(connection, viewpoint, number) == number.count, number
    assert any(number.count for number in numbers)


async def test_departments_add_up_to_the_board(harness: ApiHarness) -> None:
    async with harness.engine.connect() as connection:
        viewpoint = await viewpoint_of(harness, "supervisor", connection)
        shown = await read_board(connection, viewpoint, None)
        rows = await departments_by_light(connection, viewpoint, None)
    (labour,) = rows
    assert labour.code == LABOUR
    unhosted = shown.totals.stages["receive"].count + shown.totals.stages["dispatch"].count  # type: ignore[index]
    assert labour.open.count + unhosted == shown.totals.open.count
    assert labour.lights[Light.GREY].count == 1


async def test_open_decisions_and_climbed_cases(harness: ApiHarness) -> None:
    async with harness.engine.connect() as connection:
        viewpoint = await viewpoint_of(harness, "supervisor", connection)
        waiting = {one.key: one.number.count for one in await decisions_waiting(connection, viewpoint, None)}
        climbed = {one.level: one.number.count for one in await climbed_by_level(connection, viewpoint, None)}
        elsewhere = await viewpoint_of(harness, "labour_head", connection)
        theirs = await climbed_by_level(connection, elsewhere, PARK)
    assert waiting[FigureKey.PENDING_EXTENSION] == 1
    assert waiting[FigureKey.PENDING_REOPEN] == 1
    assert waiting[FigureKey.PENDING_RETURN] == 0
    assert sum(climbed.values()) == 1
    assert climbed[Level.MICRO_GRID] == 0
    assert sum(one.number.count for one in theirs) == 1


async def test_days_and_yesterday(harness: ApiHarness) -> None:
    async with harness.engine.connect() as connection:
        viewpoint = await viewpoint_of(harness, "auditor", connection)
        days = await daily_changes(connection, viewpoint, None)
        yesterday = await same_time_yesterday(connection, viewpoint, None)
        shown = await read_board(connection, viewpoint, None)
    assert days[-1].reported == shown.totals.reported_today.count
    assert days[-2].reported >= yesterday.reported


async def test_the_overdue_list_has_the_last_action_and_repeats_its_sample(harness: ApiHarness) -> None:
    async with harness.engine.connect() as connection:
        viewpoint = await viewpoint_of(harness, "supervisor", connection)
        page = await overdue_page(connection, viewpoint, OverdueFilter())
        one = await overdue_page(connection, viewpoint, OverdueFilter(sample=1, seed="abc"))
        again = await overdue_page(connection, viewpoint, OverdueFilter(sample=1, seed="abc"))
        # Two cases are overdue here: each seed draws either, so that 64 seeds that all draw the same one are no chance.
        drawn = {
            (await overdue_page(connection, viewpoint, OverdueFilter(sample=1, seed=f"s{n}"))).items[0].case_no
            for n in range(64)
        }
    assert all(item.last_action is not None for item in page.items)
    assert {item.last_action.kind for item in page.items if item.last_action} >= {"claimed"}
    assert [item.case_no for item in one.items] == [item.case_no for item in again.items]
    assert one.total == page.total
    assert drawn == {item.case_no for item in page.items}


async def test_urge_orders_by_state_and_with_their_answers(harness: ApiHarness) -> None:
    now = datetime.now(UTC)
    async with harness.engine.connect() as connection:
        supervisor = await read_person(connection, person_id("supervisor"))
        other = await read_person(connection, person_id("other_duty"))
        assert supervisor is not None
        assert other is not None
        every = await list_urges(connection, supervisor, UrgeFilter(), now, "zh")
        late = await list_urges(connection, supervisor, UrgeFilter(state=UrgeState.LATE), now + 31 * HOUR, "zh")
        first = await list_urges(connection, supervisor, UrgeFilter(limit=1), now, "zh")
        second = await list_urges(connection, supervisor, UrgeFilter(limit=1, cursor=first.next_cursor), now, "zh")
        nothing = await list_urges(connection, other, UrgeFilter(), now, "zh")
        answered = next(line for line in every.items if line.answer)
        shown = await get_urge(connection, supervisor, answered.case.case_no, answered.number, now, "zh")
        with pytest.raises(NoSuchCase):
            await get_urge(connection, other, answered.case.case_no, answered.number, now, "zh")
        usual = await default_reply_by(connection, UrgeKind.ORDINARY, now)
    assert every.counts[UrgeState.WAITING] == 1
    assert every.counts[UrgeState.ANSWERED] == 1
    assert (answered.answer, answered.state) == ("已安排", UrgeState.ANSWERED)
    assert [line.state for line in late.items] == [UrgeState.LATE]
    assert {first.items[0].case.case_no, second.items[0].case.case_no} == {line.case.case_no for line in every.items}
    assert nothing.items == ()
    assert shown == answered
    assert usual > now


async def test_a_verdict_counts_once_and_only_a_supervisor_of_the_case_gives_it(harness: ApiHarness) -> None:
    now = datetime.now(UTC)
    draft = InspectionDraft(id=new_id(), verdict=Verdict.PROBLEM, note="照片不清")
    async with harness.engine.begin() as connection:
        people = {name: await read_person(connection, person_id(name)) for name in
                  ("supervisor", "auditor", "labour_handler", "community_supervisor")}  # fmt: skip
        supervisor = people["supervisor"]
        assert supervisor is not None
        viewpoint = await viewpoint_of(harness, "supervisor", connection)
        case_no = (await overdue_page(connection, viewpoint, OverdueFilter())).items[0].case_no
        for refused in ("auditor", "labour_handler"):
            person = people[refused]
            assert person is not None
            with pytest.raises(NotYours):
                await record_inspection(connection, person, case_no, draft, now)
        with pytest.raises(InputError):
            await record_inspection(
                connection, supervisor, case_no, InspectionDraft(id=new_id(), verdict=Verdict.PROBLEM), now
            )
        for _ in range(2):
            await record_inspection(connection, supervisor, case_no, draft, now)
        found = await list_inspections(connection, supervisor, [case_no], now)
    assert [(one.verdict, one.note) for one in found] == [(Verdict.PROBLEM, "照片不清")]


async def test_the_map_draws_only_what_is_in_scope(harness: ApiHarness) -> None:
    async with harness.engine.connect() as connection:
        viewpoint = await viewpoint_of(harness, "community_supervisor", connection)
        data = await read_map(connection, viewpoint, None, 4)
        text = await feature_text(connection, viewpoint, [MICRO, MICRO_2, OTHER_MICRO])
        points = await list_points(connection, viewpoint, COMMUNITY)
        boxed = await list_points(connection, viewpoint, None, (117.0, 38.0, 117.01, 38.01))
    assert [unit.unit.code for unit in data.units] == [MICRO, MICRO_2]
    assert data.units[0].density is not None
    assert OTHER_MICRO not in text
    assert MICRO in text
    assert (points.total, len(points.items)) == (2, 2)
    assert [round(point.lon, 3) for point in boxed.items] == [117.005]


async def test_the_analysis_places_hours_where_the_cases_are(harness: ApiHarness) -> None:
    async with harness.engine.connect() as connection:
        viewpoint = await viewpoint_of(harness, "auditor", connection)
        found = await analyse(connection, viewpoint, None, viewpoint.day - timedelta(days=40), viewpoint.day)
    reported = sum(span.reported.count for span in found.spans)
    assert sum(map(sum, found.hours)) == reported == sum(one.reported.count for one in found.categories)
    assert sum(one.cases for one in found.durations) == sum(span.closed.count for span in found.spans)
