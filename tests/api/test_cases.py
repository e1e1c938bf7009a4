"""A report over HTTP becomes a case; commands move it; sending again is safe."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from infra.case_client import open_case
from models.commands import Report
from models.errors import DomainError
from models.facts import Actor
from models.messages import CaseStart
from services.cases.reporter_alias import reporter_alias
from tests.api.harness import WAGES, ApiHarness, open_harness
from tests.builders import LABOUR, MICRO, MICRO_2, OTHER_MICRO, person_id, unit_path
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Every field that the contract gives the case view, and those that the view adds.
CONTRACT = {
    "case_no", "report_id", "title", "description", "category", "severity", "source", "grid", "location", "stage",
    "light", "due_at", "provisional", "clocks", "owner", "level", "tasks", "round", "revision", "reported_at",
    "received_at", "closed_at", "allowed_commands",
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("cases")) as opened:
        yield opened


# --- the report -------------------------------------------------------------------------------------------------------


async def test_a_report_is_created_once(harness: ApiHarness) -> None:
    body = {"report_id": str(uuid4()), **WAGES}
    before = await harness.stored()
    first = await harness.send("worker", "/cases", body)
    assert first.status_code == 201
    view = first.json()
    assert first.headers["location"] == f"/api/v1/cases/{view['case_no']}"
    assert first.headers["etag"] == '"1"'
    again = await harness.send("worker", "/cases", body)
    assert again.status_code == 200
    assert again.json()["case_no"] == view["case_no"]
    assert again.headers["location"] == first.headers["location"]
    after = await harness.stored()
    assert (after["cases"], after["facts"]) == (before["cases"] + 1, before["facts"] + 1)
    followed = await harness.ask("worker", first.headers["location"].removeprefix("/api/v1"))
    assert (followed.status_code, followed.json()["report_id"]) == (200, body["report_id"])


async def test_sent_many_times_at_once_it_is_one_case(harness: ApiHarness) -> None:
    body = {"report_id": str(uuid4()), **WAGES, "reporter": {"name": "张三", "phone": "13900000000"}}
    before = await harness.stored()
    answers = await asyncio.gather(*(harness.send("worker", "/cases", body) for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["case_no"] for answer in answers}) == 1
    after = await harness.stored()
    assert {name: after[name] - before[name] for name in ("cases", "facts", "reporters")} == {
        "cases": 1, "facts": 1, "reporters": 1,
    }  # fmt: skip


async def test_without_a_title_it_has_the_first_words_of_the_description(harness: ApiHarness) -> None:
    said = await harness.report(title=None, description="北门两名工人讨薪。已经等了半天")
    assert said["title"] == "北门两名工人讨薪"
    silent = await harness.report(title=None, description="")
    assert silent["title"] == f"{silent['category_name']} · {silent['grid']['name']}"


async def test_the_header_alone_names_a_report(harness: ApiHarness) -> None:
    key = str(uuid4())
    first = await harness.send("worker", "/cases", WAGES, {"Idempotency-Key": key})
    assert (first.status_code, first.json()["report_id"]) == (201, key)
    again = await harness.send("worker", "/cases", WAGES, {"Idempotency-Key": key})
    assert (again.status_code, again.json()["case_no"]) == (200, first.json()["case_no"])
    nameless = await harness.send("worker", "/cases", WAGES)
    assert (nameless.status_code, nameless.json()["code"]) == (422, "id_missing")
    assert nameless.json()["errors"][0]["pointer"] == "/report_id"


async def test_the_place_names_the_grid(harness: ApiHarness) -> None:
    body = {"report_id": str(uuid4()), "category": "0201", "title": "欠薪", "location": {"lat": 38.005, "lon": 117.015}}
    view = (await harness.send("worker", "/cases", body)).json()
    assert view["grid"]["code"] == MICRO_2
    assert view["location"] == {"lat": 38.005, "lon": 117.015}


async def test_what_became_of_a_report_can_be_followed(harness: ApiHarness) -> None:
    view = await harness.report()
    assert (await harness.get("worker", f"/reports/{view['report_id']}"))["case_no"] == view["case_no"]
    assert (await harness.ask("worker", f"/reports/{uuid4()}")).status_code == 404


async def test_a_report_refused_when_recorded_is_not_said_to_be_accepted(harness: ApiHarness) -> None:
    now = datetime.now(UTC)
    report = Report.model_validate(
        {**WAGES, "grid": OTHER_MICRO, "report_id": uuid4(), "occurred_at": now, "reported_at": now, "content_hash": ""}
    )
    start = CaseStart(report=report, actor=Actor(person=person_id("worker")))
    with pytest.raises(DomainError) as refused:
        await open_case(harness.temporal, start, queue=harness.settings.case_queue)
    assert refused.value.code == "outside_your_scope"
    assert (await harness.ask("worker", f"/reports/{report.report_id}")).status_code == 404


# --- the view ---------------------------------------------------------------------------------------------------------


async def test_the_view_has_every_field_of_the_contract(harness: ApiHarness) -> None:
    occurred = datetime.now(UTC) - timedelta(hours=5)
    sent = {
        "title": "工资三个月未发", "description": "工地三十人", "severity": "urgent", "source": "hotline",
        "occurred_at": occurred.isoformat(), "location": {"lat": 38.005, "lon": 117.005},
    }  # fmt: skip
    created = await harness.report("duty", **sent)
    answer = await harness.ask("duty", f"/cases/{created['case_no']}")
    view = answer.json()
    assert set(view) >= CONTRACT
    assert answer.headers["etag"] == f'"{view["revision"]}"'
    assert (view["title"], view["description"], view["severity"], view["source"]) == (
        sent["title"], sent["description"], "urgent", "hotline",
    )  # fmt: skip
    assert view["location"] == sent["location"]
    assert (view["category"], view["category_name"]) == ("0201", "欠薪纠纷")
    assert view["grid"] == {
        "code": MICRO,
        "name": "第一微网格",
        "level": 4,
        "path": list(unit_path(MICRO)),
        "path_names": ["东区园区", "东一社区", "第一网格", "第一微网格"],
    }
    assert (view["stage"], view["light"], view["round"], view["revision"]) == ("receive", "green", 1, 1)
    assert view["provisional"] is False
    assert view["owner"] == {"kind": "unit", "id": unit_path(MICRO)[1], "name": "东一社区"}
    assert view["level"] == 2
    assert datetime.fromisoformat(view["occurred_at"]) == occurred
    received = datetime.fromisoformat(view["received_at"])
    assert abs(received - datetime.now(UTC)) < timedelta(minutes=1)
    assert datetime.fromisoformat(view["due_at"]) == received + timedelta(hours=2)
    (clock,) = view["clocks"]
    assert (clock["stage"], clock["limit"], clock["running"], clock["due_at"]) == (
        "receive", "PT2H", True, view["due_at"],
    )  # fmt: skip
    assert view["tasks"] == [{"kind": "accept", "assignee": view["owner"], "due_at": view["due_at"]}]
    assert view["closed_at"] is None
    assert {"accept", "reject", "request_info"} <= set(view["allowed_commands"])
    assert "pass_review" not in view["allowed_commands"]
    english = await harness.get("duty", f"/cases/{created['case_no']}", {"Accept-Language": "en"})
    assert english["category_name"] == "Wage dispute"


async def test_the_timeline_tells_who_did_what_when(harness: ApiHarness) -> None:
    no = (await harness.report("reporter"))["case_no"]
    await harness.do("duty", no, "accept", note="属实")
    received, accepted = await harness.get("duty", f"/cases/{no}/facts")
    assert [received["seq"], accepted["seq"]] == [1, 2]
    assert (received["kind"], accepted["kind"], accepted["command"]) == ("received", "accepted", "accept")
    assert accepted["actor"] == {"kind": "person", "id": str(person_id("duty")), "name": "园区受理员"}
    assert accepted["body"]["note"] == "属实"
    assert received["actor"]["kind"] == "reporter"
    assert received["actor"]["id"] is None
    assert received["actor"]["name"].endswith(reporter_alias(UUID(received["body"]["report_id"])))
    assert {why["rule"] for why in received["why"]} >= {"labour"}
    assert datetime.fromisoformat(received["at"]) <= datetime.fromisoformat(accepted["at"])


# --- commands ---------------------------------------------------------------------------------------------------------


async def test_a_command_raises_the_revision(harness: ApiHarness) -> None:
    no = (await harness.report())["case_no"]
    answer = await harness.command("duty", no, "accept")
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert (answer.json()["stage"], answer.json()["revision"]) == ("dispatch", 2)


@pytest.mark.parametrize("spelled", ['"{}"', "{}", 'W/"{}"'])
async def test_if_match_holds_the_revision(harness: ApiHarness, spelled: str) -> None:
    no = (await harness.report())["case_no"]
    fresh = await harness.command("duty", no, "comment", {"If-Match": spelled.format(1)}, note="一")
    assert fresh.status_code == 200
    stale = await harness.command("duty", no, "accept", {"If-Match": spelled.format(1)})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_revision")
    assert await harness.kinds(no) == ["received", "commented"]
    anything = await harness.command("duty", no, "accept", {"If-Match": "*"})
    assert anything.status_code == 200


async def test_a_revision_that_goes_stale_on_the_way_is_refused(harness: ApiHarness) -> None:
    """Both pass the door's own check; only one can be the next step."""
    no = (await harness.report())["case_no"]
    both = (harness.command("duty", no, "comment", {"If-Match": "1"}, note=str(n)) for n in range(2))
    assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [200, 412]
    assert await harness.kinds(no) == ["received", "commented"]


async def test_refusals_have_their_status(harness: ApiHarness) -> None:
    no = (await harness.report())["case_no"]
    assert await harness.refused("duty", no, "dispatch", host=LABOUR) == (409, "wrong_stage")
    assert await harness.refused("volunteer", no, "accept") == (403, "not_yours")
    assert await harness.refused("auditor", no, "comment", note="x") == (403, "not_yours")
    assert await harness.refused("other_duty", no, "accept") == (404, "no_such_case")
    assert await harness.refused("labour_handler", no, "claim") == (404, "no_such_case")
    assert await harness.refused("duty", no, "approve") == (404, "unknown_command")
    assert await harness.refused("duty", "1" * 24, "accept") == (404, "no_such_case")
    many = await harness.send("duty", "/bulk/approve", {"cases": [no]})
    assert (many.status_code, many.json()["code"]) == (404, "unknown_command")
    for path in (f"/cases/{no}", f"/cases/{no}/facts"):
        assert (await harness.ask("other_duty", path)).status_code == 404
    assert await harness.kinds(no) == ["received"]


async def test_a_command_sent_again_counts_once(harness: ApiHarness) -> None:
    no = (await harness.report())["case_no"]
    key = {"Idempotency-Key": str(uuid4())}
    first = await harness.command("duty", no, "accept", key, note="受理")
    again = await harness.command("duty", no, "accept", key, note="受理")
    assert (again.status_code, again.headers["etag"]) == (200, first.headers["etag"]) == (200, '"2"')
    told = [{k: v for k, v in answer.json().items() if k not in ("clocks", "left")} for answer in (first, again)]
    assert told[0] == told[1]
    assert await harness.kinds(no) == ["received", "accepted"]
    other = await harness.command("duty", no, "comment", key, note="受理")
    assert (other.status_code, other.json()["code"]) == (409, "command_id_reused")
    changed = await harness.command("duty", no, "accept", key, note="别的")
    assert (changed.status_code, changed.json()["code"]) == (409, "command_id_reused")
    assert await harness.kinds(no) == ["received", "accepted"]


async def test_a_command_sent_many_times_at_once_counts_once(harness: ApiHarness) -> None:
    no = (await harness.report())["case_no"]
    key = {"Idempotency-Key": str(uuid4())}
    answers = await asyncio.gather(*(harness.command("duty", no, "comment", key, note="一次") for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert await harness.kinds(no) == ["received", "commented"]


async def test_two_commands_at_once_under_one_id_are_not_taken_for_one(harness: ApiHarness) -> None:
    no = (await harness.report())["case_no"]
    key = {"Idempotency-Key": str(uuid4())}
    both = await asyncio.gather(*(harness.command("duty", no, "comment", key, note=note) for note in ("甲", "乙")))
    assert sorted(answer.status_code for answer in both) == [200, 409]
    assert {answer.json().get("code") for answer in both} == {None, "command_id_reused"}
    assert await harness.kinds(no) == ["received", "commented"]


async def test_a_command_that_was_refused_may_be_sent_again_corrected(harness: ApiHarness) -> None:
    no = (await harness.report())["case_no"]
    key = {"Idempotency-Key": str(uuid4())}
    refused = await harness.command("duty", no, "relocate", key, grid="999", reason="地址有误")
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_grid")
    corrected = await harness.command("duty", no, "relocate", key, grid=MICRO_2, reason="地址有误")
    assert (corrected.status_code, corrected.json()["grid"]["code"]) == (200, MICRO_2)


async def test_a_resent_command_that_moved_the_case_out_of_scope_is_answered_again(harness: ApiHarness) -> None:
    no = (await harness.report())["case_no"]
    key = {"Idempotency-Key": str(uuid4())}
    moved = {"grid": OTHER_MICRO, "reason": "地址有误"}
    first = await harness.command("duty", no, "relocate", key, **moved)
    assert (first.status_code, first.json()["grid"]["code"]) == (200, OTHER_MICRO)
    assert (await harness.ask("duty", f"/cases/{no}")).status_code == 404
    again = await harness.command("duty", no, "relocate", key, **moved)
    assert (again.status_code, again.json()["revision"]) == (200, 2)
    changed = await harness.command("duty", no, "relocate", key, **{**moved, "reason": "别的"})
    assert (changed.status_code, changed.json()["code"]) == (409, "command_id_reused")
    stranger = await harness.command("duty_2", no, "relocate", key, **moved)
    assert stranger.status_code == 404
    assert (await harness.command("duty", no, "comment", note="x")).status_code == 404


async def test_a_body_may_be_left_out_where_nothing_is_required(harness: ApiHarness) -> None:
    no = (await harness.report())["case_no"]
    answer = await harness.http.post(f"/cases/{no}/commands/accept", headers=harness.signed_in("duty"))
    assert (answer.status_code, answer.json()["stage"]) == (200, "dispatch")


# --- many at once -----------------------------------------------------------------------------------------------------


async def test_a_bulk_command_tells_the_outcome_of_each_case(harness: ApiHarness) -> None:
    first, second, third = [(await harness.report())["case_no"] for _ in range(3)]
    await harness.do("duty", second, "accept")
    elsewhere = (await harness.report("other_duty", grid=OTHER_MICRO))["case_no"]
    body = {"cases": [first, second, "no-such-case", elsewhere, third, first], "command": {"note": "批量受理"}}
    key = {"Idempotency-Key": str(uuid4())}
    answer = (await harness.send("duty", "/bulk/accept", body, key)).json()
    outcomes = answer["outcomes"]
    assert [o["case_no"] for o in outcomes] == [first, second, "no-such-case", elsewhere, third]
    assert [o["ok"] for o in outcomes] == [True, False, False, False, True]
    assert [o["revision"] for o in outcomes] == [2, None, None, None, 2]
    assert [o["problem"] and o["problem"]["code"] for o in outcomes] == [
        None, "wrong_stage", "no_such_case", "no_such_case", None,
    ]  # fmt: skip
    assert (answer["done"], answer["failed"]) == (2, 3)
    assert (await harness.send("duty", "/bulk/accept", body, key)).json() == answer
    assert await harness.kinds(first) == await harness.kinds(third) == ["received", "accepted"]


async def test_a_bulk_command_must_fit_before_any_case_is_touched(harness: ApiHarness) -> None:
    no = (await harness.report())["case_no"]
    wrong = await harness.send("duty", "/bulk/reject", {"cases": [no], "command": {"reason": "重复"}})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/command/right_channel"
    none = await harness.send("duty", "/bulk/accept", {"cases": []})
    assert (none.status_code, none.json()["errors"][0]["pointer"]) == (422, "/cases")
    assert await harness.kinds(no) == ["received"]


async def test_two_people_at_once_leave_a_record_in_order(harness: ApiHarness) -> None:
    no = (await harness.report())["case_no"]
    talk = [harness.command(who, no, "comment", note=f"{who} {n}") for n in range(4) for who in ("duty", "supervisor")]
    answers = await asyncio.gather(*talk)
    assert {answer.status_code for answer in answers} == {200}
    facts: list[Any] = await harness.get("duty", f"/cases/{no}/facts")
    assert [fact["seq"] for fact in facts] == list(range(1, 10))
    assert sorted(answer.json()["revision"] for answer in answers)[-1] == 9
