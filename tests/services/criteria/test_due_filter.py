"""The filter by time limit: which open case each choice includes, to the second."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.database import transaction
from infra.store.context import read_person
from models.commands import Reject
from services.cases.filter import CaseFilter
from services.cases.lists import list_cases
from services.criteria.due_filter import DueWithin
from tests.api.harness import ApiHarness, open_harness
from tests.builders import person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: 22:15 local time: four hours reach into tomorrow, and the date differs in UTC.
NOW = datetime(2026, 11, 22, 22, 15, tzinfo=ZoneInfo("Asia/Shanghai"))
MIDNIGHT = datetime(2026, 11, 23, tzinfo=ZoneInfo("Asia/Shanghai"))
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
#: By name: the deadline of the stage, of the whole case, and when the passing of one was recorded.
DEADLINES = {
    "passed": (NOW, None, None),
    "whole passed": (NOW + DAY, NOW - SECOND, None),
    "missed, then moved": (NOW + HOUR, None, NOW - DAY),
    "at once": (NOW + SECOND, None, None),
    "at midnight": (MIDNIGHT, None, None),
    "after midnight": (MIDNIGHT + SECOND, None, None),
    "whole first": (NOW + 3 * DAY, NOW + 4 * HOUR, None),
    "a day": (NOW + DAY, None, None),
    "after tomorrow": (MIDNIGHT + DAY + SECOND, None, None),
    "end of the week": (MIDNIGHT + 6 * DAY, None, None),
    "next week": (MIDNIGHT + 6 * DAY + SECOND, None, None),
    "stopped": (None, None, None),
    "closed": (NOW + HOUR, None, None),
}
FOUND = {
    DueWithin.OVERDUE: {"passed", "whole passed", "missed, then moved"},
    DueWithin.HOURS_4: {"at once", "at midnight", "after midnight", "whole first"},
    DueWithin.HOURS_24: {"at once", "at midnight", "after midnight", "whole first", "a day"},
    DueWithin.TODAY: {"at once", "at midnight"},
    DueWithin.TOMORROW: {"after midnight", "whole first", "a day"},
    DueWithin.WEEK: {
        "at once", "at midnight", "after midnight", "whole first", "a day", "after tomorrow", "end of the week",
    },
    DueWithin.NONE: {"stopped"},
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    """A harness with a case for each deadline."""
    async with open_harness(servers, tmp_path_factory.mktemp("due")) as opened:
        at = datetime.now(UTC) - timedelta(minutes=30)
        rejected = ("duty", Reject(reason="非本园", right_channel="12345"))
        turn = text("UPDATE cases SET due_at = :due, whole_due_at = :whole, overdue_at = :missed WHERE case_no = :no")
        case_nos = {
            name: await opened.past(at, *((rejected,) if name == "closed" else ()), title=name) for name in DEADLINES
        }
        async with transaction(opened.engine) as connection:
            for name, (due, whole, missed) in DEADLINES.items():
                parameters = {"no": case_nos[name], "due": due, "whole": whole, "missed": missed}
                await connection.execute(turn, parameters)
        yield opened


@pytest.mark.parametrize("due", DueWithin)
async def test_each_choice_holds_what_falls_due_then(harness: ApiHarness, due: DueWithin) -> None:
    async with harness.engine.connect() as connection:
        person = await read_person(connection, person_id("admin"))
        assert person is not None
        page = await list_cases(connection, person, CaseFilter(due=due), NOW, "zh")
    assert {item.title for item in page.items} == FOUND[due]
    assert page.total == len(FOUND[due])


async def test_a_choice_that_does_not_exist_is_refused(harness: ApiHarness) -> None:
    answer = await harness.ask("admin", "/cases", due="someday")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/due"
