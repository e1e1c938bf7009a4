"""The case and the board as they were: equal to what was answered then, for who may see the case now and then."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.api.harness import WAGES, ApiHarness, open_harness
from tests.builders import PARK
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Fields that depend on the moment of asking, and what the past does not have.
MOVING = {"left", "as_of", "allowed_commands", "clocks"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("as-of")) as opened:
        yield opened


async def a_case(harness: ApiHarness, **fields: Any) -> str:
    sent = await harness.send("worker", "/cases", {"report_id": str(uuid4()), **WAGES, **fields})
    assert sent.status_code == 201
    return str(sent.json()["case_no"])


async def do(harness: ApiHarness, who: str, no: str, command: str, **body: Any) -> None:
    answer = await harness.send(who, f"/cases/{no}/commands/{command}", body)
    assert answer.status_code == 200, answer.text


async def look(harness: ApiHarness, who: str, path: str, moment: datetime | None = None) -> Any:
    params: dict[str, Any] = {} if moment is None else {"as_of": moment.isoformat()}
    answer = await harness.ask(who, path, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def without_lists(board: Any) -> Any:
    """The board without vacancies and addresses of lists, which the past does not have."""
    if isinstance(board, dict):
        return {key: without_lists(value) for key, value in board.items() if key not in ("cases", "alarms", "as_of")}
    return [without_lists(one) for one in board] if isinstance(board, list) else board


async def test_case_and_board_of_each_moment_are_those_answered_then(harness: ApiHarness) -> None:
    no = await a_case(harness, title="回看")
    other = await a_case(harness, title="另一件")
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("duty", "accept", {}),
        ("duty", "dispatch", {"host": "labour"}),
        ("labour_handler", "request_extension", {"reason": "取证", "until": "DUE+2"}),
        ("duty", "grant_extension", {}),
        ("labour_handler", "claim", {}),
        ("supervisor", "urge", {"note": "速办", "reply_by": "NOW+1"}),
        ("labour_handler", "complete", {"result": "已付清"}),
        ("reviewer", "pass_review", {}),
        ("worker", "request_reopen", {"reason": "又停付"}),
        ("supervisor", "grant_reopen", {}),
    ]
    then: list[tuple[datetime, Any, Any, Any]] = []
    for who, command, body in steps:
        due = datetime.fromisoformat((await look(harness, "duty", f"/cases/{no}"))["due_at"] or START)
        values = {"DUE+2": due + timedelta(days=2), "NOW+1": datetime.now(UTC) + timedelta(days=1)}
        sent = {key: values[value].isoformat() if value in values else value for key, value in body.items()}
        await do(harness, who, no, command, **sent)
        if command == "urge":
            await do(harness, "duty", other, "void", reason="重复")
        boards = [await look(harness, "supervisor", path) for path in BOARDS]
        then.append((datetime.now(UTC), await look(harness, "duty", f"/cases/{no}"), *boards))
    for moment, case, *boards in then:
        past = await look(harness, "duty", f"/cases/{no}", moment)
        assert {key: value for key, value in past.items() if key not in MOVING} == {
            key: value for key, value in case.items() if key not in MOVING
        }
        assert (past["allowed_commands"], datetime.fromisoformat(past["as_of"])) == ([], moment)
        for path, board in zip(BOARDS, boards, strict=True):
            earlier = await look(harness, "supervisor", path, moment)
            assert without_lists(earlier) == without_lists(board)
            assert datetime.fromisoformat(earlier["as_of"]) == moment
    # The board of now is still that of now, on the same connections.
    assert without_lists(await look(harness, "supervisor", BOARDS[0])) == without_lists(then[-1][2])


START = "2026-01-01T00:00:00+00:00"
BOARDS = ("/supervision/board", f"/supervision/board?grid={PARK}")


async def test_the_moment_of_a_fact_counts_and_the_one_before_does_not(harness: ApiHarness) -> None:
    no = await a_case(harness)
    await do(harness, "duty", no, "accept")
    await do(harness, "duty", no, "dispatch", host="labour")
    facts = await look(harness, "duty", f"/cases/{no}/facts")
    moments = {fact["kind"]: datetime.fromisoformat(fact["at"]) for fact in facts}
    dispatched = moments["dispatched"]
    assert (await look(harness, "duty", f"/cases/{no}", dispatched))["stage"] == "handle"
    assert (await look(harness, "duty", f"/cases/{no}", dispatched - timedelta(microseconds=1)))["stage"] == "dispatch"
    before = await harness.ask(
        "duty", f"/cases/{no}", as_of=(moments["received"] - timedelta(microseconds=1)).isoformat()
    )
    assert before.status_code == 404


async def test_scope_is_that_of_today_and_of_then(harness: ApiHarness) -> None:
    """A department that takes part since the dispatch does not see what was before; a stranger sees nothing."""
    no = await a_case(harness)
    await do(harness, "duty", no, "accept")
    accepted = datetime.now(UTC)
    await do(harness, "duty", no, "dispatch", host="labour")
    now = datetime.now(UTC)
    assert (await look(harness, "labour_handler", f"/cases/{no}", now))["stage"] == "handle"
    for who, moment in (("labour_handler", accepted), ("fire_handler", now), ("other_duty", now)):
        answer = await harness.ask(who, f"/cases/{no}", as_of=moment.isoformat())
        missing = await harness.ask(who, "/cases/130172100-20260101-9999", as_of=moment.isoformat())
        assert (answer.status_code, missing.status_code) == (404, 404), who
        assert answer.json()["code"] == missing.json()["code"]


@pytest.mark.parametrize("moment", ["2026-11-29T10:00:00", "yesterday", "", "1", "2999-01-01T00:00:00Z"])
@pytest.mark.parametrize("path", ["/cases/{no}", "/supervision/board"])
async def test_what_is_no_past_moment_is_refused(harness: ApiHarness, path: str, moment: str) -> None:
    no = await a_case(harness)
    answer = await harness.ask("supervisor", path.format(no=no), as_of=moment)
    assert answer.status_code == 422
    assert (await harness.ask("worker", "/supervision/board", as_of="2026-01-01T00:00:00Z")).status_code == 403
