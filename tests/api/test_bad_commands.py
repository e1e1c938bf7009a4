"""Bad input to the commands: each refused with the field and the reason in both languages, and nothing stored."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.api.harness import ApiHarness, open_harness
from tests.api.story import PARK_DESK, Story, closed, moment, soon
from tests.builders import ENVIRONMENT, FIRE, LABOUR
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNPROCESSABLE, CONFLICT, FORBIDDEN = 422, 409, 403


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("bad-commands")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def handled(harness: ApiHarness) -> Story:
    """A case that labour handles, with fire and environment; fire has reported."""
    story = await Story.at_handling(harness, "reporter")
    await story.does("duty", "add_co_handler", departments=[FIRE, ENVIRONMENT])
    await story.does("fire_handler", "report_progress", note="已配合")
    return story


@pytest.mark.parametrize(
    ("command", "body", "told"),
    [
        ("redispatch", {"host": LABOUR, "reason": "x"}, (422, "nothing_to_change", "/host")),
        ("redispatch", {"reason": "x"}, (422, "bad_input", "/host")),
        ("redispatch", {"host": None, "reason": "x"}, (422, "bad_input", "/host")),
        ("redispatch", {"host": "", "reason": "x"}, (422, "bad_input", "/host")),
        ("redispatch", {"host": "nobody", "reason": "x"}, (422, "unknown_department", "/host")),
        ("redispatch", {"host": ENVIRONMENT, "reason": "x"}, (422, "host_among_co_handlers", "/host")),
        ("redispatch", {"host": "police", "reason": " "}, (422, "bad_input", "/reason")),
        ("redispatch", {"host": FIRE, "co_handlers": [FIRE], "reason": "x"},
         (422, "host_among_co_handlers", "/co_handlers")),
        ("release_co_handler", {"department": FIRE, "reason": "x"}, (409, "co_handler_has_reported", "/department")),
        ("release_co_handler", {"department": LABOUR, "reason": "x"}, (422, "not_a_co_handler", "/department")),
        ("release_co_handler", {"department": ENVIRONMENT}, (422, "bad_input", "/reason")),
        ("add_co_handler", {"departments": [LABOUR]}, (422, "host_among_co_handlers", "/departments/0")),
        ("add_co_handler", {"departments": [FIRE]}, (422, "nothing_to_change", "/departments/0")),
        ("add_co_handler", {"departments": []}, (422, "bad_input", "/departments")),
        ("recall", {}, (422, "bad_input", "/reason")),
        ("unmerge", {"reason": "x"}, (409, "not_now", "/path/command")),
        ("convene", {"departments": ["nobody"], "meet_at": soon(hours=3), "note": "x"},
         (422, "unknown_department", "/departments/0")),
        ("send_back", {"reason": "x"}, (409, "wrong_stage", None)),
        ("request_verification", {"question": "x"}, (409, "wrong_stage", None)),
        ("cancel_urge", {"reason": "x"}, (403, "not_yours", None)),
        ("refuse_void", {"reason": "x"}, (409, "not_now", "/path/command")),
        ("request_info", {"question": "x", "answer_by": soon(days=31)}, (422, "too_late", "/answer_by")),
    ],
)  # fmt: skip
async def test_the_desk_is_told_what_is_wrong(
    harness: ApiHarness, handled: Story, command: str, body: dict[str, Any], told: tuple[int, str, str | None]
) -> None:
    assert await handled.is_refused("duty", command, **body) == told


async def test_who_has_reported_is_not_dropped_by_a_redispatch(harness: ApiHarness, handled: Story) -> None:
    """Nor do they become the host: to them it is dispatched anew, after a recall."""
    refused = await handled.is_refused("duty", "redispatch", host="fire", reason="x")
    assert refused == (UNPROCESSABLE, "host_among_co_handlers", "/host")
    story = await Story.at_handling(harness, "reporter", host=FIRE)
    await story.does("duty", "add_co_handler", departments=[ENVIRONMENT])
    await story.does("environment_head", "report_progress", note="已配合")
    dropped = await story.is_refused("duty", "redispatch", host=LABOUR, co_handlers=[], reason="x")
    assert dropped == (CONFLICT, "co_handler_has_reported", "/co_handlers")


@pytest.mark.parametrize(
    ("answer", "fault_zh", "fault_en"),
    [
        ("<b>已付清</b>", "须为纯文本,不能含 HTML 标签", "must be plain text without HTML tags"),
        ("已付清<script src=//x>", "须为纯文本,不能含 HTML 标签", "must be plain text without HTML tags"),
        ("已付清<!-- x -->", "须为纯文本,不能含 HTML 标签", "must be plain text without HTML tags"),
        ("付" * 10_001, "最多 10000 个字符", "must have at most 10000 characters"),
        (
            "已付清\x00",
            "第 4 个字符是控制字符(U+0000),请删去后重填",
            "character 4 is a control character (U+0000): remove it",
        ),
    ],
)
async def test_an_answer_is_plain_text_of_ten_thousand_characters(
    harness: ApiHarness, handled: Story, answer: str, fault_zh: str, fault_en: str
) -> None:
    body = {"result": "已付", "answer": answer}
    assert await handled.is_refused("labour_handler", "complete", **body) == (UNPROCESSABLE, "bad_input", "/answer")
    for language, fault in (("zh", fault_zh), ("en", fault_en)):
        wants = {"Accept-Language": language}
        refused = (await harness.command("labour_handler", handled.no, "complete", wants, **body)).json()
        assert refused["errors"] == [{"pointer": "/answer", "message": fault}]


async def test_signs_that_are_no_markup_may_stand_in_an_answer(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness, "reporter")
    answer = "噪声 < 55 dB, VOC < VOC 限值,欠薪 3 > 2 人;" + "付" * 9_000
    await story.does("labour_handler", "complete", result="已付", answer=answer, stage="review", owner=PARK_DESK)
    markup = await story.is_refused("reviewer", "pass_review", answer="<p>改写</p>")
    assert markup == (UNPROCESSABLE, "bad_input", "/answer")


async def test_nobody_retracts_what_another_asked_for(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    until = (moment(story.view["due_at"]) + timedelta(days=1)).isoformat()
    await story.does("labour_handler", "request_extension", until=until, reason="取证")
    for body in ({}, {"request": "extension"}):
        assert await story.is_refused("labour_head", "retract", **body) == (FORBIDDEN, "not_yours", "/request")
        assert await story.is_refused("duty", "retract", **body) == (FORBIDDEN, "not_yours", "/request")
    another = await story.is_refused("labour_handler", "retract", request="return")
    assert another == (FORBIDDEN, "not_yours", "/request")
    unknown = await story.is_refused("labour_handler", "retract", request="holiday")
    assert unknown == (UNPROCESSABLE, "bad_input", "/request")


async def test_nobody_answers_their_own_urge_order(harness: ApiHarness) -> None:
    story = await Story.begins(harness)
    await story.does("community_supervisor", "urge", reply_by=soon(hours=4), note="速办")
    own = await story.is_refused("community_supervisor", "answer_urge", urge=1, note="x")
    assert own == (FORBIDDEN, "not_yours", "/urge")
    assert await story.is_refused("community_duty", "answer_urge", urge=7, note="x") == (422, "bad_input", "/urge")
    assert await story.is_refused("supervisor", "cancel_urge", urge=7, reason="x") == (422, "bad_input", "/urge")


async def test_a_lead_is_not_unmerged_without_saying_whom(harness: ApiHarness) -> None:
    lead, member = await Story.begins(harness), await Story.begins(harness)
    older = await lead.is_refused("duty", "merge", into=member.no, reason="x")
    assert older == (CONFLICT, "lead_is_younger", "/into")
    await harness.do("duty", member.no, "merge", into=lead.no, reason="同一事项")
    await harness.until_fact(lead.no, "absorbed")
    await harness.until_fact(member.no, "errand_settled")
    for named in ({}, {"case_no": lead.no}, {"case_no": "9" * 24}):
        body = {"reason": "x", **named}
        assert await lead.is_refused("duty", "unmerge", **body) == (UNPROCESSABLE, "bad_input", "/case_no")


async def test_a_second_reopening_waits_for_the_first(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness, "reporter")
    await closed(story)
    await story.does("reporter", "request_reopen", reason="未到账")
    for username in ("reporter", "supervisor"):
        again = await story.is_refused(username, "request_reopen", reason="再次申请")
        assert again == (CONFLICT, "not_now", "/path/command")
    unfit = await story.is_refused("reporter", "rate", score=6)
    assert unfit == (UNPROCESSABLE, "bad_input", "/score")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/confirmed"),
        ({"confirmed": "perhaps", "note": "x"}, "/confirmed"),
        ({"confirmed": True, "note": " "}, "/note"),
        ({"confirmed": True, "note": "x", "attachments": ["0" * 64]}, "/attachments"),
    ],
)
async def test_a_verification_says_whether_it_holds(harness: ApiHarness, body: dict[str, Any], pointer: str) -> None:
    story = await Story.begins(harness, "reporter")
    late = await story.is_refused("duty", "request_verification", question="x", report_by=soon(days=8))
    assert late == (UNPROCESSABLE, "too_late", "/report_by")
    await story.does("duty", "request_verification", question="是否属实?")
    status, _, at = await story.is_refused("worker", "report_verification", **body)
    assert (status, at) == (UNPROCESSABLE, pointer)
