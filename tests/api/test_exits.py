"""The ways out of every stage, over HTTP: no wrong dispatch, absent colleague or silent co-handler holds a case."""

from asyncio import gather
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.database import transaction
from models.enums import Role
from tests.api.harness import ApiHarness, open_harness
from tests.api.story import COMMUNITY_DESK, PARK_DESK, Story, closed, moment, person, soon
from tests.builders import (
    ENVIRONMENT,
    FIRE,
    GRID,
    LABOUR,
    PARK,
    Holder,
    add_grants,
    add_people,
    person_id,
)
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("exits")) as opened:
        yield opened


# --- another host, other co-handlers ----------------------------------------------------------------------------------


async def test_a_wrong_dispatch_is_put_right_on_the_same_clock(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness, host=FIRE)
    due = story.view["due_at"]
    await story.does("fire_handler", "claim", owner=person("fire_handler"))
    assert await story.cannot("fire_handler", "redispatch", host=LABOUR, reason="x") == (403, "not_yours")
    await story.does(
        "duty", "redispatch", host=LABOUR, co_handlers=[ENVIRONMENT], reason="派错", facts=["redispatched"],
        owner="department:labour", tasks={"handle department:labour", "co_handle department:environment"},
    )  # fmt: skip
    assert (story.view["host"], story.view["claimed_by"], story.view["due_at"]) == (LABOUR, None, due)
    await story.does("supervisor", "recall", reason="先会商", facts=["recalled"], stage="dispatch",
                     owner=COMMUNITY_DESK, tasks={f"dispatch {COMMUNITY_DESK}"})  # fmt: skip
    assert (story.view["host"], story.view["co_handlers"]) == (None, [])
    await story.does("duty", "send_back", reason="信息有误", facts=["sent_back"], stage="receive",
                     tasks={f"accept {COMMUNITY_DESK}"})  # fmt: skip


async def test_the_unit_that_a_case_climbed_to_acts_on_it(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    await story.does("supervisor", "escalate", to_level="community", reason="压件", owner=COMMUNITY_DESK)
    await story.does("community_supervisor", "redispatch", host=FIRE, reason="改派", owner="department:fire")
    assert story.view["level"] == 4


async def test_a_silent_co_handler_is_released(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    await story.does("labour_head", "add_co_handler", departments=[FIRE, ENVIRONMENT], note="需配合",
                     facts=["co_handlers_added"], tasks={
                         "handle department:labour", "co_handle department:fire", "co_handle department:environment",
                     })  # fmt: skip
    await story.does("fire_handler", "report_progress", note="已配合")
    assert await story.cannot("labour_handler", "complete", result="x") == (409, "co_handlers_missing")
    await story.does("duty", "release_co_handler", department=ENVIRONMENT, reason="不涉及",
                     facts=["co_handler_released"], tasks={"handle department:labour"})  # fmt: skip
    await story.does("labour_handler", "complete", result="办结", stage="review", owner=PARK_DESK)


async def test_a_meeting_is_called_while_it_is_handled(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    await story.does("labour_head", "convene", departments=[FIRE], meet_at=soon(hours=5), note="会商",
                     facts=["convened"], tasks={"handle department:labour", "respond department:fire"})  # fmt: skip


# --- asking -----------------------------------------------------------------------------------------------------------


async def test_the_grid_worker_looks_at_the_place_before_it_is_accepted(harness: ApiHarness) -> None:
    story = await Story.begins(harness, "reporter")
    due = story.view["due_at"]
    await story.does("duty", "request_verification", question="是否仍在排放?", facts=["verification_requested"],
                     tasks={f"accept {COMMUNITY_DESK}", f"verify unit:{GRID}"})  # fmt: skip
    assert story.view["due_at"] == due, "the clock runs on"
    assert "verify" in {item["task"] for item in await harness.get("worker", "/inbox")}
    assert await story.cannot("volunteer", "report_verification", confirmed=True, note="x") == (403, "not_yours")
    photo = await harness.upload("worker")
    await story.does("worker", "report_verification", confirmed=False, note="现场无异常", attachments=[photo],
                     facts=["verification_reported"], tasks={f"accept {COMMUNITY_DESK}"})  # fmt: skip
    assert story.view["attachments"] == [photo]
    last = (await harness.get("duty", f"/cases/{story.no}/facts"))[-1]["body"]
    assert (last["confirmed"], last["note"]) == (False, "现场无异常")


async def test_the_reporter_is_asked_while_it_is_handled_and_reviewed(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness, "reporter")
    await story.does("labour_handler", "request_info", question="合同编号?", facts=["info_requested"])
    await story.does("reporter", "supply_info", note="HT-1", facts=["info_supplied"])
    await story.does(
        "labour_handler", "complete", result="已付", answer="工资已付清。", stage="review", owner=PARK_DESK
    )
    await story.does("reviewer", "request_info", question="是否到账?", facts=["info_requested"])
    await story.does("reporter", "supply_info", note="到账", facts=["info_supplied"])


async def test_one_takes_back_what_one_asked_for(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    until = (moment(story.view["due_at"]) + timedelta(days=1)).isoformat()
    await story.does("labour_handler", "request_extension", until=until, reason="取证")
    await story.does("labour_handler", "return", reason="非职责")
    assert await story.is_refused("labour_handler", "retract") == (422, "bad_input", "/request")
    await story.does("labour_handler", "retract", request="return", reason="误点", facts=["request_retracted"])
    assert [request["kind"] for request in story.view["requests"]] == ["extension"]
    await story.does("labour_handler", "retract", tasks={"handle department:labour"})


async def test_an_urge_order_given_by_mistake_is_cancelled(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    await story.does("supervisor", "urge", reply_by=soon(hours=4), note="速办")
    await story.does("supervisor", "cancel_urge", urge=1, reason="案件有误", facts=["urge_cancelled"],
                     tasks={"handle department:labour"})  # fmt: skip
    assert story.view["urges"][0]["ended_at"] is not None
    assert await story.cannot("labour_handler", "answer_urge", note="x") == (409, "not_now")


# --- review, and after ------------------------------------------------------------------------------------------------


async def test_another_person_reviews(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    await story.does("labour_handler", "complete", result="已付", stage="review", owner=PARK_DESK)
    handled = await story.is_refused("supervisor", "assign_reviewer", person="labour_handler", reason="x")
    assert handled == (422, "unknown_person", "/person")
    await story.does("reviewer", "assign_reviewer", person="supervisor", reason="回避", facts=["reviewer_assigned"],
                     owner=person("supervisor"))  # fmt: skip
    assert story.view["reviewer"] == "园区督查员"
    assert await story.cannot("reviewer", "pass_review") == (403, "not_yours")
    view = await harness.do("supervisor", story.no, "pass_review", answer="工资已付清。")
    assert view["stage"] == "closed"


async def test_an_officer_asks_for_a_reopening_and_another_grants_it(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness, "reporter")
    await closed(story)
    await story.does("reviewer", "request_reopen", reason="回访:未到账", facts=["reopen_requested"])
    await story.does("duty", "grant_reopen", stage="dispatch", owner=COMMUNITY_DESK)
    assert story.view["round"] == 2
    await story.does("duty", "dispatch", host=LABOUR, stage="handle", owner="department:labour")
    await closed(story)
    await story.does("supervisor", "request_reopen", reason="发现造假")
    assert await story.cannot("duty", "grant_reopen") == (403, "not_yours")
    assert await story.cannot("supervisor", "grant_reopen") == (403, "not_yours")
    await story.does("community_supervisor", "grant_reopen", stage="dispatch", owner=COMMUNITY_DESK)


async def test_a_merged_case_is_taken_out_again_by_itself_or_at_its_lead(harness: ApiHarness) -> None:
    lead = await Story.begins(harness)
    members = [await Story.begins(harness, "reporter", title="同一件事") for _ in range(2)]
    dues = [member.view["due_at"] for member in members]
    for place, member in enumerate(members, 1):
        await harness.do("duty", member.no, "merge", into=lead.no, reason="同一事项")
        await harness.until_fact(lead.no, "absorbed", nth=place)
    assert (await lead.look())["merged_cases"] == [member.no for member in members]
    for name in ("reject", "void"):
        body = {"reason": "x", **({"right_channel": "x"} if name == "reject" else {})}
        assert (await harness.refused("duty", lead.no, name, **body)) == (409, "lead_of_others")
    assert await harness.refused("duty", lead.no, "unmerge", reason="x") == (422, "bad_input")
    back = await harness.do("duty", members[0].no, "unmerge", reason="并非同一事项")
    assert (back["stage"], back["due_at"], back["merged_into"]) == ("receive", dues[0], None)
    await harness.until_fact(lead.no, "separated")
    await harness.do("duty", lead.no, "unmerge", case_no=members[1].no, reason="并非同一事项")
    await harness.until_fact(members[1].no, "unmerged")
    again = await members[1].look()
    assert (again["stage"], again["due_at"], again["outcome"]) == ("receive", dues[1], None)
    await harness.until_fact(lead.no, "separated", nth=2)
    assert (await lead.look())["merged_cases"] == []


async def test_many_cases_are_recalled_and_redispatched_at_once(harness: ApiHarness) -> None:
    stories = [await Story.at_handling(harness) for _ in range(2)]
    cases = [story.no for story in stories]
    command = {"host": FIRE, "reason": "职责调整"}
    moved = (await harness.send("duty", "/bulk/redispatch", {"cases": cases, "command": command})).json()
    assert (moved["done"], moved["failed"]) == (2, 0)
    assert [(await story.look())["host"] for story in stories] == [FIRE, FIRE]
    recalled = (await harness.send("duty", "/bulk/recall", {"cases": cases, "command": {"reason": "暂缓"}})).json()
    assert (recalled["done"], recalled["failed"]) == (2, 0)
    back = (await harness.send("duty", "/bulk/send_back", {"cases": cases, "command": {"reason": "更正"}})).json()
    assert (back["done"], [(await story.look())["stage"] for story in stories]) == (2, ["receive", "receive"])


# --- voided, by two people --------------------------------------------------------------------------------------------


async def test_who_holds_two_roles_is_still_one_person(harness: ApiHarness) -> None:
    async with transaction(harness.engine) as connection:
        await add_people(connection, Holder("both", "某人", Role.DUTY_OFFICER, grid=PARK))
        await add_grants(connection, Holder("both", "某人", Role.SUPERVISOR, grid=PARK))
    story = await Story.at_handling(harness)
    await story.does("both", "void", reason="测试件", facts=["void_proposed"])
    assert await story.cannot("both", "void", reason="测试件") == (403, "second_person_needed")
    assert await story.cannot("both", "refuse_void", reason="x") == (403, "second_person_needed")
    assert (await harness.do("supervisor", story.no, "void", reason="确属测试件"))["outcome"] == "voided"


async def test_a_deputy_confirms_for_another_and_never_for_themselves(harness: ApiHarness) -> None:
    """Whoever stands in has the roles of the absent person, and stays the person that they are."""
    async with transaction(harness.engine) as connection:
        await add_people(connection, Holder("away", "某人", Role.SUPERVISOR, grid=PARK))
        await add_people(connection, Holder("plain", "某人", Role.KEEPER, grid=PARK))
    for deputy, confirmed_by in (("duty", "duty_2"), ("plain", "plain")):
        await absent(harness, "away", deputy)
        story = await Story.at_handling(harness)
        await story.does("duty", "void", reason="测试件", facts=["void_proposed"])
        assert await story.cannot("duty", "void", reason="代主管确认") == (403, "second_person_needed")
        assert (await harness.do(confirmed_by, story.no, "void", reason="确属测试件"))["outcome"] == "voided"
        await absent(harness, "away", None)
    story = await Story.at_handling(harness)
    await story.does("duty", "void", reason="测试件")
    assert await story.cannot("plain", "void", reason="已不代理") == (403, "not_yours")


async def absent(harness: ApiHarness, username: str, deputy: str | None) -> None:
    """Have somebody away today with a deputy; None: they are back."""
    async with transaction(harness.engine) as connection:
        await connection.execute(text("DELETE FROM absences WHERE person = :p"), {"p": person_id(username)})
        if deputy is not None:
            await connection.execute(
                text(
                    "INSERT INTO absences (id, person, since, until, deputy, reason)"
                    " VALUES (:id, :p, current_date - 1, current_date + 1, :d, '年休假')"
                ),
                {"id": uuid4(), "p": person_id(username), "d": person_id(deputy)},
            )


async def test_two_who_confirm_at_the_same_moment_close_it_once(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    both = await gather(*(harness.command("duty", story.no, "void", reason="测试件") for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 403], "one person at the same moment is no second"
    others = ("duty_2", "supervisor", "duty")
    answers = await gather(*(harness.command(by, story.no, "void", reason="确属测试件") for by in others))
    assert sorted(answer.status_code for answer in answers[:2]) == [200, 409]
    assert answers[2].status_code in (403, 409)
    kinds = await harness.kinds(story.no)
    assert (kinds.count("void_proposed"), kinds.count("closed")) == (1, 1)
