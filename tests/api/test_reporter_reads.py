"""What a reporter reads of their own case: the answer and the reasons, never the handlers' results and notes."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.api.harness import ApiHarness, a_picture, open_harness
from tests.api.story import COMMUNITY_DESK, PARK_DESK, Story, soon
from tests.builders import FIRE, LABOUR
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Said among the staff: in results, notes and reasons.
INNER = "内部情况"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("reads")) as opened:
        yield opened


async def read(harness: ApiHarness, case_no: str, username: str = "reporter") -> tuple[Any, Any]:
    """The case and its facts as somebody reads them."""
    return await harness.get(username, f"/cases/{case_no}"), await harness.get(username, f"/cases/{case_no}/facts")


async def test_the_reporter_reads_the_answer_and_no_notes(harness: ApiHarness) -> None:
    before = await harness.upload("reporter", a_picture("red"))
    story = await Story.at_handling(harness, "reporter", attachments=[before])
    after = await harness.upload("labour_handler", a_picture("green"))
    inner = await harness.upload("fire_handler", a_picture("blue"))
    await story.does("labour_handler", "comment", note=INNER)
    await story.does("duty", "add_co_handler", departments=[FIRE], note=INNER)
    await story.does("fire_handler", "report_progress", note=INNER, attachments=[inner])
    await story.does("supervisor", "urge", reply_by=soon(hours=4), note=INNER)
    await story.does("labour_head", "answer_urge", note=INNER)
    await story.does("labour_handler", "complete", result=INNER, evidence=[after], answer="已责令支付。",
                     stage="review", owner=PARK_DESK)  # fmt: skip
    view, facts = await read(harness, story.no)
    assert INNER not in json.dumps([view, facts], ensure_ascii=False)
    assert "已责令支付" not in json.dumps([view, facts], ensure_ascii=False), "not before the review has passed"
    assert view["told"] is None
    await harness.do(
        "reviewer", story.no, "pass_review", note=INNER, answer="工资已于今日付清。", release_photos=[after]
    )
    view, facts = await read(harness, story.no)
    assert INNER not in json.dumps([view, facts], ensure_ascii=False)
    assert view["told"] == {"answer": "工资已于今日付清。", "reason": "", "right_channel": "", "reopen_refused": ""}
    assert (view["attachments"], view["urges"]) == ([before, after], [])
    (passed,) = [fact["body"] for fact in facts if fact["kind"] == "review_passed"]
    assert passed == {"answer": "工资已于今日付清。", "released": False, "released_photos": [after]}
    staff, timeline = await read(harness, story.no, "supervisor")
    assert json.dumps(timeline, ensure_ascii=False).count(INNER) == 8
    assert (staff["told"], len(staff["attachments"]), len(staff["urges"])) == (view["told"], 3, 1)


async def test_a_reason_is_told(harness: ApiHarness) -> None:
    rejected = await Story.begins(harness, "reporter")
    await harness.do("duty", rejected.no, "reject", reason="已进入诉讼程序", right_channel="区人民法院")
    view, facts = await read(harness, rejected.no)
    assert (view["told"]["reason"], view["told"]["right_channel"]) == ("已进入诉讼程序", "区人民法院")
    assert facts[-1]["body"]["reason"] == "已进入诉讼程序"
    aborted = await Story.at_handling(harness, "reporter")
    await aborted.does("labour_handler", "abort", reason="无法与您取得联系", stage="review", owner=PARK_DESK)
    aborted.view = await harness.do("reviewer", aborted.no, "pass_review", note=INNER, answer="暂停办理。")
    view, facts = await read(harness, aborted.no)
    assert (view["told"]["reason"], view["told"]["answer"]) == ("无法与您取得联系", "暂停办理。")
    assert INNER not in json.dumps(facts, ensure_ascii=False)
    await aborted.does("reporter", "request_reopen", reason="现在可以联系", tasks={f"decide_reopen {COMMUNITY_DESK}"})
    await aborted.does("duty", "refuse_reopen", reason="请先到窗口登记")
    assert (await read(harness, aborted.no))[0]["told"]["reopen_refused"] == "请先到窗口登记"


async def test_the_reporter_of_a_merged_case_reads_the_answer_of_its_lead(harness: ApiHarness) -> None:
    lead = await Story.begins(harness)
    member = await Story.begins(harness, "reporter")
    await harness.do("duty", member.no, "merge", into=lead.no, reason=INNER)
    await harness.until_fact(lead.no, "absorbed")
    await harness.do("duty", lead.no, "accept")
    await harness.do("duty", lead.no, "dispatch", host=LABOUR)
    assert (await read(harness, member.no))[0]["told"]["answer"] == ""
    await harness.do("labour_handler", lead.no, "complete", result=INNER, answer="工资已付清。")
    await harness.do("reviewer", lead.no, "pass_review")
    view, facts = await read(harness, member.no)
    assert (view["merged_into"], view["told"]["answer"]) == (lead.no, "工资已付清。")
    assert INNER not in json.dumps([view, facts], ensure_ascii=False)
    assert (await harness.ask("reporter", f"/cases/{lead.no}")).status_code == 404


async def test_who_reported_in_their_own_role_reads_what_that_role_reads(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    await story.does("labour_handler", "complete", result=INNER, stage="review", owner=PARK_DESK)
    _, facts = await read(harness, story.no, "worker")
    assert facts[-1]["body"]["result"] == INNER


async def test_durations_are_hours_everywhere(harness: ApiHarness) -> None:
    """F5: fifteen working days of eight hours are PT120H, and no duration is a number of days."""
    story = await Story.at_handling(harness)
    view, facts = await read(harness, story.no, "duty")
    assert [clock["limit"] for clock in view["clocks"]] == ["PT2H", "PT4H", "PT72H"]
    assert view["clocks"][-1]["extended"] == "PT0S"
    assert view["left"].startswith("PT71H")
    assert facts[-1]["body"]["due"]["limit"] == "PT72H"
    known = json.dumps([view, facts, await harness.get("supervisor", "/supervision/overdue")])
    assert '"P3D"' not in known
