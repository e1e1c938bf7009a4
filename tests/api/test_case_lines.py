"""A line of a list or a workbook is told from columns, and says what the whole case says."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from infra.database import transaction
from infra.store.context import read_person
from models.case import Case
from models.commands import (
    Abort,
    Accept,
    Claim,
    Complete,
    Dispatch,
    GrantSuspension,
    PassReview,
    Reject,
    RequestSuspension,
    Withdraw,
)
from models.tables import CASES
from models.views import CaseItem
from services.cases.filter import CaseFilter
from services.cases.lists import list_cases, stream_cases
from services.cases.names import read_names
from services.cases.views import case_item
from tests.api.harness import ApiHarness, open_harness
from tests.builders import LABOUR, MICRO_2, person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = timedelta(hours=1)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    """Cases at every stage, owned by units, departments and people, in time, late and stopped, closed in every way."""
    async with open_harness(servers, tmp_path_factory.mktemp("lines")) as opened:
        now = datetime.now(UTC)
        accept, to_labour = ("duty", Accept()), ("duty", Dispatch(host=LABOUR))
        claim, complete = ("labour_handler", Claim()), ("labour_handler", Complete(result="已处理"))
        stop = ("labour_handler", RequestSuspension(until=now + timedelta(days=9), reason="等待材料"))
        made: tuple[tuple[float, tuple[Any, ...], dict[str, Any]], ...] = (
            (0.1, (), {}),
            (80, (), {"title": "已过受理时限", "grid": MICRO_2}),
            (9, (accept,), {}),
            (30, (accept, to_labour), {}),
            (900, (accept, to_labour, claim), {"severity": "urgent"}),
            (9, (accept, to_labour, stop, ("supervisor", GrantSuspension())), {}),
            (40, (accept, to_labour, claim, complete), {}),
            (41, (accept, to_labour, claim, ("labour_handler", Abort(reason="当事人不配合"))), {}),
            (200, (accept, to_labour, claim, complete, ("reviewer", PassReview())), {}),
            (50, (("duty", Reject(reason="不在本园区", right_channel="12345")),), {}),
            (51, (("worker", Withdraw(reason="已自行解决")),), {}),
        )
        for ago, commands, fields in made:
            await opened.past(now - ago * HOUR, *commands, **fields)
        yield opened


Told = tuple[list[CaseItem], list[CaseItem], list[CaseItem]]


async def lines(harness: ApiHarness, wanted: CaseFilter, now: datetime, language: str) -> Told:
    """The list as its page has it, as a workbook has it, and as it is told from the whole of each case."""
    async with harness.engine.connect() as connection:
        person = await read_person(connection, person_id("supervisor"))
        assert person is not None
        page = await list_cases(connection, person, wanted, now, language)
        stream = stream_cases(connection, person, wanted, now, language, batch_size=3)
        streamed = [one.item async for items in stream for one in items]
        states = dict((await connection.execute(select(CASES.c.case_no, CASES.c.state))).all())
        cases = [Case.model_validate(states[item.case_no]) for item in page.items]
        names = await read_names(connection, cases, language)
        return list(page.items), streamed, [case_item(case, names, now) for case in cases]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("later", [timedelta(), timedelta(days=30)])
@pytest.mark.parametrize("sort", ["-reported_at", "due_at"])
async def test_list_workbook_and_case_agree(harness: ApiHarness, language: str, later: timedelta, sort: Any) -> None:
    listed, streamed, whole = await lines(harness, CaseFilter(sort=sort, limit=50), datetime.now(UTC) + later, language)
    assert listed == whole
    assert streamed == whole
    assert {item.stage for item in listed} == {"receive", "dispatch", "handle", "review", "closed"}
    assert {item.owner.kind for item in listed if item.owner is not None} == {"unit", "department", "person"}
    assert {"red", "grey"} <= {item.light for item in listed}


async def test_a_case_closed_late_is_red_by_any_of_its_deadlines(harness: ApiHarness) -> None:
    now = datetime.now(UTC)
    closed = CaseFilter(stage=("closed",))
    (first, *_), _, _ = await lines(harness, closed, now, "zh")
    for late, light in ((["handle"], "red"), (["whole"], "red"), ([], "green")):
        async with transaction(harness.engine) as connection:
            changed = update(CASES).where(CASES.c.case_no == first.case_no).values(late_stages=late)
            await connection.execute(changed)
        listed, streamed, _ = await lines(harness, closed, now, "zh")
        for told in (listed, streamed):
            assert {item.case_no: item.light for item in told}[first.case_no] == light


async def test_a_list_not_read_to_its_end_returns_its_connection(harness: ApiHarness) -> None:
    async with harness.engine.connect() as connection:
        person = await read_person(connection, person_id("supervisor"))
        assert person is not None
        stream = stream_cases(connection, person, CaseFilter(), datetime.now(UTC), "zh", batch_size=2)
        assert len(await anext(stream)) == 2
        await stream.aclose()
        assert await read_person(connection, person_id("supervisor")) == person
