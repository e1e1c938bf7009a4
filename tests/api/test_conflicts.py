"""Whoever has an interest in a case neither sees nor touches it, whichever door they try; it goes on without them."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from infra.database import transaction
from models.enums import Role
from models.policy.emergency import EmergencyPlan, EmergencyPolicy, PlanStep
from models.policy.park import ParkPolicy
from tests.api.harness import ApiHarness, a_picture, open_harness
from tests.builders import FALLBACK, LABOUR, MICRO, MICRO_2, OTHER_PARK, PARK, Holder, a_policy, add_people, publish
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

TITLE = "利害关系试验案"
CROWD = (
    Holder("partner", "某合伙人", Role.DUTY_OFFICER, grid=PARK),
    Holder("reviewer_2", "核查员二", Role.REVIEWER, grid=PARK),
    Holder("auditor_2", "审计员二", Role.AUDITOR),
    Holder("lone_duty", "独任受理员", Role.DUTY_OFFICER, grid=MICRO_2),
    Holder("labour_2", "人社处置员二", Role.HANDLER, department=LABOUR),
)


def day(ahead: int = 0) -> date:
    """A day from today, where the cases are; asked for anew each time, because a run may go on past midnight."""
    return datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=ahead)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("conflicts")) as opened:
        async with transaction(opened.engine) as connection:
            await add_people(connection, *CROWD)
        yield opened


async def declare(harness: ApiHarness, username: str, by: str = "admin", **draft: Any) -> Any:
    body = {"since": day().isoformat(), "reason": "配偶在该处任职", **draft}
    return await harness.http.put(
        f"/admin/people/{username}/interests", json=body, headers=harness.signed_in(by)
    )  # fmt: skip


async def end_all(harness: ApiHarness, username: str) -> None:
    for one in (await harness.get("admin", f"/admin/people/{username}/interests"))["items"]:
        answer = await harness.send(
            "admin", f"/admin/people/{username}/interests/{one['id']}/end", {"last": day(-1).isoformat()}
        )
        assert answer.status_code == 204, answer.text


async def sees(harness: ApiHarness, username: str, case: Any) -> bool:
    """Whether somebody sees the case: by its number, its list, its search, its report, its photo; always the same."""
    no = case["case_no"]
    doors = [f"/cases/{no}", f"/cases/{no}/facts", f"/cases/{no}/forecast", f"/reports/{case['report_id']}"]
    doors += [f"/attachments/{photo}" for photo in case["attachments"]]
    answers = {(await harness.ask(username, door)).status_code == 200 for door in doors}
    for filters in ({"q": case["title"]}, {"q": no}, {"grid": case["grid"]["code"]}):
        found = await harness.get(username, "/cases", limit=200, **filters)
        answers.add(no in {item["case_no"] for item in found["items"]})
        assert found["total"] == len(found["items"])
    if not any(answers):
        assert (await harness.command(username, no, "comment", note="看看")).status_code == 404
        assert no not in (await harness.ask(username, "/inbox")).text
        assert no not in (await harness.ask(username, "/notices")).text
    assert len(answers) == 1, (username, answers)
    return answers.pop()


async def a_case(harness: ApiHarness, **fields: Any) -> Any:
    photo = await harness.upload("worker", a_photo())
    return await harness.report(title=f"{TITLE} {uuid4()}", attachments=[photo], **fields)


def a_photo() -> bytes:
    """A picture that no other case has."""
    return a_picture(f"#{uuid4().hex[-6:]}")


@pytest.mark.parametrize("kind", ["enterprise", "department", "unit"])
async def test_a_declared_interest_hides_the_cases_concerned_while_it_lasts(harness: ApiHarness, kind: str) -> None:
    code = await harness.enterprise() if kind == "enterprise" else ""
    case = await a_case(harness, **({"enterprise": code} if code else {}))
    no = case["case_no"]
    await harness.do("duty", no, "accept")
    await harness.do("duty", no, "dispatch", host=LABOUR)
    target = {"enterprise": code, "department": LABOUR, "unit": MICRO}[kind]
    other = await a_case(harness, grid=MICRO_2)
    for person in ("partner", "auditor_2", "reviewer_2"):
        assert await sees(harness, person, case)
        assert (await declare(harness, person, kind=kind, target=target)).status_code == 204
        assert not await sees(harness, person, case)
        assert await sees(harness, person, other)
        await end_all(harness, person)
        assert await sees(harness, person, case)
    for dates in ({"since": day(1)}, {"since": day(-1), "until": day(-1)}):
        days = {name: day.isoformat() for name, day in dates.items()}
        assert (await declare(harness, "partner", kind=kind, target=target, **days)).status_code == 204
        assert await sees(harness, "partner", case)
        await end_all(harness, "partner")


async def test_who_reported_it_still_follows_it(harness: ApiHarness) -> None:
    case = await a_case(harness)
    assert (await declare(harness, "worker", kind="unit", target=MICRO)).status_code == 204
    seen = await harness.get("worker", f"/cases/{case['case_no']}")
    assert not {"self_close", "report_verification", "recuse"} & set(seen["allowed_commands"])
    await end_all(harness, "worker")


async def taken_by_phone(harness: ApiHarness, username: str) -> Any:
    photo = await harness.upload(username, a_photo())
    return await harness.report(username, title=f"{TITLE} {uuid4()}", attachments=[photo], source="hotline")


async def test_a_report_taken_for_somebody_else_is_hidden_from_who_took_it(harness: ApiHarness) -> None:
    case = await taken_by_phone(harness, "partner")
    assert await sees(harness, "partner", case)
    await harness.do("duty", case["case_no"], "recuse", person="partner", reason="与被反映企业有投资关系")
    assert not await sees(harness, "partner", case)


async def test_the_claimant_steps_aside_and_the_department_has_the_case(harness: ApiHarness) -> None:
    no = (await a_case(harness))["case_no"]
    await harness.do("duty", no, "accept")
    await harness.do("duty", no, "dispatch", host=LABOUR)
    await harness.do("labour_2", no, "claim")
    await harness.do("duty", no, "recuse", person="labour_2", reason="亲属")
    view = await harness.get("duty", f"/cases/{no}")
    assert view["owner"] == {**view["owner"], "kind": "department", "id": LABOUR}
    await harness.do("labour_handler", no, "claim")
    assert await harness.refused("labour_handler", no, "transfer", to_person="labour_2", reason="交班") == (
        422, "conflict_of_interest",
    )  # fmt: skip
    await harness.do("duty", no, "lift_recusal", person="labour_2", reason="查无此事")
    await harness.do("labour_handler", no, "transfer", to_person="labour_2", reason="交班")


async def test_a_claim_ends_when_its_claimant_is_declared(harness: ApiHarness) -> None:
    code = await harness.enterprise("91110000600037341L")
    no = (await a_case(harness, enterprise=code))["case_no"]
    await harness.do("duty", no, "accept")
    await harness.do("duty", no, "dispatch", host=LABOUR)
    await harness.do("labour_2", no, "claim")
    assert (await declare(harness, "labour_2", kind="enterprise", target=code)).status_code == 204
    assert (await harness.command("labour_2", no, "complete", result="已办")).status_code == 404
    await harness.do("duty", no, "comment", note="催一下")
    await harness.do("labour_handler", no, "claim")
    assert (await harness.kinds(no))[-3:] == ["claim_ended", "commented", "claimed"]
    await end_all(harness, "labour_2")


async def test_nobody_with_an_interest_reviews(harness: ApiHarness) -> None:
    no = (await a_case(harness))["case_no"]
    await harness.do("duty", no, "accept")
    await harness.do("duty", no, "dispatch", host=LABOUR)
    await harness.do("labour_handler", no, "complete", result="已付清")
    await harness.do("duty", no, "assign_reviewer", person="reviewer_2", reason="轮值")
    await harness.do("duty", no, "recuse", person="reviewer_2", reason="亲属")
    view = await harness.get("duty", f"/cases/{no}")
    assert view["owner"] == {**view["owner"], "kind": "unit", "id": PARK}
    assert await harness.refused("duty", no, "assign_reviewer", person="reviewer_2", reason="轮值") == (
        422, "conflict_of_interest",
    )  # fmt: skip
    await harness.do("duty", no, "recuse", person="reviewer", reason="亲属")
    view = await harness.get("duty", f"/cases/{no}")
    assert view["owner"]["kind"] == "person"
    await harness.do(FALLBACK, no, "pass_review")


async def test_the_only_officer_of_a_desk_steps_aside_and_the_next_desk_has_the_case(harness: ApiHarness) -> None:
    case = await a_case(harness, grid=MICRO_2)
    no = case["case_no"]
    assert case["owner"]["id"] == MICRO_2
    await harness.do("lone_duty", no, "recuse", person="lone_duty", reason="本人与该处有利害关系")
    assert not await sees(harness, "lone_duty", case)
    view = await harness.get("duty", f"/cases/{no}")
    assert view["owner"]["id"] != MICRO_2
    assert (await declare(harness, "lone_duty", kind="unit", target=MICRO_2)).status_code == 204
    assert (await a_case(harness, grid=MICRO_2))["owner"]["id"] != MICRO_2
    await end_all(harness, "lone_duty")
    assert (await a_case(harness, grid=MICRO_2))["owner"]["id"] == MICRO_2


async def test_the_last_supervisor_steps_aside_and_the_fallback_owner_decides(harness: ApiHarness) -> None:
    no = (await a_case(harness))["case_no"]
    await harness.do("duty", no, "accept")
    await harness.do("duty", no, "dispatch", host=LABOUR)
    for person in ("community_supervisor", "supervisor"):
        await harness.do("supervisor" if person != "supervisor" else person, no, "recuse", person=person, reason="亲属")
    later = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    await harness.do("labour_handler", no, "request_suspension", until=later, reason="当事人失联")
    await harness.do(FALLBACK, no, "grant_suspension")


async def test_who_may_say_who_steps_aside(harness: ApiHarness) -> None:
    no = (await a_case(harness))["case_no"]
    refusals = (
        ("duty", "supervisor", (403, "not_yours")), ("duty", "keeper", (403, "not_yours")),
        ("duty", "auditor", (422, "not_recusable")), ("supervisor", "admin", (422, "not_recusable")),
        ("supervisor", FALLBACK, (422, "not_recusable")), ("reviewer", "duty", (403, "not_yours")),
        ("auditor", "duty", (403, "not_yours")), ("admin", "duty", (403, "not_yours")),
        ("duty", "nobody-known", (422, "unknown_person")),
    )  # fmt: skip
    for by, whom, refused in refusals:
        assert await harness.refused(by, no, "recuse", person=whom, reason="亲属") == refused, (by, whom)
    await harness.do("keeper", no, "recuse", person="keeper", reason="本人申请")
    assert await harness.refused("duty", no, "recuse", person="keeper", reason="x") == (422, "nothing_to_change")
    assert await harness.refused("duty", no, "lift_recusal", person="reviewer", reason="x") == (
        422, "nothing_to_change",
    )  # fmt: skip


async def test_who_may_declare_and_what_is_refused(harness: ApiHarness) -> None:
    for by in ("duty", "supervisor", "auditor", "keeper"):
        assert (await declare(harness, "partner", by=by, kind="unit", target=MICRO)).status_code == 403
    wrong: tuple[tuple[str, dict[str, Any], int], ...] = (
        ("partner", {"kind": "unit", "target": "no-such"}, 422),
        ("partner", {"kind": "enterprise", "target": MICRO}, 422),
        ("partner", {"kind": "family", "target": MICRO}, 422),
        ("partner", {"kind": "unit", "target": MICRO, "reason": ""}, 422),
        ("partner", {"kind": "unit", "target": MICRO, "until": day(-1).isoformat()}, 422),
        ("nobody-known", {"kind": "unit", "target": MICRO}, 404),
        (FALLBACK, {"kind": "unit", "target": MICRO}, 422),
    )
    for username, draft, status in wrong:
        assert (await declare(harness, username, **draft)).status_code == status, draft

    for twice in range(2):
        assert (await declare(harness, "partner", kind="unit", target=OTHER_PARK)).status_code == 204, twice
    known = (await harness.get("auditor", "/admin/people/partner/interests"))["items"]
    assert [one["target"] for one in known if one["until"] is None] == [OTHER_PARK]
    await end_all(harness, "partner")
    noted = (await harness.get("auditor", "/admin/actions", kind="interests", limit=2))["items"]
    assert {one["actor"] for one in noted} == {"admin"}


async def test_an_emergency_run_of_the_case_is_hidden_with_it(harness: ApiHarness) -> None:
    """Also from somebody who was given a step before the interest was known."""
    steps = (PlanStep(code="report", name_zh="上报", name_en="report", role="duty_officer", minutes=60),)
    plan = EmergencyPlan(code="spill", name_zh="泄漏", name_en="Spill", categories=("0103",), steps=steps)
    policy = a_policy(park=ParkPolicy.model_validate({"emergencies": EmergencyPolicy(plans=(plan,))}))
    async with transaction(harness.engine) as connection:
        await publish(connection, policy, version=7)
    case = await harness.report(category="0103", title="预案试验案")
    begun = await harness.send("supervisor", f"/cases/{case['case_no']}/emergencies", {"plan": "spill"})
    assert begun.status_code in (200, 201), begun.text
    code = begun.json()["code"]
    doors = ("/emergencies", f"/emergencies/{code}", f"/emergencies/{code}/facts", "/notices", "/emergency-steps")

    async def told() -> list[bool]:
        answers = [await harness.ask("duty_2", door) for door in doors]
        return [answer.status_code == 200 and code in answer.text for answer in answers]

    assert (await told())[:3] == [True, True, True]
    assert (
        await harness.command("duty", case["case_no"], "recuse", person="duty_2", reason="亲属经营该店")
    ).status_code == 200
    assert not any(await told())
    hidden = await harness.ask("duty_2", f"/emergencies/{code}")
    missing = await harness.ask("duty_2", "/emergencies/YJ20200101-999")
    assert (hidden.status_code, hidden.json()["code"]) == (missing.status_code, missing.json()["code"])
