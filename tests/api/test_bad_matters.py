"""Bad input to matters of every kind: before each command of a life is given, everything wrong about it is refused.

Each story is a list of commands that are taken in turn. Of each, every field (however deep) is filled with what no
field takes, with times out of reach, with codes that nobody has, with files that nobody uploaded and with places
outside the park: each is refused by its sender's fault (4xx), in English without Chinese, and nothing is stored.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.database import transaction
from models.matters.base import MatterKind
from models.matters.paths import PATHS
from models.policy.emergency import EmergencyPlan, EmergencyPolicy, PlanStep
from models.policy.park import ParkPolicy
from rules.matters.kind import command_models
from rules.matters.registry import RULES
from tests.api.harness import ApiHarness, a_picture, open_harness
from tests.api.test_bad_input import HOLE, holds_chinese
from tests.builders import CHECKLIST, COMMUNITY, FIRE, GRID, LABOUR, MICRO, PARK, a_policy, publish
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

Body = dict[str, Any]
Step = tuple[str, str, Body]
STEPS = (PlanStep(code="fire", name_zh="通知消防", name_en="call the fire service", department=FIRE, minutes=5),
         PlanStep(code="report", name_zh="上报", name_en="report", role="duty_officer", minutes=60),)  # fmt: skip
POLICY = a_policy(park=ParkPolicy.model_validate({
    "checklists": [CHECKLIST],
    "emergencies": EmergencyPolicy(
        plans=(EmergencyPlan(code="spill", name_zh="泄漏", name_en="Spill", categories=("03",), steps=STEPS),)
    ),
}))  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("bad-matters")) as opened:
        async with transaction(opened.engine) as connection:
            await publish(connection, POLICY, version=3)
        yield opened


TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()


def day(ahead: int) -> str:
    return (TODAY + timedelta(days=ahead)).isoformat()


INSIDE = {"lat": 38.002, "lon": 117.002}
PLACE = {"key": "p1", "name": "一号点", "grid": MICRO, "location": INSIDE, "description": "散乱污"}
MILESTONES = [{"key": "m1", "name": "摸底", "due_on": day(9)}]
METRIC = {"code": "voc", "name": "挥发性有机物", "unit": "mg/m3", "above": 2.0, "hysteresis": 0.2, "minutes": 5,
          "lowest": -1.0, "highest": 100.0, "category": "0302", "severity": "ordinary"}  # fmt: skip
SITTINGS = [{"weekday": n, "start": "09:00", "end": "11:00"} for n in range(1, 8)]
PLAN = {
    "name": "班前十分钟", "grid": COMMUNITY, "work": "pre_shift", "places": [{"grid": MICRO, "name": "一车间"}],
    "workers": {"role": "grid_worker"},
    "rhythm": {"kind": "per_shift", "shifts": [{"name": "早班", "begins": "07:50"}], "minutes": 10},
    "plant_days": {"weekdays": [1, 2, 3, 4, 5, 6, 7], "on_holidays": True}, "checklist": CHECKLIST["code"],
    "first_due": day(1), "until": day(90),
}  # fmt: skip
NEXT_SLOT = datetime.combine(TODAY + timedelta(days=3), datetime.min.time(), UTC) + timedelta(hours=1)

#: Who gives which command with which body; the first begins the matter.
STORIES: dict[MatterKind, list[Step]] = {
    MatterKind.ENTERPRISE: [
        ("duty", "register", {
            "code": "91350100M000100Y43", "name": "东方印染有限公司", "grid": GRID, "size": "small",
            "industry": "印染", "headcount": 80, "shifts": [{"name": "白班", "start": "08:00", "end": "20:00"}],
            "work_rule": "park", "workshops": [{"number": "w1", "name": "一车间"}], "department": FIRE,
            "location": INSIDE, "safety_officer": {"name": "李安", "phone": "13900000000"}, "volunteer": "volunteer",
            "cadre": "worker",
        }),
        ("duty", "amend", {"headcount": 90, "location": INSIDE, "department": LABOUR, "note": "核对"}),
        ("duty", "assign_people", {"volunteer": None, "cadre": "duty", "safety_officer": {"name": "王安"}}),
        ("duty", "rename", {"name": "东方印染", "note": "更名"}),
        ("duty", "move", {"grid": MICRO, "location": INSIDE, "note": "搬迁"}),
        ("supervisor", "override_colour", {"colour": "red", "until": day(5), "reason": "督办"}),
        ("supervisor", "lift_override", {"reason": "已整改"}),
        ("supervisor", "comment", {"note": "已看", "attachments": []}),
        ("supervisor", "close", {"reason": "停产"}),
        ("supervisor", "reopen", {"reason": "复产"}),
    ],
    MatterKind.PLAN: [
        ("supervisor", "make_plan", PLAN),
        ("supervisor", "amend_plan", {"name": "班前检查", "places": PLAN["places"], "until": day(60)}),
        ("supervisor", "pause_plan", {"reason": "停产", "until": day(20)}),
        ("supervisor", "resume_plan", {"note": "复产"}),
        ("supervisor", "end_plan", {"reason": "撤销"}),
    ],
    MatterKind.STATION: [
        ("duty", "register", {"code": "AIR-1", "name": "东门站", "grid": MICRO, "medium": "air", "place": "东门",
                              "location": INSIDE, "metrics": [METRIC], "silence_minutes": 60, "department": FIRE}),
        ("duty", "change", {"name": "东门一站", "location": INSIDE, "metrics": [METRIC], "note": "核对"}),
        ("supervisor", "end", {"reason": "拆除"}),
    ],
    MatterKind.TOPIC: [
        ("worker", "submit", {"name": "路灯", "grid": MICRO, "text": "路灯不亮", "source": "visit",
                              "reference": "走访", "department": LABOUR, "attachments": []}),
        ("duty", "audit", {"decision": "case", "note": "立案", "category": "0302"}),
    ],
    MatterKind.CLAIM: [
        ("supervisor", "post", {"name": "排口溯源", "grid": GRID, "text": "查清 12 处", "claim_by": day(5),
                                "due_on": day(30)}),
        ("fire_head", "claim", {"department": FIRE, "plan": "方案", "milestones": MILESTONES}),
        ("fire_head", "report_progress", {"note": "过半", "evidence": []}),
        ("fire_head", "reach_milestone", {"milestone": "m1", "note": "完成", "evidence": []}),
        ("fire_head", "deliver", {"result": "查清", "evidence": []}),
        ("supervisor", "refuse_delivery", {"reason": "缺照片"}),
        ("fire_head", "give_back", {"reason": "力量不足"}),
        ("supervisor", "end", {"reason": "另行安排"}),
    ],
    MatterKind.MEETING: [
        ("supervisor", "call", {"name": "联席会议", "grid": PARK, "type": "quarterly", "meet_at": f"{day(6)}T01:00:00Z",
                                "place": "二楼", "departments": [FIRE]}),
        ("supervisor", "add_item", {"title": "排口"}),
        ("supervisor", "move", {"meet_at": f"{day(7)}T01:00:00Z", "reason": "改期"}),
        ("supervisor", "decide_item", {"item": "1", "decision": "立项", "outcome": "undertaking", "department": FIRE,
                                       "owner_name": "消防大队", "due_on": day(40)}),
        ("supervisor", "cancel", {"reason": "改为书面"}),
    ],
    MatterKind.UNDERTAKING: [
        ("supervisor", "undertake", {
            "name": "散乱污整治", "grid": PARK, "type": "campaign", "statement": "年底前整治", "owner_name": "环保所",
            "department": FIRE, "person": "fire_head", "due_on": day(30), "category": "0302",
            "milestones": MILESTONES,
        }),
        ("fire_head", "add_places", {"places": [PLACE]}),
        ("fire_head", "report_progress", {"note": "过半", "evidence": []}),
        ("fire_head", "reach_milestone", {"milestone": "m1", "note": "完成", "evidence": []}),
        ("supervisor", "postpone", {"due_on": day(60), "reason": "雨季"}),
        ("supervisor", "comment", {"note": "已看", "attachments": []}),
        ("supervisor", "end", {"reason": "并入他项"}),
    ],
    MatterKind.EMERGENCY: [
        ("duty", "begin", {"plan": "spill"}),
        ("fire_handler", "confirm", {"step": "fire", "note": "已到场", "attachments": []}),
        ("duty", "leave_out", {"step": "report", "reason": "无需上报"}),
        ("duty", "close", {"summary": "无人受伤"}),
    ],
    MatterKind.REFERRAL_DESK: [
        ("duty", "register", {"code": "LAW", "name": "法律坐诊", "grid": MICRO, "desk_kind": "lawyer", "place": "二楼",
                              "persons": [{"name": "律师一", "organisation": "某所"}], "sittings": SITTINGS[:1],
                              "slot_minutes": 30, "department": LABOUR}),
        ("duty", "change", {"place": "三楼", "sittings": SITTINGS, "slot_minutes": 60, "note": "搬迁"}),
        ("duty", "change_day", {"day": day(8), "sittings": [{"start": "14:00", "end": "15:00"}], "note": "培训"}),
        ("duty", "book", {"at": NEXT_SLOT.isoformat(), "note": "欠薪"}),
        ("duty", "move", {"number": 1, "at": (NEXT_SLOT + timedelta(hours=1)).isoformat()}),
        ("duty", "cancel", {"number": 1, "reason": "改日"}),
        ("supervisor", "end", {"reason": "撤销"}),
    ],
}  # fmt: skip

#: What no field of any command takes, as it is written in JSON. The longest text that any takes has 10,000 characters.
NEVER = ['{"a":{"b":1}}', '"a\\u0000b"', '"a\\u0007b"', "NaN", "1e400", "9" * 30, json.dumps("长" * 10_001)]
FAR = ['"9999-12-31"', '"9999-12-31T23:59:59-14:00"', '"2900-01-01"', '"0001-01-01"', '"0001-01-01T00:00:00+14:00"',
       "1700006400", '"20261101"', '"2026-02-30"', '"\\ud800"']  # fmt: skip
TIMES = {"start", "end", "begins", "due_on", "claim_by", "until", "first_due", "meet_at", "at", "day"}
#: Fields that name something that exists.
NAMES = {"grid", "department", "departments", "category", "person", "volunteer", "cadre", "calendar", "checklist",
         "enterprise", "milestone", "item", "topic", "step", "case_no"}  # fmt: skip
FILES = {"attachments", "evidence", "photos"}


def paths_in(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value within a body; of a list to its first, because the others are of the same kind."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, one in items:
        yield (*path, key)
        yield from paths_in(one, (*path, key))


def written(body: Body, path: tuple[str | int, ...], raw: str) -> str:
    """The body as JSON, with `raw` at `path`."""
    copy = json.loads(json.dumps(body))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = "@"
    return json.dumps(copy).replace('"@"', raw, 1)


def wrong(body: Body, model_fields: set[str]) -> Iterator[str]:
    """The body spoiled in every way, one fault at a time."""
    yield from ("[]", "null", '"x"', "{" + '"a":[' * 500)
    yield json.dumps({**body, "nonsense": 1})
    for path in paths_in(body):
        name = str(next(key for key in reversed(path) if isinstance(key, str)))
        yield from (written(body, path, raw) for raw in NEVER)
        leaf = not isinstance(path[-1], int)
        if name in TIMES and leaf:
            yield from (written(body, path, raw) for raw in FAR)
        if name in NAMES and name in model_fields | {"grid"} and name != "departments":
            yield written(body, path, '"nobody"')
        if name in FILES and leaf:
            yield written(body, path, f'["{"f" * 64}"]')
        if name == "location":
            yield written(body, path, '{"lat": -90, "lon": 180}')
    for name in NAMES & model_fields - set(body):
        yield json.dumps({**body, name: "nobody"})


async def stored(harness: ApiHarness) -> int:
    """How many facts of people and how many matters there are, once every effect has been carried out."""
    deadline = asyncio.get_running_loop().time() + 20
    async with harness.engine.connect() as connection:
        while await connection.scalar(text("SELECT count(*) FROM outbox")):
            assert asyncio.get_running_loop().time() < deadline, "effects stay in the outbox"
            await asyncio.sleep(0.05)
    query = "SELECT (SELECT count(*) FROM matter_facts WHERE actor IS NOT NULL) + (SELECT count(*) FROM matters)"
    async with harness.engine.connect() as connection:
        return int(await connection.scalar(text(query)) or 0)


async def send(harness: ApiHarness, by: str, path: str, content: str) -> httpx.Response:
    headers = {**harness.signed_in(by), "Accept-Language": "en", "Content-Type": "application/json",
               "Idempotency-Key": str(uuid4())}  # fmt: skip
    return await harness.http.post(path, content=content, headers=headers)


async def refuse_all(harness: ApiHarness, by: str, path: str, bodies: list[str]) -> list[str]:
    """Send all of them, and tell of each that was not refused as it should be."""
    faults: list[str] = []
    turns = asyncio.Semaphore(8)

    async def one(content: str) -> None:
        async with turns:
            answer = await send(harness, by, path, content)
        shown = f"{answer.status_code} {path} {content[:900]} -> {answer.text[:300]}"
        if not 400 <= answer.status_code < 500 or (answer.status_code == 404 and "no_such_case" not in answer.text):
            faults.append(shown)
            return
        problem = answer.json()
        words = [problem["title"], problem["detail"], *(fault["message"] for fault in problem.get("errors", []))]
        if any(HOLE.search(told) for told in words) or any(holds_chinese(told) and "长" not in told for told in words):
            faults.append(shown)

    await asyncio.gather(*(one(content) for content in bodies))
    return faults


@pytest.mark.parametrize("kind", STORIES, ids=str)
async def test_everything_wrong_about_a_command_is_refused_before_it_is_taken(
    harness: ApiHarness, kind: MatterKind
) -> None:
    root, code = f"/{PATHS[kind]}", ""
    case_no = (await harness.report(category="0302"))["case_no"]
    models = command_models(RULES[kind])
    for by, name, body in STORIES[kind]:
        known, fields = dict(body), set(models[name].model_fields)
        if name == "book":
            known["case_no"] = case_no
        path = root if not code else f"{root}/{code}/commands/{name}"
        if name == "begin":
            path, fields = f"/cases/{case_no}/emergencies", set()
        before = await stored(harness)
        bodies = list(wrong(known, fields))
        if not code and RULES[kind].number_prefix is not None:
            bodies.append(json.dumps({**known, "code": "MINE-1"}))
        faults = await refuse_all(harness, by, path, bodies)
        assert not faults, f"{len(faults)} of {kind} {name}:\n" + "\n".join(faults[:12])
        assert await stored(harness) == before, f"{kind} {name}"
        answer = await send(harness, by, path, json.dumps(known))
        assert answer.status_code in (200, 201), f"{kind} {name}: {answer.text}"
        code = code or answer.json()["code"]


async def test_every_kind_has_a_story() -> None:
    assert set(STORIES) == set(RULES)


@pytest.mark.parametrize(
    ("body", "zh", "en"),
    [
        ({"workers": {}}, "须指定由谁完成", "one of the three"),
        ({"rhythm": {"kind": "per_shift", "shifts": [{"name": "早", "begins": "8点"}]}},
         "不是 08:30 这样", "like 08:30"),
        ({"rhythm": {"kind": "per_shift", "shifts": [{"name": "早", "begins": at} for at in ("07:50", "8:50")]}},
         "两个班次名称相同:早", "the same name: 早"),
    ],
)  # fmt: skip
async def test_a_fault_between_fields_is_told_in_both_languages(
    harness: ApiHarness, body: Body, zh: str, en: str
) -> None:
    for language, words in (("zh", zh), ("en", en)):
        headers = {"Accept-Language": language}
        problem = (await harness.send("supervisor", "/plans", {**PLAN, **body}, headers)).json()
        assert words in problem["errors"][0]["message"], problem


async def test_a_file_is_read_by_whoever_may_see_a_matter_with_it(harness: ApiHarness) -> None:
    photo, other = await harness.upload("worker"), await harness.upload("duty", a_picture("black"))
    topic = {"name": "路灯", "grid": MICRO, "text": "路灯不亮", "attachments": [photo]}
    code = (await harness.send("worker", "/topics", topic)).json()["code"]
    for reader, status in (
        ("worker", 200),
        ("duty", 200),
        ("community_duty", 200),
        ("other_duty", 404),
        ("reporter", 404),
    ):
        assert (await harness.ask(reader, f"/attachments/{photo}")).status_code == status, reader
    assert (await harness.ask("supervisor", f"/attachments/{other}")).status_code == 404
    await harness.send("duty", f"/topics/{code}/commands/comment", {"note": "现场", "attachments": [other]})
    assert (await harness.ask("supervisor", f"/attachments/{other}")).status_code == 200
