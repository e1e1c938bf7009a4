"""Urge orders that nobody answered: cancelled, ended with their case, and several of one instant."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.store.context import read_person
from models.commands import Accept, AnswerUrge, CancelUrge, Claim, Complete, Dispatch, PassReview, Urge
from models.errors import BadFilter
from models.ids import new_id
from services.criteria.cursors import cursor_after
from services.supervision.urges import UrgeFilter, UrgeLine, UrgeState, get_urge, list_urges
from tests.api.harness import ApiHarness, open_harness
from tests.builders import LABOUR, person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime.now(UTC)
AT = NOW - timedelta(days=2)
HANDLING = (("duty", Accept()), ("duty", Dispatch(host=LABOUR)), ("labour_handler", Claim()))
#: How many orders there are in each state.
EXPECTED = {UrgeState.LATE: 1, UrgeState.ANSWERED: 1, UrgeState.ENDED: 2}
UNLOCKED = text("ALTER TABLE facts DISABLE TRIGGER facts_stay")
CLOSED = (("labour_handler", Complete(result="已发放")), ("reviewer", PassReview()))


def order(note: str, reply_by: datetime = NOW - timedelta(hours=3)) -> tuple[str, Urge]:
    return "supervisor", Urge(reply_by=reply_by, note=note)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("urges")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def cases(harness: ApiHarness) -> dict[str, str]:
    """The case numbers by what became of their orders."""
    cancelled = ("supervisor", CancelUrge(urge=1, reason="发错了"))
    answered = ("labour_handler", AnswerUrge(urge=2, note="已约谈企业"))
    return {
        "cancelled": await harness.past(AT, *HANDLING, order("第一件"), order("第二件"), cancelled, answered),
        "lapsed": await harness.past(AT, *HANDLING, order("未答复"), *CLOSED),
        "late": await harness.past(AT, *HANDLING, order("逾期")),
    }


async def listed(harness: ApiHarness, **fields: object) -> tuple[UrgeLine, ...]:
    async with harness.engine.connect() as connection:
        supervisor = await read_person(connection, person_id("supervisor"))
        assert supervisor is not None
        page = await list_urges(connection, supervisor, UrgeFilter.model_validate(fields), NOW, "zh")
        for state in set(UrgeState) - {UrgeState.ANSWERED_LATE}:
            assert page.counts[state] == EXPECTED.get(state, 0)
        return page.items


async def test_an_order_that_ended_is_neither_waiting_nor_late(harness: ApiHarness, cases: dict[str, str]) -> None:
    ended = {line.note: line for line in await listed(harness, state="ended")}
    assert set(ended) == {"第一件", "未答复"}
    taken_back, lapsed = ended["第一件"], ended["未答复"]
    assert (taken_back.cancelled_why, taken_back.answer, taken_back.late_by) == ("发错了", None, None)
    assert taken_back.cancelled_by == "园区督查员"
    assert (lapsed.cancelled_by, lapsed.cancelled_why) == (None, None)
    assert lapsed.ended_at is not None
    assert [line.note for line in await listed(harness, state="late")] == ["逾期"]


async def test_an_answer_belongs_to_the_order_of_its_number(harness: ApiHarness, cases: dict[str, str]) -> None:
    (answered,) = await listed(harness, state="answered")
    assert (answered.number, answered.note, answered.answer) == (2, "第二件", "已约谈企业")
    async with harness.engine.connect() as connection:
        supervisor = await read_person(connection, person_id("supervisor"))
        assert supervisor is not None
        first = await get_urge(connection, supervisor, cases["cancelled"], 1, NOW, "zh")
    assert (first.note, first.state, first.answer) == ("第一件", UrgeState.ENDED, None)


async def test_a_page_ends_between_two_orders_of_one_instant(harness: ApiHarness, cases: dict[str, str]) -> None:
    """Orders of a person and of the clock may be recorded in one step, at one moment."""
    async with harness.engine.begin() as connection:
        await connection.execute(UNLOCKED)
        await connection.execute(
            text(
                "UPDATE facts SET at = (SELECT min(f.at) FROM facts f WHERE f.report_id = facts.report_id"
                " AND f.kind = 'urged') WHERE kind = 'urged'"
                " AND report_id = (SELECT report_id FROM cases WHERE case_no = :no)"
            ),
            {"no": cases["cancelled"]},
        )
    every = [(line.case.case_no, line.number) for line in await listed(harness)]
    assert len(every) == 4
    async with harness.engine.connect() as connection:
        supervisor = await read_person(connection, person_id("supervisor"))
        assert supervisor is not None
        turned, cursor = [], None
        for _ in range(len(every)):
            page = await list_urges(connection, supervisor, UrgeFilter(limit=1, cursor=cursor), NOW, "zh")
            turned += [(line.case.case_no, line.number) for line in page.items]
            cursor = page.next_cursor
        assert (turned, cursor) == (every, None)
        for keys in (("x", str(new_id()), "1"), (NOW.isoformat(), "x", "1"), (NOW.isoformat(), str(new_id()), "-1"),
                     (NOW.isoformat(), str(UUID(int=1)))):  # fmt: skip
            with pytest.raises(BadFilter):
                await list_urges(connection, supervisor, UrgeFilter(cursor=cursor_after("urges", *keys)), NOW, "zh")


async def test_an_order_of_before_ends_with_its_case_though_its_number_comes_again(
    harness: ApiHarness, cases: dict[str, str]
) -> None:
    """Recorded by an earlier version: closing said nothing of the order, whose number came again."""
    no = cases["lapsed"]
    async with harness.engine.begin() as connection:
        parameters = {"no": no}
        await connection.execute(UNLOCKED)
        await connection.execute(
            text(
                "DELETE FROM facts WHERE kind = 'urge_lapsed'"
                " AND report_id = (SELECT report_id FROM cases WHERE case_no = :no)"
            ),
            parameters,
        )
        copied = text(
            "INSERT INTO facts SELECT (jsonb_populate_record(f, jsonb_build_object('seq', f.seq + 100,"
            " 'command_id', gen_random_uuid(), 'body', f.body || jsonb_build_object('note', '第二轮')))).* FROM facts f"
            " WHERE f.kind = 'urged' AND f.report_id = (SELECT report_id FROM cases WHERE case_no = :no)"
        )
        await connection.execute(copied, parameters)
        supervisor = await read_person(connection, person_id("supervisor"))
        assert supervisor is not None
        page = await list_urges(connection, supervisor, UrgeFilter(), NOW, "zh")
    found = {line.note: line.state for line in page.items if line.case.case_no == no}
    assert found == {"未答复": UrgeState.ENDED, "第二轮": UrgeState.LATE}
