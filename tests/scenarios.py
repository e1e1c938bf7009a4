"""Lives of cases that between them take every command there is. Each plays in a `Town` and answers its cases."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from infra.case_client import act_as_system
from models.commands import Recompute
from models.errors import NoExtensionOnceOverdue
from models.ids import new_id
from models.messages import SystemAct
from tests.builders import MICRO_2, publish, put_photo
from tests.timed import a_hasty_policy, a_stormy_policy, a_timed_policy
from tests.town import Town

Scenario = Callable[[Town], Awaitable[list[str]]]
PHOTO = "a" * 64


async def have_photo(town: Town) -> None:
    """An attachment that commands can name."""
    await put_photo(town.engine, PHOTO)


async def dispatched(town: Town, host: str = "labour", **report: str) -> str:
    """A case that lies with its host department."""
    no = await town.report(**{"category": "0201", "title": "欠薪", **report})
    await town.do("duty", no, "accept")
    await town.do("duty", no, "dispatch", host=host)
    return no


async def plain_life(town: Town) -> list[str]:
    """Straight on, with co-handlers and evidence, to a rating."""
    await have_photo(town)
    no = await town.report("reporter", category="0103", title="安全出口被锁", attachments=[PHOTO])
    await town.do("duty", no, "request_info", question="几号楼?")
    await town.do("reporter", no, "supply_info", note="三号楼")
    await town.do("duty", no, "accept", note="属实")
    meet_at = await town.now() + timedelta(hours=4)
    await town.do("duty", no, "convene", departments=["environment"], meet_at=meet_at, note="现场会商")
    await town.do("environment_handler", no, "respond", note="到场")
    await town.do("duty", no, "dispatch", host="fire", co_handlers=["labour"])
    await town.do("fire_handler", no, "claim")
    await town.do("fire_handler", no, "acknowledge", note="已出发")
    await town.do("labour_handler", no, "report_progress", note="已到场")
    await town.do("fire_handler", no, "attach", attachments=[PHOTO])
    await town.do("fire_handler", no, "complete", result="已打开", evidence=[PHOTO])
    await town.do("reviewer", no, "pass_review", note="畅通", evidence=[PHOTO])
    await town.do("reporter", no, "rate", score=5, note="很快")
    return [no]


async def protected_life(town: Town) -> list[str]:
    """Everything that a keeper may do about the reporter, and a recusal of the keeper."""
    no = await town.report(reporter={"name": "某人", "phone": "13800000000"})
    await town.do("keeper", no, "hold_data", reason="法院调取期间留存")
    await town.do("keeper", no, "unmask", purpose="legal", reason="法院依法调取")
    await town.do("keeper", no, "release_data", reason="诉讼已经终结")
    await town.do("keeper", no, "erase_reporter", reason="本人依法要求删除")
    await town.do("supervisor", no, "recuse", person="keeper", reason="与当事人有亲属关系")
    await town.do("supervisor", no, "lift_recusal", person="keeper", reason="关系已经解除")
    return [no]


async def hard_life(town: Town) -> list[str]:
    """Everything that can be asked for while a case is handled, a failed review, and a reopening."""
    no = await dispatched(town)
    await town.do("labour_handler", no, "claim")
    await town.do("labour_handler", no, "release", reason="轮休")
    await town.do("labour_handler", no, "return", reason="不属本部门")
    await town.do("duty", no, "refuse_return", reason="职责明确")
    view = await town.look("duty", no)
    assert view.due_at is not None
    await town.do("labour_handler", no, "request_extension", until=view.due_at + timedelta(days=2), reason="取证")
    await town.do("duty", no, "grant_extension")
    await town.do("labour_handler", no, "request_extension", until=view.due_at + timedelta(days=5), reason="再取证")
    await town.do("duty", no, "refuse_extension", reason="抓紧")
    later = await town.now() + timedelta(days=9)
    await town.do("labour_handler", no, "request_suspension", until=later, reason="当事人失联")
    await town.do("supervisor", no, "refuse_suspension", reason="先找人")
    await town.do("labour_handler", no, "request_suspension", until=later, reason="仍失联")
    await town.do("supervisor", no, "grant_suspension")
    await town.do("labour_head", no, "resume", note="找到了")
    await town.do("supervisor", no, "urge", reply_by=await town.now() + timedelta(hours=8), note="速办")
    await town.do("labour_handler", no, "answer_urge", note="今日办结")
    await town.do("labour_head", no, "complete", result="已付清")
    await town.do("reviewer", no, "fail_review", reason="少付一人")
    await town.do("labour_head", no, "complete", result="已补付")
    await town.do("reviewer", no, "pass_review")
    await town.do("worker", no, "request_reopen", reason="又停付了")
    await town.do("duty", no, "refuse_reopen", reason="另案处理")
    await town.do("worker", no, "request_reopen", reason="同一事项")
    await town.do("supervisor", no, "grant_reopen")
    return [no]


async def passed_on(town: Town) -> list[str]:
    """Transferred, returned, escalated, moved, recategorised, and given up in the end."""
    no = await dispatched(town, host="fire")
    await town.do("fire_handler", no, "transfer", to_person="fire_handler_2", reason="交班")
    await town.do("fire_head", no, "transfer", to_department="labour", reason="属劳动")
    await town.do("labour_handler", no, "refuse_transfer", reason="不属劳动")
    await town.do("fire_head", no, "transfer", to_department="environment", reason="属环保")
    await town.do("environment_head", no, "grant_transfer", note="接收")
    await town.do("environment_handler", no, "return", reason="属劳动")
    await town.do("environment_handler", no, "retract", reason="再看看")
    await town.do("environment_handler", no, "return", reason="确属劳动")
    await town.do("duty", no, "grant_return")
    await town.do("duty", no, "recategorise", category="0302", reason="是恶臭")
    await town.do("duty", no, "relocate", grid=MICRO_2, reason="在隔壁")
    await town.do("duty", no, "link_enterprise", enterprise=await town.enterprise(), reason="现场核实")
    await town.do("duty", no, "dispatch", host="environment", note="经研究确属环保")
    await town.do("supervisor", no, "escalate", mode="inform", reason="群众关注")
    await town.do("supervisor", no, "escalate", to_level=1, reason="险情")
    await town.do("environment_handler", no, "comment", note="企业停产,无从查起")
    await town.do("environment_head", no, "abort", reason="投诉人不配合")
    await town.do("duty", no, "assign_reviewer", person="supervisor", reason="回避")
    await town.do("supervisor", no, "pass_review", answer="企业已停产,恢复生产后复查")
    return [no]


async def put_right(town: Town) -> list[str]:
    """Looked at before it is accepted, sent back, dispatched to the wrong department, and put right by the desk."""
    no = await town.report(category="0201", title="欠薪")
    await town.do("duty", no, "request_verification", question="是否属实?")
    await town.do("worker", no, "report_verification", confirmed=True, note="属实")
    await town.do("duty", no, "accept")
    await town.do("duty", no, "send_back", reason="地点有误")
    await town.do("duty", no, "accept")
    await town.do("duty", no, "dispatch", host="fire")
    await town.do("duty", no, "recall", reason="派错")
    await town.do("duty", no, "dispatch", host="environment", co_handlers=["fire"])
    await town.do("duty", no, "redispatch", host="labour", reason="属劳动")
    await town.do("labour_handler", no, "add_co_handler", departments=["environment"])
    await town.do("duty", no, "release_co_handler", department="fire", reason="无需协办")
    await town.do("environment_handler", no, "report_progress", note="已配合")
    await town.do("supervisor", no, "urge", reply_by=await town.now() + timedelta(hours=8), note="误发")
    await town.do("supervisor", no, "cancel_urge", reason="误发")
    await town.do("duty", no, "void", reason="疑似重复")
    await town.do("duty_2", no, "refuse_void", reason="不重复")
    await town.do("labour_head", no, "complete", result="已付清", answer="工资已付清")
    await town.do("reviewer", no, "fail_review", reason="环保部分不实", departments=["environment"])
    await town.do("environment_handler", no, "report_progress", note="已补")
    await town.do("labour_head", no, "complete", result="已付清", answer="工资已付清")
    await town.do("reviewer", no, "pass_review")
    return [no]


async def asked(town: Town) -> list[str]:
    """Recategorised to a category with questions, which the desk and the reporter answer."""
    no = await town.report(category="0302", title="异味")
    await town.do("duty", no, "recategorise", category="0301", reason="是废气")
    await town.do("duty", no, "answer_questions", answers={"smell": ["egg"], "still": True, "people": 2})
    await town.do("duty", no, "request_info", question="何时开始?")
    await town.do("worker", no, "supply_info", note="前天", answers={"since": "2026-02-28"})
    return [no]


async def short_lives(town: Town) -> list[str]:
    """Settled on the spot, rejected, withdrawn, voided by two."""
    on_the_spot = await town.report(category="0201", title="口角")
    await town.do("worker", on_the_spot, "self_close", result="当场调解")
    rejected = await town.report(category="0302", title="仲裁中的事")
    await town.do("duty", rejected, "reject", reason="已进入仲裁", right_channel="劳动仲裁委")
    withdrawn = await town.report(category="0302", title="报错了")
    await town.do("worker", withdrawn, "withdraw", reason="报错了")
    voided = await town.report(category="0302", title="测试")
    await town.do("duty", voided, "void", reason="测试数据")
    await town.do("duty_2", voided, "void", reason="确系测试")
    return [on_the_spot, rejected, withdrawn, voided]


async def entangled(town: Town) -> list[str]:
    """One case split in two, others merged into it and taken out again; and an urge order that goes unanswered."""
    lead = await town.report(category="0201", title="欠薪且宿舍消防通道被堵")
    other = await town.report(category="0201", title="欠薪(重复)")
    third = await town.report(category="0201", title="欠薪(另一家)")
    await town.do("duty", other, "merge", into=lead, reason="同一事项")
    await town.do("duty", third, "merge", into=lead, reason="同一事项")
    await town.do("duty", lead, "split", parts=[{"category": "0103", "title": "宿舍通道"}], reason="两件事")
    soon = await town.now() + timedelta(seconds=2)
    await town.do("supervisor", lead, "urge", reply_by=soon, note="立即答复")
    await until_recorded(town, lead, "absorbed", "errand_settled", "urge_overdue")
    while set((await town.case(lead)).absorbed) != {other, third}:
        await asyncio.sleep(0.1)
    await town.do("duty", lead, "unmerge", case_no=other, reason="不是一回事")
    await town.do("duty", third, "unmerge", reason="不是一家")
    await until_recorded(town, other, "unmerged")
    await until_recorded(town, lead, "unmerge_asked", "separated")
    while (await town.case(lead)).absorbed or (await town.case(lead)).errands:
        await asyncio.sleep(0.1)
    return [lead, other, third]


async def contested(town: Town) -> list[str]:
    """A deadline passes; the department appeals once the case is closed. Needs a town whose limits are seconds."""
    no = await dispatched(town)
    async with asyncio.timeout(30):
        while "overdue" not in await town.kinds(no):
            await asyncio.sleep(0.1)
    tomorrow = await town.now() + timedelta(days=1)
    with pytest.raises(NoExtensionOnceOverdue):
        await town.do("labour_head", no, "request_extension", until=tomorrow, reason="晚了")
    await town.do("labour_head", no, "complete", result="已付")
    await town.do("reviewer", no, "pass_review")
    await town.do("labour_head", no, "appeal", reason="系统故障")
    await town.do("supervisor", no, "decide_appeal", upheld=True, reason="属实")
    return [no]


async def climbing(town: Town) -> list[str]:
    """A policy of seconds is adopted: the light turns, the case climbs, is acknowledged, climbs on; a typhoon comes."""
    no = await dispatched(town)
    await town.do("labour_handler", no, "acknowledge", note="在办")
    async with town.engine.begin() as connection:
        await publish(connection, a_hasty_policy(), version=2)
    await town.do("supervisor", no, "adopt", version=2, reason="改用新标准")
    await until_recorded(town, no, "acknowledgement_lapsed", "light_changed", "overdue", "step_fired")
    await town.do("supervisor", no, "acknowledge", note="我来跟")
    await until_recorded(town, no, "urged", "urge_overdue", "reminded")
    async with town.engine.begin() as connection:
        await publish(connection, a_timed_policy(), version=3)
    later = await dispatched(town)
    async with town.engine.begin() as connection:
        await publish(connection, a_stormy_policy(), version=4)
    case = await town.case(later)
    typhoon = SystemAct(id=new_id(), command=Recompute(version=4))
    await act_as_system(town.resources.temporal, case.report_id, typhoon)
    assert "recomputed" in await town.kinds(later)
    return [no, later]


async def until_recorded(town: Town, case_no: str, *kinds: str) -> None:
    """Waits until the case has facts of all these kinds."""
    async with asyncio.timeout(60):
        while not set(kinds) <= set(await town.kinds(case_no)):
            await asyncio.sleep(0.1)


ALL: dict[str, Scenario] = {
    "plain": plain_life,
    "hard": hard_life,
    "passed-on": passed_on,
    "put-right": put_right,
    "asked": asked,
    "short": short_lives,
    "entangled": entangled,
    "contested": contested,
    "climbing": climbing,
    "protected": protected_life,
}
