"""The tabs of the desk: each lists the work that waits for the reader, counts it, and has pages."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.database import transaction
from infra.store.context import read_person
from models.commands import Accept, AssignReviewer, Claim, Complete, Dispatch, Return
from services.cases.filter import CaseFilter, Sort
from services.cases.lists import list_cases
from services.desk.tab_first_page import first_page
from services.desk.tabs import DeskTab, on_tab, tab_counts, tabs_of
from tests.api.harness import ApiHarness, open_harness
from tests.builders import ENVIRONMENT, LABOUR, OTHER_MICRO, person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCEPTED = ("duty", Accept())
DISPATCHED = ("duty", Dispatch(host=LABOUR))
CLAIMED = ("labour_handler", Claim())
COMPLETED = ("labour_handler", Complete(result="已足额支付"))
ASSIGNED = ("reviewer", AssignReviewer(person="supervisor", reason="回避"))
RETURNED = ("labour_handler", Return(reason="不属本部门"))
HELPED = ("duty", Dispatch(host=LABOUR, co_handlers=(ENVIRONMENT,)))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    """A harness with a case in every stage."""
    async with open_harness(servers, tmp_path_factory.mktemp("tabs")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def cases(harness: ApiHarness) -> dict[str, str]:
    """The case numbers by how far the case has come."""
    at = datetime.now(UTC) - timedelta(minutes=30)
    case_nos = {
        "new": await harness.past(at),
        "accepted": await harness.past(at, ACCEPTED),
        "dispatched": await harness.past(at, ACCEPTED, DISPATCHED),
        "claimed": await harness.past(at, ACCEPTED, DISPATCHED, CLAIMED),
        "completed": await harness.past(at, ACCEPTED, DISPATCHED, CLAIMED, COMPLETED),
        "assigned": await harness.past(at, ACCEPTED, DISPATCHED, CLAIMED, COMPLETED, ASSIGNED),
        "returned": await harness.past(at, ACCEPTED, DISPATCHED, CLAIMED, RETURNED),
        "helped": await harness.past(at, ACCEPTED, HELPED),
        "soon": await harness.past(at, ACCEPTED, DISPATCHED),
        "late": await harness.past(at, ACCEPTED, DISPATCHED),
        "elsewhere": await harness.past(at, by="other_duty", grid=OTHER_MICRO),
    }
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    turn = text("UPDATE cases SET yellow_at = :yellow, red_at = :red, due_at = :due WHERE case_no = :no")
    async with transaction(harness.engine) as connection:
        soon = {"yellow": now - hour, "red": now + hour, "due": now + 2 * hour}
        await connection.execute(turn, {"no": case_nos["soon"], **soon})
        # A red light before the deadline is no longer yellow.
        await connection.execute(turn, {"no": case_nos["late"], **soon, "red": now - hour})
    return case_nos


EXPECTED = {
    "duty": {
        DeskTab.ACCEPTING: {"new"},
        DeskTab.DISPATCHING: {"accepted"},
        DeskTab.SOON: set(),
        DeskTab.DECIDING: {"returned"},
        DeskTab.DONE: {"dispatched", "claimed", "completed", "assigned", "helped", "soon", "late"},
    },
    "other_duty": {
        DeskTab.ACCEPTING: {"elsewhere"},
        DeskTab.DISPATCHING: set(),
        DeskTab.SOON: set(),
        DeskTab.DECIDING: set(),
        DeskTab.DONE: set(),
    },
    "labour_handler": {
        DeskTab.UNCLAIMED: {"dispatched", "helped", "soon", "late"},
        DeskTab.DOING: {"claimed", "returned"},
        DeskTab.SOON: {"soon"},
        DeskTab.RETURNING: {"returned"},
        DeskTab.HELPING: set(),
        DeskTab.URGED: set(),
        DeskTab.DECIDING: set(),
        DeskTab.DONE: {"completed", "assigned"},
    },
    "environment_handler": {
        DeskTab.UNCLAIMED: set(),
        DeskTab.DOING: set(),
        DeskTab.SOON: set(),
        DeskTab.RETURNING: set(),
        DeskTab.HELPING: {"helped"},
        DeskTab.URGED: set(),
        DeskTab.DECIDING: set(),
        DeskTab.DONE: set(),
    },
    "reviewer": {DeskTab.REVIEWING: {"completed"}, DeskTab.SOON: set(), DeskTab.DONE: {"assigned"}},
    "supervisor": {
        DeskTab.SOON: {"soon"},
        DeskTab.DECIDING: {"returned", "assigned"},
        DeskTab.OVERSEEN: set(),
        DeskTab.DONE: set(),
    },
}


@pytest.mark.parametrize("username", EXPECTED)
async def test_each_tab_lists_and_counts_what_waits(harness: ApiHarness, cases: dict[str, str], username: str) -> None:
    now = datetime.now(UTC)
    names = {number: name for name, number in cases.items()}
    async with harness.engine.connect() as connection:
        person = await read_person(connection, person_id(username))
        assert person is not None
        assert set(tabs_of(person, now.date())) == set(EXPECTED[username])
        for tab, case_filter in EXPECTED[username].items():
            here = on_tab(tab, person, now.date(), now)
            found = await list_cases(connection, person, CaseFilter(), now, "zh", here)
            assert {names[item.case_no] for item in found.items} == case_filter, tab
            assert found.total == len(case_filter), tab
        counts = await tab_counts(connection, person, now)
        assert counts == {t: len(c) for t, c in EXPECTED[username].items() if t is not DeskTab.DONE}
        others = {tab: count for tab, count in counts.items() if tab is not DeskTab.SOON}
        assert await tab_counts(connection, person, now, DeskTab.SOON) == others


@pytest.mark.parametrize("sort", ["due_at", "-updated_at"])
@pytest.mark.parametrize("username", EXPECTED)
async def test_the_first_page_of_a_tab_is_that_of_its_list(
    harness: ApiHarness, cases: dict[str, str], username: str, sort: Sort
) -> None:
    """Run twice, a while apart: the cached statement must not keep the time of the first run."""
    case_filter = CaseFilter(sort=sort, limit=2)
    async with harness.engine.connect() as connection:
        person = await read_person(connection, person_id(username))
        assert person is not None
        for now in (datetime.now(UTC) - timedelta(hours=2), datetime.now(UTC)):
            for tab in EXPECTED[username]:
                here = on_tab(tab, person, now.date(), now)
                listed = await list_cases(connection, person, case_filter, now, "zh", here)
                assert await first_page(connection, person, tab, case_filter, now, "zh") == listed, (tab, now)


async def test_a_tab_turns_its_pages_without_losing_count(harness: ApiHarness, cases: dict[str, str]) -> None:
    now = datetime.now(UTC)
    async with harness.engine.connect() as connection:
        person = await read_person(connection, person_id("labour_handler"))
        assert person is not None
        here = on_tab(DeskTab.UNCLAIMED, person, now.date(), now)
        seen: list[str] = []
        cursor = None
        while True:
            case_filter = CaseFilter(sort="due_at", limit=1, cursor=cursor)
            page = await list_cases(connection, person, case_filter, now, "zh", here)
            assert page.total == 4
            seen += [item.case_no for item in page.items]
            if (cursor := page.next_cursor) is None:
                break
    assert len(seen) == len(set(seen)) == 4
