"""An empty tab shows when its last case was handled, by the reader or a colleague of the same place."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from infra.store.context import read_person
from models.commands import Accept, Claim, Complete, Dispatch, PassReview, ReportProgress
from services.desk.last_handled import LastHandled, last_handled
from services.desk.tabs import DONE_WITHIN, DeskTab
from tests.api.harness import ApiHarness, open_harness
from tests.builders import ENVIRONMENT, LABOUR, person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("last")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def closed(harness: ApiHarness) -> str:
    """Close one case, and dispatch a later one."""
    to_labour = (("duty", Accept()), ("duty", Dispatch(host=LABOUR)))
    helped = (("duty", Accept()), ("duty", Dispatch(host=LABOUR, co_handlers=(ENVIRONMENT,))))
    report = ("environment_handler", ReportProgress(note="已配合"))
    done = (
        ("labour_handler", Claim()),
        report,
        ("labour_handler", Complete(result="已付")),
        ("reviewer", PassReview()),
    )
    case_no = await harness.past(datetime.now(UTC) - timedelta(hours=1), *helped, *done)
    await harness.past(datetime.now(UTC) - timedelta(minutes=30), *to_labour)
    return case_no


async def last_on_tab(
    harness: ApiHarness, username: str, tab: DeskTab, now: datetime | None = None
) -> LastHandled | None:
    async with harness.engine.connect() as connection:
        person = await read_person(connection, person_id(username))
        assert person is not None
        return await last_handled(connection, tab, person, now or datetime.now(UTC))


@pytest.mark.parametrize(
    ("username", "tab", "kind"),
    [
        ("duty_2", DeskTab.ACCEPTING, "accepted"),  # a colleague at the same desk did
        ("duty", DeskTab.DISPATCHING, "dispatched"),
        ("labour_handler", DeskTab.UNCLAIMED, "claimed"),
        ("labour_handler", DeskTab.DOING, "completed"),
        ("reviewer", DeskTab.REVIEWING, "review_passed"),
        ("environment_handler", DeskTab.HELPING, "progress_reported"),
    ],
)
async def test_the_last_case_of_a_tab_is_found(
    harness: ApiHarness, closed: str, username: str, tab: DeskTab, kind: str
) -> None:
    found = await last_on_tab(harness, username, tab)
    assert found is not None
    assert found.kind == kind
    facts = await harness.get("admin", f"/cases/{found.case_no}/facts")
    assert [datetime.fromisoformat(fact["at"]) for fact in facts if fact["kind"] == kind] == [found.at]
    assert (found.case_no == closed) is (tab not in (DeskTab.ACCEPTING, DeskTab.DISPATCHING))


@pytest.mark.parametrize(
    ("username", "tab"),
    [
        ("fire_handler", DeskTab.UNCLAIMED),  # another department's
        ("community_duty", DeskTab.ACCEPTING),  # another desk's
        ("labour_handler", DeskTab.HELPING),  # reports as the host alone
        ("labour_handler", DeskTab.SOON),  # empties by itself
    ],
)
async def test_actions_of_others_do_not_count(harness: ApiHarness, closed: str, username: str, tab: DeskTab) -> None:
    assert await last_on_tab(harness, username, tab) is None


async def test_old_actions_do_not_count(harness: ApiHarness, closed: str) -> None:
    later = datetime.now(UTC) + DONE_WITHIN
    assert await last_on_tab(harness, "labour_handler", DeskTab.UNCLAIMED, later) is None
    assert await last_on_tab(harness, "labour_handler", DeskTab.UNCLAIMED, later - timedelta(hours=2)) is not None
