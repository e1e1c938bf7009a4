"""Every command of people, given over HTTP by the right person: stage, owner, facts and tasks after it."""

import inspect
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from rules.life_cycle import HUMAN_COMMANDS
from services.policies.versions import read_current
from tests.api import test_conflicts, test_exits, test_unmask
from tests.api.harness import RUSHED, ApiHarness, open_harness
from tests.api.story import COMMUNITY_DESK, PARK_DESK, Story, closed, moment, person, soon
from tests.builders import (
    ENVIRONMENT,
    FIRE,
    LABOUR,
    MICRO_2,
    publish,
)
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("commands")) as opened:
        yield opened


# --- the plain way ----------------------------------------------------------------------------------------------------


async def test_from_report_to_rating(harness: ApiHarness) -> None:
    story = await Story.begins(harness, "reporter")
    assert (story.owner, story.tasks) == (COMMUNITY_DESK, {f"accept {COMMUNITY_DESK}"})
    await story.does("community_duty", "accept", facts=["accepted"], stage="dispatch",
                     tasks={f"dispatch {COMMUNITY_DESK}"})  # fmt: skip
    await story.does(
        "community_duty", "dispatch", host=LABOUR, co_handlers=[FIRE], facts=["dispatched"], stage="handle",
        owner="department:labour", tasks={"handle department:labour", "co_handle department:fire"},
    )  # fmt: skip
    assert (story.view["host"], story.view["suggested_host"]) == (LABOUR, LABOUR)
    mine = person("labour_handler")
    await story.does("labour_handler", "claim", facts=["claimed"], owner=mine,
                     tasks={f"handle {mine}", "co_handle department:fire"})  # fmt: skip
    assert story.view["claimed_by"] == "人社处置员"
    assert await story.cannot("labour_head", "claim") == (409, "not_now")
    await story.does("labour_handler", "release", reason="出差", facts=["released"], owner="department:labour")
    await story.does("labour_handler", "claim", facts=["claimed"], owner=mine)
    assert await story.cannot("labour_handler", "complete", result="已付") == (409, "co_handlers_missing")
    await story.does("fire_handler", "report_progress", note="正在看", interim=True, facts=["progress_reported"],
                     tasks={f"handle {mine}", "co_handle department:fire"})  # fmt: skip
    await story.does("fire_handler", "report_progress", note="已协助", facts=["progress_reported"],
                     tasks={f"handle {mine}"})  # fmt: skip
    photo = await harness.upload("labour_handler")
    await story.does(
        "labour_handler", "complete", result="已付清", evidence=[photo], facts=["completed"], stage="review",
        owner=PARK_DESK, tasks={f"review {PARK_DESK}"},
    )  # fmt: skip
    assert story.view["attachments"] == [photo]
    story.view = await harness.do("reviewer", story.no, "pass_review", note="回访属实")
    assert (story.stage, story.owner, story.tasks, story.view["outcome"]) == ("closed", None, set(), "solved")
    assert (await story.kinds())[-2:] == ["review_passed", "closed"]
    await story.does("reporter", "rate", score=5, note="很快", facts=["rated"])
    assert story.view["rating"] == 5
    assert await story.cannot("reporter", "rate", score=1) == (409, "not_now")
    assert len(story.view["clocks"]) == 4
    assert all(clock["ended_at"] and not clock["running"] for clock in story.view["clocks"])


async def test_a_case_is_rejected_with_the_right_channel(harness: ApiHarness) -> None:
    story = await Story.begins(harness)
    story.view = await harness.do("duty", story.no, "reject", reason="非本园事项", right_channel="12345 热线")
    assert (story.stage, story.view["outcome"], story.owner) == ("closed", "rejected", None)
    last = (await harness.get("admin", f"/cases/{story.no}/facts"))[-1]
    assert (last["kind"], last["body"]["right_channel"]) == ("closed", "12345 热线")


async def test_a_question_stops_the_clock_and_its_answer_moves_the_deadline(harness: ApiHarness) -> None:
    story = await Story.begins(harness, "reporter")
    due = moment(story.view["due_at"])
    await story.does("duty", "request_info", question="多少人?", facts=["info_requested"])
    assert (story.view["due_at"], story.view["light"]) == (None, "grey")
    assert not story.view["clocks"][-1]["running"]
    (asked,) = story.view["requests"]
    assert asked["kind"] == "info"
    alias = story.view["reporter"]["alias"]
    assert story.tasks == {f"accept {COMMUNITY_DESK}", f"supply_info person:{alias}"}
    assert await story.cannot("duty", "request_info", question="何时?") == (409, "not_now")
    assert "supply_info" in {item["task"] for item in await harness.get("reporter", "/inbox")}
    await story.does("reporter", "supply_info", note="三十人", facts=["info_supplied"],
                     tasks={f"accept {COMMUNITY_DESK}"})  # fmt: skip
    clock = story.view["clocks"][-1]
    first, second = clock["intervals"]
    stood_still = moment(second["start"]) - moment(first["end"])
    assert stood_still > timedelta()
    assert moment(story.view["due_at"]) == due + stood_still
    assert (clock["running"], story.view["light"]) == (True, "green")


async def test_a_self_closed_case_is_reviewed_too(harness: ApiHarness) -> None:
    story = await Story.begins(harness)
    await story.does("worker", "self_close", result="当场劝离", facts=["self_closed"], stage="review", owner=PARK_DESK,
                     tasks={f"review {PARK_DESK}"})  # fmt: skip
    assert await story.cannot("worker", "pass_review") == (403, "not_yours")
    await story.does("reviewer", "fail_review", reason="仍在", facts=["review_failed"], stage="dispatch",
                     owner=COMMUNITY_DESK, tasks={f"dispatch {COMMUNITY_DESK}"})  # fmt: skip
    assert story.view["round"] == 2


# --- passing on, and giving back --------------------------------------------------------------------------------------


async def test_a_case_is_passed_on_on_the_same_clock(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness, host=FIRE)
    due = story.view["due_at"]
    await story.does("fire_handler", "claim", owner=person("fire_handler"))
    colleague: dict[str, Any] = {"to_person": "fire_handler_2", "reason": "换班"}
    assert await story.cannot("fire_handler_2", "transfer", **colleague) == (403, "not_yours")
    await story.does("fire_handler", "transfer", **colleague, facts=["transferred"], owner=person("fire_handler_2"))
    assert story.view["due_at"] == due


async def test_another_department_takes_a_case_over_only_if_it_agrees(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness, host=FIRE)
    due = story.view["due_at"]
    handling = f"handle {story.owner}"
    assert await story.cannot("fire_handler", "transfer", to_department=LABOUR, reason="x") == (403, "not_yours")
    await story.does("fire_head", "transfer", to_department=LABOUR, reason="属人社", facts=["transfer_requested"],
                     tasks={handling, "decide_transfer department:labour"})  # fmt: skip
    (asked,) = story.view["requests"]
    assert (asked["kind"], asked["department"]) == ("transfer", LABOUR)
    assert asked["decide_by"] is not None
    assert await story.cannot("duty", "grant_transfer") == (403, "not_yours")
    await story.does("labour_handler", "refuse_transfer", reason="不涉及工资", facts=["transfer_refused"],
                     tasks={handling})  # fmt: skip
    again = await story.is_refused("fire_head", "transfer", to_department=LABOUR, reason="再试")
    assert again == (422, "bad_input", "/to_department")
    await story.does("fire_head", "transfer", to_department=ENVIRONMENT, reason="属环保")
    await story.does("environment_head", "grant_transfer", note="接收", facts=["transferred"],
                     owner="department:environment", tasks={"handle department:environment"})  # fmt: skip
    assert (story.view["host"], story.view["due_at"], story.view["requests"]) == (ENVIRONMENT, due, [])


async def test_a_return_is_granted_and_the_case_dispatched_anew(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    due = story.view["due_at"]
    await story.does("labour_handler", "return", reason="非职责", facts=["return_requested"],
                     tasks={"handle department:labour", f"decide_return {COMMUNITY_DESK}"})  # fmt: skip
    assert story.view["due_at"] == due, "the clock runs on"
    assert await story.cannot("labour_head", "return", reason="x") == (409, "not_now")
    await story.does("duty", "grant_return", note="同意", facts=["return_granted"], stage="dispatch",
                     owner=COMMUNITY_DESK, tasks={f"dispatch {COMMUNITY_DESK}"})  # fmt: skip
    assert story.view["host"] is None
    assert (await harness.ask("labour_handler", f"/cases/{story.no}")).status_code == 200, "they had a part in it"


async def test_a_refused_return_holds_for_the_round(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    await story.does("labour_handler", "return", reason="非职责")
    await story.does("supervisor", "refuse_return", reason="由你办理", facts=["return_refused"],
                     tasks={"handle department:labour"})  # fmt: skip
    assert await story.cannot("labour_head", "return", reason="再退") == (409, "return_settled")
    await story.does("labour_handler", "complete", result="办了", stage="review", owner=PARK_DESK)
    await story.does("reviewer", "fail_review", reason="未到位", stage="handle", owner="department:labour")
    await story.does("labour_handler", "return", reason="新一轮可再退", facts=["return_requested"])


# --- more time --------------------------------------------------------------------------------------------------------


async def test_two_extensions_are_granted_and_no_third(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    due = moment(story.view["due_at"])
    for number in (1, 2):
        until = due + timedelta(days=2)
        await story.does(
            "labour_handler", "request_extension", until=until.isoformat(), reason="取证",
            facts=["extension_requested"], tasks={"handle department:labour", f"decide_extension {COMMUNITY_DESK}"},
        )  # fmt: skip
        assert moment(story.view["due_at"]) == due, "asking alone gives no time"
        if number == 1:
            await story.does("duty", "grant_extension", facts=["extension_granted"], tasks={"handle department:labour"})
            due = until
        else:  # less than was asked for
            due += timedelta(days=1)
            too_late = await story.cannot("duty", "grant_extension", until=(due + timedelta(days=3)).isoformat())
            assert too_late == (422, "too_late")
            await story.does("supervisor", "grant_extension", until=due.isoformat(), facts=["extension_granted"])
        assert moment(story.view["due_at"]) == due
    assert story.view["clocks"][-1]["extended"] == "PT72H"
    more = (due + timedelta(days=1)).isoformat()
    assert await story.cannot("labour_handler", "request_extension", until=more, reason="x") == (
        409, "extensions_used_up",
    )  # fmt: skip


async def test_an_extension_is_refused(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    due = story.view["due_at"]
    until = (moment(due) + timedelta(days=2)).isoformat()
    await story.does("labour_handler", "request_extension", until=until, reason="取证")
    await story.does("duty", "refuse_extension", reason="无正当理由", facts=["extension_refused"],
                     tasks={"handle department:labour"})  # fmt: skip
    assert story.view["due_at"] == due
    await story.does(
        "labour_handler", "request_extension", until=until, reason="补充理由", facts=["extension_requested"]
    )


async def test_a_suspension_stops_the_clock_until_resumed(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    due = moment(story.view["due_at"])
    until = soon(days=30)
    await story.does("labour_handler", "request_suspension", until=until, reason="等待鉴定",
                     facts=["suspension_requested"])  # fmt: skip
    await story.does("supervisor", "refuse_suspension", reason="再议", facts=["suspension_refused"],
                     tasks={"handle department:labour"})  # fmt: skip
    await story.does("labour_handler", "request_suspension", until=until, reason="等待鉴定,附函")
    assert await story.cannot("duty", "grant_suspension") == (403, "not_yours")
    await story.does("supervisor", "grant_suspension", note="同意", facts=["suspension_granted"])
    assert (story.view["due_at"], story.view["light"]) == (None, "grey")
    assert moment(story.view["suspended_until"]) == moment(until)
    assert await story.cannot("labour_handler", "complete", result="x") == (409, "case_suspended")
    assert story.view["clocks"][-1]["running"] is False
    await story.does("supervisor", "comment", note="挂账中仍可备注", facts=["commented"])
    await story.does("labour_handler", "resume", note="鉴定已出", facts=["resumed"])
    first, second = story.view["clocks"][-1]["intervals"]
    assert moment(story.view["due_at"]) == due + (moment(second["start"]) - moment(first["end"]))
    assert (story.view["suspended_until"], story.view["light"]) == (None, "green")
    assert await story.cannot("labour_handler", "resume") == (409, "not_now")


# --- review -----------------------------------------------------------------------------------------------------------


async def test_a_failed_review_begins_a_new_round_with_the_host(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    await story.does("labour_handler", "claim", owner=person("labour_handler"))
    await story.does("labour_handler", "complete", result="已付", stage="review", owner=PARK_DESK)
    await story.does("reviewer", "fail_review", reason="电话核实未付", facts=["review_failed"], stage="handle",
                     owner="department:labour", tasks={"handle department:labour"})  # fmt: skip
    assert (story.view["round"], story.view["claimed_by"]) == (2, None)
    rounds = [(clock["stage"], clock["round"]) for clock in story.view["clocks"]]
    assert rounds == [("receive", 1), ("dispatch", 1), ("handle", 1), ("review", 1), ("handle", 2)]
    await closed(story)


async def test_an_aborted_case_is_reviewed_before_it_closes(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    await story.does("labour_handler", "abort", reason="投诉人拒绝配合", facts=["aborted"], stage="review",
                     owner=PARK_DESK, tasks={f"review {PARK_DESK}"})  # fmt: skip
    view = await harness.do("reviewer", story.no, "pass_review", note="属实")
    assert (view["stage"], view["outcome"]) == ("closed", "aborted")


# --- in any open stage ------------------------------------------------------------------------------------------------


async def test_what_can_be_done_to_any_open_case(harness: ApiHarness) -> None:
    story = await Story.begins(harness)
    await story.does("duty", "comment", note="已联系", facts=["commented"])
    photo = await harness.upload("worker", None)
    await story.does("worker", "attach", attachments=[photo], note="现场", facts=["attached"])
    assert story.view["attachments"] == [photo]
    await story.does("community_duty", "acknowledge", note="在办", facts=["acknowledged"])
    due = story.view["due_at"]
    await story.does(
        "duty", "recategorise", category="0302", severity="urgent", reason="实为排污", facts=["recategorised"]
    )
    assert (story.view["category"], story.view["severity"], story.view["suggested_host"]) == (
        "0302", "urgent", ENVIRONMENT,
    )  # fmt: skip
    assert story.view["due_at"] == due, "the same limit from the same start"
    await story.does("duty", "relocate", grid=MICRO_2, location={"lat": 38.001, "lon": 117.015}, reason="地址有误",
                     facts=["relocated"])  # fmt: skip
    assert story.view["grid"]["code"] == MICRO_2
    assert story.view["location"] == {"lat": 38.001, "lon": 117.015}
    code = await harness.enterprise()
    await story.does("duty", "link_enterprise", enterprise=code, reason="现场核实", facts=["enterprise_linked"])
    assert story.view["enterprise"] == {"code": code, "name": "东方印染有限公司"}
    await story.does("duty", "recategorise", category="0301", reason="是废气", facts=["recategorised"])
    await story.does("duty", "answer_questions", answers={"smell": ["sour"]}, facts=["questions_answered"])
    assert story.view["answers"][0]["shown"] == "酸味"


async def test_an_urge_order_is_answered_and_moves_nothing(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    for number, kind in enumerate(("ordinary", "listed"), 1):
        await story.does("supervisor", "urge", urge_kind=kind, reply_by=soon(hours=4), note="速办", facts=["urged"])
        assert story.view["urges"][-1]["number"] == number
    assert len([task for task in story.tasks if task.startswith("answer_urge")]) == 1, "both at the owner"
    assert len(story.view["tasks"]) == 3
    await story.does("labour_handler", "answer_urge", urge=2, note="今日办结", facts=["urge_answered"])
    await story.does("labour_head", "answer_urge", note="也答复了", facts=["urge_answered"],
                     tasks={"handle department:labour"})  # fmt: skip
    assert all(urge["answered_at"] for urge in story.view["urges"])
    assert await story.cannot("labour_handler", "answer_urge", note="x") == (409, "not_now")


async def test_a_case_climbs_to_the_top_and_no_further(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    assert story.view["level"] == 4, "at a department it stands where it lies"
    await story.does("supervisor", "escalate", mode="inform", reason="知会", facts=["escalated"])
    assert story.view["level"] == 4, "who is only informed takes nothing over"
    await story.does("supervisor", "escalate", to_level="community", reason="越级", facts=["escalated"],
                     owner=COMMUNITY_DESK)  # fmt: skip
    assert story.view["level"] == 2
    for level in (2, "grid"):
        downward = await story.is_refused("supervisor", "escalate", to_level=level, reason="x")
        assert downward == (422, "level_not_higher", "/to_level")
    await story.does("supervisor", "escalate", to_level="park", reason="再上", owner=PARK_DESK)
    assert await story.cannot("supervisor", "escalate", reason="再上") == (409, "not_now")
    low = await Story.begins(harness)
    await low.does("community_supervisor", "escalate", reason="超出权限", facts=["escalated"], owner=PARK_DESK,
                   tasks={f"accept {PARK_DESK}"})  # fmt: skip
    assert low.view["level"] == 1
    assert await low.cannot("duty", "escalate", reason="x") == (409, "not_now")


async def test_a_newer_policy_is_adopted_for_one_case(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    async with harness.engine.begin() as connection:
        _, policy = await read_current(connection)
        await publish(connection, policy.model_copy(update={"remind_hours": 12}), version=9)
    assert await story.cannot("supervisor", "adopt", version=10, reason="x") == (422, "no_such_version")
    assert await story.cannot("reviewer", "adopt", version=9, reason="x") == (403, "not_yours")
    await story.does("supervisor", "adopt", version=9, reason="改用新标准", facts=["adopted"])
    assert story.view["policy_version"] == 9
    assert await story.cannot("supervisor", "adopt", version=9, reason="x") == (409, "version_not_newer")


async def test_departments_are_called_to_a_meeting_and_answer(harness: ApiHarness) -> None:
    story = await Story.begins(harness)
    await story.does("duty", "accept", stage="dispatch")
    await story.does(
        "duty", "convene", departments=[FIRE, LABOUR], meet_at=soon(hours=3), note="会商", facts=["convened"],
        tasks={f"dispatch {COMMUNITY_DESK}", "respond department:fire", "respond department:labour"},
    )  # fmt: skip
    await story.does("fire_handler", "respond", note="参加", facts=["responded"],
                     tasks={f"dispatch {COMMUNITY_DESK}", "respond department:labour"})  # fmt: skip
    assert await story.cannot("fire_handler", "respond", note="再来") == (403, "not_yours")
    assert await story.cannot("environment_handler", "respond", note="x") == (404, "no_such_case")
    await story.does("labour_head", "respond", note="参加", tasks={f"dispatch {COMMUNITY_DESK}"})


async def test_a_case_is_withdrawn_by_who_reported_it(harness: ApiHarness) -> None:
    story = await Story.begins(harness, "reporter")
    assert await story.cannot("worker", "withdraw", reason="x") == (403, "not_yours")
    view = await harness.do("reporter", story.no, "withdraw", reason="已自行解决")
    assert (view["stage"], view["outcome"], view["tasks"]) == ("closed", "withdrawn", [])


async def test_who_took_a_report_at_the_hotline_is_not_its_reporter(harness: ApiHarness) -> None:
    story = await Story.begins(harness, "duty", source="hotline")
    assert await story.cannot("duty", "withdraw", reason="x") == (403, "not_yours")
    view = await harness.do("duty_2", story.no, "withdraw", reason="回访时反映人表示撤回")
    assert view["outcome"] == "withdrawn"


async def test_voiding_takes_two_people(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    await story.does("duty", "void", reason="测试件", facts=["void_proposed"],
                     tasks={"handle department:labour", f"confirm_void {COMMUNITY_DESK}"})  # fmt: skip
    assert await story.cannot("duty", "void", reason="测试件") == (403, "second_person_needed")
    assert await story.cannot("duty", "refuse_void", reason="x") == (403, "second_person_needed")
    await story.does("supervisor", "refuse_void", reason="并非测试件", facts=["void_refused"],
                     tasks={"handle department:labour"})  # fmt: skip
    await story.does("duty", "void", reason="确属测试件,附说明")
    view = await harness.do("duty_2", story.no, "void", reason="确属测试件")
    assert (view["stage"], view["outcome"], view["tasks"]) == ("closed", "voided", [])


async def test_a_merged_case_closes_and_the_lead_learns_of_it(harness: ApiHarness) -> None:
    lead = await Story.begins(harness)
    story = await Story.begins(harness, title="同一件事")
    itself = await story.cannot("duty", "merge", into=story.no, reason="x")
    assert itself == (422, "no_such_lead")
    view = await harness.do("duty", story.no, "merge", into=lead.no, reason="同一事项")
    assert (view["stage"], view["outcome"], view["merged_into"]) == ("closed", "merged", lead.no)
    absorbed = await harness.until_fact(lead.no, "absorbed")
    assert (absorbed["body"]["case_no"], absorbed["actor"]["kind"]) == (story.no, "system")
    await harness.until_fact(story.no, "errand_settled")
    assert await story.kinds() == ["received", "merged", "closed", "errand_settled"]
    other = await Story.begins(harness)
    assert await other.cannot("duty", "merge", into=story.no, reason="x") == (422, "no_such_lead")


async def test_each_part_split_off_becomes_a_case(harness: ApiHarness) -> None:
    story = await Story.begins(harness)
    parts = [
        {"category": "0302", "description": "河边排污冒泡。南墙外"},
        {"category": "0201", "title": "欠薪", "grid": MICRO_2},
    ]
    await story.does("duty", "split", parts=parts, reason="三事混报", facts=None)
    opened = []
    for n in (1, 2):
        settled = await harness.until_fact(story.no, "errand_settled", nth=n)
        opened.append(await harness.get("admin", f"/cases/{settled['body']['case_no']}"))
    assert {(case["title"], case["category"], case["grid"]["code"]) for case in opened} == {
        ("河边排污冒泡", "0302", story.view["grid"]["code"]), ("欠薪", "0201", MICRO_2),
    }  # fmt: skip
    for case in opened:
        first = (await harness.get("admin", f"/cases/{case['case_no']}/facts"))[0]
        assert first["body"]["split_from"] == story.no
        assert (case["stage"], case["source"]) == ("receive", "split")
    assert (await story.look())["stage"] == "receive"


# --- closed -----------------------------------------------------------------------------------------------------------


async def test_a_closed_case_is_reopened_into_a_new_round(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness, "reporter")
    await closed(story)
    await story.does("reporter", "request_reopen", reason="又欠了", facts=["reopen_requested"],
                     tasks={f"decide_reopen {COMMUNITY_DESK}"})  # fmt: skip
    await story.does("supervisor", "refuse_reopen", reason="另行上报", facts=["reopen_refused"], tasks=set())
    await story.does("reporter", "request_reopen", reason="同一笔工资")
    await story.does("duty", "grant_reopen", note="同意", facts=["reopened"], stage="dispatch", owner=COMMUNITY_DESK,
                     tasks={f"dispatch {COMMUNITY_DESK}"})  # fmt: skip
    assert (story.view["round"], story.view["outcome"], story.view["closed_at"]) == (2, None, None)
    assert story.view["clocks"][-1]["round"] == 2
    await story.does("duty", "dispatch", host=LABOUR, stage="handle", owner="department:labour")
    await closed(story)


async def test_an_appeal_exempts_and_never_erases_the_overdue(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness, category=RUSHED, host=ENVIRONMENT)
    overdue = await harness.until_fact(story.no, "overdue")
    assert (overdue["body"]["stage"], overdue["actor"]["kind"]) == ("handle", "system")
    story.view = await story.look("environment_head")
    assert story.view["light"] == "red"
    later = await story.cannot("environment_head", "request_extension", until=soon(days=1), reason="x")
    assert later == (409, "no_extension_once_overdue")
    await closed(story, "environment_head")
    assert story.view["light"] == "red"
    proof = await harness.upload("environment_head")
    await story.does("environment_head", "appeal", reason="停电", attachments=[proof], facts=["appealed"],
                     tasks={f"decide_appeal {COMMUNITY_DESK}"})  # fmt: skip
    assert await story.cannot("environment_handler", "appeal", reason="再申") == (403, "not_yours")
    await story.does("supervisor", "decide_appeal", upheld=True, reason="属实", facts=["appeal_decided"], tasks=set())
    assert "overdue" in await story.kinds()
    assert story.view["light"] == "red"
    assert [clock["overdue_at"] for clock in story.view["clocks"] if clock["stage"] == "handle"] != [None]


async def test_nothing_overdue_nothing_to_appeal(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    await closed(story)
    assert await story.cannot("labour_handler", "appeal", reason="x") == (409, "not_now")


async def test_no_command_is_left_out() -> None:
    """The stories here, in `test_exits`, `test_unmask` and `test_conflicts` name every command there is."""
    told = inspect.getsource(sys.modules[__name__]) + "".join(
        map(inspect.getsource, (test_exits, test_unmask, test_conflicts))
    )
    assert len(HUMAN_COMMANDS) == 67
    assert [name for name in HUMAN_COMMANDS if f'"{name}"' not in told] == []
