"""Topics, the claim board and meetings with the real stores: what is collected becomes something, once each."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.errors import (
    AlreadyClaimed,
    ClaimForOthers,
    InputError,
    MatterEnded,
    MatterNotNow,
    NotYours,
    UnknownCategory,
    UnknownDepartment,
)
from models.matters.base import MatterKind
from models.matters.claim import Claim
from models.matters.meeting import Meeting
from models.matters.topic import Topic
from services.matters.queries import get_matter
from services.wording.matters.registry import fact_sentence, overdue_label, part_names
from tests.builders import ENVIRONMENT, FIRE, GRID, LABOUR, MICRO, PARK
from tests.services.matters.hall import Hall, eventually

TOPIC, CLAIM, MEETING, UNDERTAKING = (
    MatterKind.TOPIC, MatterKind.CLAIM, MatterKind.MEETING, MatterKind.UNDERTAKING,
)  # fmt: skip
SOON = "2099-06-30"


async def submit(hall: Hall, who: str = "worker", **changed: Any) -> str:
    """Submit a topic, and return its code."""
    fields = {"name": "印染污泥处置难", "grid": MICRO, "text": "三家企业堆存超量", "source": "visit", **changed}
    return (await hall.begin(who, TOPIC, **fields)).receipt.code


async def post(hall: Hall, **changed: Any) -> str:
    """Put an item on the board, and return its code."""
    fields = {"name": "排口溯源", "grid": PARK, "text": "查清 12 处排口", "due_on": SOON, **changed}
    return (await hall.begin("supervisor", CLAIM, **fields)).receipt.code


async def settled(hall: Hall, kind: MatterKind, code: str) -> Any:
    """The matter once everything it asked for has come back."""

    async def all_back() -> bool:
        return not (await hall.look(kind, code)).opening and await hall.waiting_effects() == 0

    await eventually(all_back)
    return await hall.look(kind, code)


async def test_a_topic_becomes_a_case(hall: Hall) -> None:
    code = await submit(hall)
    with pytest.raises(NotYours):
        await hall.do("worker", TOPIC, code, "audit", decision="agenda")
    await hall.do("duty", TOPIC, code, "audit", decision="case", category="0103")
    topic = await settled(hall, TOPIC, code)
    assert isinstance(topic, Topic)
    assert topic.outcome is not None
    case = await hall.town.case(topic.outcome)
    received = (await hall.town.facts(topic.outcome))[0].body
    assert case.grid == MICRO
    assert received.matter is not None  # type: ignore[union-attr]
    assert received.matter.code == code  # type: ignore[union-attr]
    with pytest.raises(MatterEnded):
        await hall.do("duty", TOPIC, code, "audit", decision="reject", note="重复")


async def test_a_topic_becomes_an_item_of_the_claim_board(hall: Hall) -> None:
    code = await submit(hall)
    await hall.do("duty", TOPIC, code, "audit", decision="claim", due_on=SOON)
    topic = await settled(hall, TOPIC, code)
    assert topic.outcome is not None
    item = await hall.look(CLAIM, topic.outcome)
    assert isinstance(item, Claim)
    assert (item.name, item.topic, item.status) == ("印染污泥处置难", code, "open")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"decision": "reject"}, InputError),
        ({"decision": "case"}, InputError),
        ({"decision": "case", "category": "nothing"}, UnknownCategory),
        ({"decision": "agenda", "category": "0103"}, InputError),
        ({"decision": "claim"}, InputError),
        ({"decision": "claim", "due_on": "2020-01-01"}, InputError),
    ],
)
async def test_an_audit_that_says_too_little_changes_nothing(
    hall: Hall, body: dict[str, Any], error: type[Exception]
) -> None:
    code = await submit(hall)
    with pytest.raises(error):
        await hall.do("duty", TOPIC, code, "audit", **body)
    assert await hall.kinds(TOPIC, code) == ["submitted"]


async def allowed(hall: Hall, code: str, username: str) -> tuple[str, ...]:
    """The commands that are offered to that person."""
    person = await hall.town.person(username)
    async with hall.town.engine.connect() as connection:
        return (await get_matter(connection, person, TOPIC, code, await hall.town.now(), "zh")).allowed_commands


async def test_only_whoever_submitted_a_topic_takes_it_back(hall: Hall) -> None:
    code = await submit(hall)
    assert "withdraw" not in await allowed(hall, code, "duty")
    with pytest.raises(NotYours):
        await hall.do("duty", TOPIC, code, "withdraw", reason="误报")
    assert "withdraw" in await allowed(hall, code, "worker")
    await hall.do("worker", TOPIC, code, "withdraw", reason="误报")
    assert (await hall.look(TOPIC, code)).status == "withdrawn"


async def test_of_two_claims_at_once_one_wins_and_the_other_hears_who(hall: Hall) -> None:
    code = await post(hall)

    async def claim(who: str, department: str) -> Exception | None:
        try:
            await hall.do(who, CLAIM, code, "claim", department=department, plan="方案")
        except AlreadyClaimed as error:
            return error
        return None

    results = await asyncio.gather(claim("fire_handler", FIRE), claim("labour_handler", LABOUR))
    refused = [error for error in results if error is not None]
    assert len(refused) == 1
    item = await hall.look(CLAIM, code)
    assert isinstance(item, Claim)
    assert item.claimant in str(refused[0])
    assert await hall.kinds(CLAIM, code) == ["posted", "claimed"]


async def test_an_item_from_claim_to_acceptance(hall: Hall) -> None:
    code = await post(hall, claim_by="2099-01-01")
    with pytest.raises(ClaimForOthers):
        await hall.do("fire_handler", CLAIM, code, "claim", department=LABOUR, plan="代报")
    with pytest.raises(ClaimForOthers):
        await hall.do("fire_handler", CLAIM, code, "claim", unit=GRID, plan="代报")
    with pytest.raises(InputError):
        await hall.do("fire_handler", CLAIM, code, "claim", plan="未写单位")
    await hall.do("worker", CLAIM, code, "claim", unit=GRID, plan="网格牵头")
    with pytest.raises(NotYours):
        await hall.do("fire_handler", CLAIM, code, "deliver", result="完成")
    await hall.do("worker", CLAIM, code, "give_back", reason="力量不足")
    await hall.do("fire_handler", CLAIM, code, "claim", department=FIRE, plan="大队牵头",
                  milestones=[{"key": "m1", "name": "采样", "due_on": "2099-02-01"}])  # fmt: skip
    await hall.do("fire_handler", CLAIM, code, "reach_milestone", milestone="m1", note="采样完成")
    await hall.do("fire_head", CLAIM, code, "deliver", result="12 处全部查清")
    await hall.do("supervisor", CLAIM, code, "refuse_delivery", reason="缺 3 处照片")
    await hall.do("fire_head", CLAIM, code, "deliver", result="照片已补")
    await hall.do("supervisor", CLAIM, code, "accept_delivery")
    item = await hall.look(CLAIM, code)
    assert isinstance(item, Claim)
    assert (item.status, item.given_back, item.missed) == ("done", 1, False)


async def test_a_meeting_takes_what_is_open_and_decides_it(hall: Hall) -> None:
    topic = await submit(hall)
    await hall.do("duty", TOPIC, topic, "audit", decision="agenda")
    soon = datetime.now(UTC) + timedelta(seconds=3)
    call: dict[str, Any] = {
        "name": "四季度联席会议",
        "grid": PARK,
        "type": "quarterly",
        "place": "三楼",
        "departments": [ENVIRONMENT],
    }
    for wrong, error in (
        ({**call, "meet_at": "2020-01-01T00:00:00Z"}, InputError),
        ({**call, "meet_at": soon.isoformat(), "departments": ["nobody"]}, UnknownDepartment),
    ):
        with pytest.raises(error):
            await hall.begin("supervisor", MEETING, **wrong)
    code = (await hall.begin("supervisor", MEETING, **call, meet_at=soon.isoformat())).receipt.code
    found = await hall.look(MEETING, code)
    assert isinstance(found, Meeting)
    assert [(item.of, item.reference) for item in found.items] == [("topic", topic)]

    later = await submit(hall, name="班车停车占道")
    await hall.do("duty", TOPIC, later, "audit", decision="agenda")
    await hall.do("supervisor", MEETING, code, "refresh_agenda")
    await hall.do("supervisor", MEETING, code, "add_item", title="通报三季度情况")
    with pytest.raises(MatterNotNow):
        await hall.do("supervisor", MEETING, code, "close", minutes="纪要")
    with pytest.raises(InputError):
        await hall.do("supervisor", MEETING, code, "decide_item", item="1", decision="牵头", outcome="undertaking")
    led: dict[str, Any] = {"owner_name": "环境分局", "department": ENVIRONMENT, "due_on": SOON}
    await hall.do("supervisor", MEETING, code, "decide_item", item="1", decision="疏通", outcome="undertaking", **led)
    await hall.do(
        "supervisor", MEETING, code, "decide_item", item="2", decision="交警勘查", outcome="case", category="0103"
    )
    with pytest.raises(MatterNotNow):
        await hall.do("supervisor", MEETING, code, "decide_item", item="2", decision="再议", outcome="noted")
    await hall.do("supervisor", MEETING, code, "drop_item", item="3", reason="会前已发")

    async def is_held() -> bool:
        return datetime.now(UTC) >= soon

    await eventually(is_held)
    await hall.do("supervisor", MEETING, code, "close", minutes="议定两项", attended="环境、交警")
    found = await settled(hall, MEETING, code)
    assert isinstance(found, Meeting)
    undertaking, case = found.items[0].becomes, found.items[1].becomes
    assert undertaking is not None
    assert case is not None
    assert (await hall.look(UNDERTAKING, undertaking)).department == ENVIRONMENT
    assert (await hall.town.case(case)).grid == PARK
    for one in (topic, later):
        assert (await hall.look(TOPIC, one)).status == "settled"


def test_steps_and_milestones_are_told_by_their_names() -> None:
    """Of one that a matter keeps no more, the code is all that is known."""
    steps = {"steps": [{"code": "verify", "name_zh": "到场核实", "name_en": "Verify"}], "milestones": None}
    late = {"kind": "climbed", "about": "step:verify", "step": 2}
    words = (("zh", "“应急步骤 到场核实”超期未办,已通知第 3 级"), ("en", "“emergency step Verify” is overdue"))
    for language, said in words:
        assert said in fact_sentence(MatterKind.EMERGENCY, late, language, part_names(steps, language))
    gone = {**late, "about": "step:gone"}
    assert "应急步骤 gone" in fact_sentence(MatterKind.EMERGENCY, gone, "zh", part_names({}, "zh"))
    kept = {"milestones": [{"key": "m1", "name": "点位普查"}]}
    reached = {"kind": "milestone_reached", "milestone": "m1", "note": "已完成"}
    assert fact_sentence(UNDERTAKING, reached, "zh", part_names(kept, "zh")) == "完成节点 点位普查:已完成"
    assert overdue_label(UNDERTAKING, "milestone:m1", "zh", part_names(kept, "zh")) == "节点 点位普查"


def test_what_was_opened_is_told_by_its_number_and_what_was_refused_by_its_reason() -> None:
    settled = {"kind": "opening_settled", "errand": "1", "report_id": "x"}
    assert fact_sentence(MEETING, {**settled, "case_no": "C1"}, "zh") == "已形成 C1"
    assert fact_sentence(MEETING, {**settled, "case_no": None, "matter_code": "B1"}, "en") == "It became B1"
    assert "unknown_grid" in fact_sentence(MEETING, {**settled, "refused": "unknown_grid"}, "en")
