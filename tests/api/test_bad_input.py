"""Bad input is told by field and reason, in both languages, and nothing of it is stored."""

import base64
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from temporalio.service import RPCError, RPCStatusCode

from models.enums import Role
from models.ids import workflow_id
from services.criteria.cursors import cursor_after
from tests.api.harness import WAGES, ApiHarness, a_picture, open_harness
from tests.builders import FIRE, GRID, LABOUR, MICRO, OTHER_MICRO, Holder, add_grants, token_for
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOBODYS = "f" * 64
#: How a parameter shows that nobody filled in; a pattern has question marks of its own.
HOLE = re.compile(r"[ “(:]\?[ ”).;,。]")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("bad")) as opened:
        yield opened


def soon(**ahead: float) -> str:
    """A time from now."""
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


def cursor_of(text: str) -> str:
    """A cursor of somebody's own making."""
    return base64.urlsafe_b64encode(text.encode()).decode()


def holds_chinese(words: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in words)


async def told(harness: ApiHarness, send: Callable[[str], Any], status: int, code: str, pointer: str | None) -> None:
    """The same request in both languages: each time the same problem, and nothing is stored."""
    before = await harness.stored()
    details = []
    for language in ("zh-CN", "en"):
        answer: httpx.Response = await send(language)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), answer.text
        assert problem["type"] == f"urn:gridloop:problem:{code}"
        assert not HOLE.search(problem["detail"]), "a sentence with a hole in it"
        faults = {fault["pointer"]: fault["message"] for fault in problem.get("errors", [])}
        assert set(faults) == ({pointer} if pointer is not None else set())
        told_in = [problem["title"], problem["detail"], *faults.values()]
        assert all(holds_chinese(words) == (language == "zh-CN") for words in told_in), told_in
        assert answer.headers["content-language"] == language
        details.append(problem["detail"])
    assert details[0] != details[1]
    assert await harness.stored() == before


async def no_workflow(harness: ApiHarness, report_id: str) -> None:
    """Nothing of the report is in Temporal either."""
    with pytest.raises(RPCError) as gone:
        await harness.temporal.get_workflow_handle(f"case-{report_id}").describe()
    assert gone.value.status is RPCStatusCode.NOT_FOUND


# --- reports ----------------------------------------------------------------------------------------------------------


@dataclass
class Wrong:
    """A report with something wrong, and what is told about it."""

    change: dict[str, Any]
    code: str
    pointer: str
    status: int = 422
    by: str = "worker"
    without: tuple[str, ...] = field(default=())


LATER = (datetime.now(UTC) + timedelta(days=1)).isoformat()
REPORTS = {
    "an unknown category": Wrong({"category": "9999"}, "unknown_category", "/category"),
    "a grid outside the scope": Wrong({"grid": OTHER_MICRO}, "outside_your_scope", "/grid", 403),
    "a grid outside the scope, by place": Wrong(
        {"location": {"lat": 30.005, "lon": 120.51}}, "outside_your_scope", "/grid", 403, without=("grid",)
    ),
    "an unknown grid": Wrong({"grid": "999999999"}, "unknown_grid", "/grid"),
    "neither grid nor location": Wrong({}, "grid_missing", "/grid", without=("grid",)),
    "a place outside the park": Wrong(
        {"location": {"lat": 0, "lon": 0}}, "place_outside_park", "/location", without=("grid",)
    ),
    "a place off the earth": Wrong({"location": {"lat": 91, "lon": 117}}, "bad_input", "/location/lat"),
    "half a place": Wrong({"location": {"lat": 38}}, "bad_input", "/location/lon"),
    "a long description": Wrong({"description": "长" * 10_001}, "bad_input", "/description"),
    "an empty title": Wrong({"title": ""}, "bad_input", "/title"),
    "a title of blanks": Wrong({"title": "  \t "}, "bad_input", "/title"),
    "a long title": Wrong({"title": "长" * 121}, "bad_input", "/title"),
    "a title that is no text": Wrong({"title": 7}, "bad_input", "/title"),
    "a title that cannot be stored": Wrong({"title": "欠薪\x00三个月"}, "bad_input", "/title"),
    "a description that cannot be stored": Wrong({"description": "a\x00b"}, "bad_input", "/description"),
    "occurred in the future": Wrong({"occurred_at": LATER}, "time_in_future", "/occurred_at"),
    "reported in the future": Wrong({"reported_at": LATER, "occurred_at": "2026-01-01T00:00:00Z"},
                                    "time_in_future", "/reported_at"),
    "reported before it occurred": Wrong(
        {"reported_at": "2026-01-01T00:00:00Z", "occurred_at": "2026-01-01T00:10:00Z"}, "time_not_later", "/reported_at"
    ),
    "a time without a zone": Wrong({"occurred_at": "2026-01-01T00:00:00"}, "bad_input", "/occurred_at"),
    "a time as a number": Wrong({"occurred_at": 1_700_000_000}, "bad_input", "/occurred_at"),
    "a time as a number in writing": Wrong({"occurred_at": "20261101"}, "bad_input", "/occurred_at"),
    "a time that is none": Wrong({"occurred_at": "昨天"}, "bad_input", "/occurred_at"),
    "a time just before any records": Wrong({"occurred_at": "1899-12-31T23:59:59Z"}, "bad_input", "/occurred_at"),
    "a time before any records": Wrong({"occurred_at": "0001-01-01T00:00:00+14:00"}, "bad_input", "/occurred_at"),
    "an unknown field": Wrong({"urgent": True}, "bad_input", "/urgent"),
    "an unknown field within": Wrong({"reporter": {"fax": "12345"}}, "bad_input", "/reporter/fax"),
    "a wrong mail address": Wrong({"reporter": {"mail": "a@@b"}}, "bad_input", "/reporter/mail"),
    "a wrong phone": Wrong({"reporter": {"phone": "call me"}}, "bad_input", "/reporter/phone"),
    "a reporter's long name": Wrong({"reporter": {"name": "名" * 81}}, "bad_input", "/reporter/name"),
    "a severity of no sense": Wrong({"severity": "awful"}, "bad_input", "/severity"),
    "a source of no sense": Wrong({"source": "rumour"}, "bad_input", "/source"),
    "an unknown attachment": Wrong({"attachments": [NOBODYS]}, "unknown_attachment", "/attachments"),
    "an attachment that is no hash": Wrong({"attachments": ["photo.jpg"]}, "bad_input", "/attachments/0"),
    "too many attachments": Wrong({"attachments": [NOBODYS] * 21}, "bad_input", "/attachments"),
    "an id that is none": Wrong({"report_id": "7"}, "bad_input", "/report_id"),
    "somebody who may not report": Wrong({}, "not_yours", "", 403, by="auditor"),
}  # fmt: skip


@pytest.mark.parametrize("name", REPORTS)
async def test_a_bad_report_is_refused_and_starts_nothing(harness: ApiHarness, name: str) -> None:
    wrong = REPORTS[name]
    report_id = str(uuid4())
    reporter = {"name": "张三", "phone": "13900000000"}
    body = {"report_id": report_id, "reporter": reporter, **WAGES, **wrong.change}
    body = {key: value for key, value in body.items() if key not in wrong.without}

    async def send(language: str) -> httpx.Response:
        return await harness.send(wrong.by, "/cases", body, {"Accept-Language": language})

    await told(harness, send, wrong.status, wrong.code, wrong.pointer or None)
    await no_workflow(harness, report_id)


async def test_all_faults_are_reported_together(harness: ApiHarness) -> None:
    body = {"report_id": "x", "category": "", "severity": "awful", "grid": MICRO}
    answer = await harness.send("worker", "/cases", body)
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/report_id", "/category", "/severity"]


async def test_the_longest_that_fits_is_taken(harness: ApiHarness) -> None:
    view = await harness.report(title="长" * 120, description="长" * 10_000, attachments=[])
    assert len(view["description"]) == 10_000


async def test_a_report_id_cannot_be_used_for_something_else(harness: ApiHarness) -> None:
    report_id = (await harness.report())["report_id"]
    for by, change in (("worker", {"title": "别的"}), ("worker", {"location": {"lat": 38, "lon": 117}}), ("duty", {})):

        async def send(language: str, by: str = by, change: dict[str, Any] = change) -> httpx.Response:
            body = {"report_id": report_id, **WAGES, **change}
            return await harness.send(by, "/cases", body, {"Accept-Language": language})

        await told(harness, send, 409, "report_id_reused", "/report_id")


@pytest.mark.parametrize("text", [b'{"title": "x"', b"", b"\xff\xfe", b"[1,]", b'{"a": 1} x'])
async def test_broken_json_is_reported_as_such(harness: ApiHarness, text: bytes) -> None:
    async def send(language: str) -> httpx.Response:
        headers = {**harness.signed_in("worker"), "Accept-Language": language, "Content-Type": "application/json"}
        return await harness.http.post("/cases", content=text, headers=headers)

    if text:
        await told(harness, send, 400, "broken_json", None)
    else:
        assert (await send("en")).status_code == 422


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "x", ""])
@pytest.mark.parametrize("path", ["/cases", "/bulk/comment"])
async def test_json_sent_with_another_content_type_is_refused(harness: ApiHarness, kind: str, path: str) -> None:
    async def send(language: str) -> httpx.Response:
        headers = {**harness.signed_in("worker"), "Accept-Language": language, "Content-Type": kind}
        return await harness.http.post(path, content=json.dumps({"report_id": str(uuid4()), **WAGES}), headers=headers)

    await told(harness, send, 415, "not_sent_as_json", "/header/Content-Type")


@pytest.mark.parametrize("body", [[], "text", 7, None])
async def test_a_body_that_is_no_object_is_refused(harness: ApiHarness, body: Any) -> None:
    answer = await harness.http.post("/cases", content=json.dumps(body), headers={
        **harness.signed_in("worker"), "Content-Type": "application/json"})  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")


async def test_a_body_beyond_the_cap_is_refused(harness: ApiHarness) -> None:
    body = json.dumps({**WAGES, "description": "x" * 1_100_000}).encode()

    async def send(language: str) -> httpx.Response:
        headers = {**harness.signed_in("worker"), "Accept-Language": language, "Content-Type": "application/json"}
        return await harness.http.post("/cases", content=body, headers=headers)

    await told(harness, send, 413, "body_too_large", None)


# --- who asks ---------------------------------------------------------------------------------------------------------


async def test_without_a_good_token_nothing_is_taken(harness: ApiHarness) -> None:
    late = token_for(harness.settings, "worker", datetime.now(UTC) - timedelta(days=3))
    other = harness.settings.model_copy(update={"token_secret": type(harness.settings.token_secret)("9" * 64)})
    forged = token_for(other, "worker")
    for token in (None, "nonsense", late, forged):

        async def send(language: str, token: str | None = token) -> httpx.Response:
            headers = {"Accept-Language": language} | ({"Authorization": f"Bearer {token}"} if token else {})
            return await harness.http.post("/cases", json={"report_id": str(uuid4()), **WAGES}, headers=headers)

        await told(harness, send, 401, "not_signed_in", None)
        assert (await send("en")).headers["www-authenticate"] == "Bearer"


# --- attachments ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (a_picture() + b"\0" * 50 * 1024 * 1024, 413, "attachment_too_large"),
        ("这只是一段文字。".encode(), 415, "attachment_type_refused"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "attachment_type_refused"),
        (b"", 422, "attachment_empty"),
        (a_picture()[:45], 422, "attachment_damaged"),
    ],
    ids=["50 MB", "a text called .jpg", "a drawing called .jpg", "nothing", "half a picture"],
)
async def test_a_bad_attachment_is_refused(harness: ApiHarness, content: bytes, status: int, code: str) -> None:
    async def send(language: str) -> httpx.Response:
        headers = {**harness.signed_in("worker"), "Accept-Language": language}
        return await harness.http.post(
            "/attachments", files={"file": ("p.jpg", content, "image/jpeg")}, headers=headers
        )

    pointer = (await send("en")).json().get("errors", [{"pointer": None}])[0]["pointer"]
    assert pointer in ("/file", None)
    await told(harness, send, status, code, pointer)
    incoming = harness.settings.attachments_dir / "incoming"
    assert not [file for file in harness.settings.attachments_dir.rglob("*") if file.is_file()], incoming


# --- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "code", "pointer"),
    [
        ({"limit": "201"}, "bad_input", "/query/limit"),
        ({"limit": "0"}, "bad_input", "/query/limit"),
        ({"cursor": "garbage"}, "bad_filter", "/query/cursor"),
        ({"cursor": "W10="}, "bad_filter", "/query/cursor"),
        ({"cursor": ""}, "bad_filter", "/query/cursor"),
        ({"cursor": cursor_of("[" * 20_000)}, "bad_filter", "/query/cursor"),
        ({"cursor": cursor_of('["cases -reported_at", "2026-01-01T00:00:00Z", 1]')}, "bad_filter", "/query/cursor"),
        ({"cursor": cursor_of('["cases -reported_at", "2026-01-01T00:00:00Z", "1"]')}, "bad_filter", "/query/cursor"),
        (
            {"cursor": cursor_after("cases -reported_at", "2026-01-01T00:00:00", str(UUID(int=1)))},
            "bad_filter",
            "/query/cursor",
        ),
        (
            {"cursor": cursor_after("cases due_at", "2026-01-01T00:00:00Z", str(UUID(int=1)))},
            "bad_filter",
            "/query/cursor",
        ),
        ({"sort": "title"}, "bad_input", "/query/sort"),
        ({"stage": "done"}, "bad_input", "/query/stage/0"),
        ({"light": "blue"}, "bad_input", "/query/light"),
        ({"overdue": "perhaps"}, "bad_input", "/query/overdue"),
        ({"grid": "a.b"}, "bad_input", "/query/grid"),
        ({"reported_from": "2026-01-01T00:00:00"}, "bad_input", "/query/reported_from"),
        ({"reported_from": "20260101"}, "bad_input", "/query/reported_from"),
        ({"figure": "reported", "to": "1700000000.5"}, "bad_input", "/query/to"),
        ({"q": "x" * 101}, "bad_input", "/query/q"),
        ({"q": "a\x00b"}, "bad_input", "/query/q"),
        ({"owner": "a\x00b"}, "bad_input", "/query/owner"),
        ({"colour": "red"}, "bad_input", "/query/colour"),
    ],
)
async def test_a_bad_filter_is_named(harness: ApiHarness, wanted: dict[str, str], code: str, pointer: str) -> None:
    async def send(language: str) -> httpx.Response:
        return await harness.ask("duty", "/cases", {"Accept-Language": language}, **wanted)

    await told(harness, send, 422, code, pointer)


async def test_an_invalid_case_number_is_a_missing_case(harness: ApiHarness) -> None:
    for path in ("/cases/a%00b", "/cases/a%00b/facts"):
        assert (await harness.ask("duty", path)).status_code == 404
    assert (await harness.command("duty", "a%00b", "accept")).status_code == 404


# --- commands ---------------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def received(harness: ApiHarness) -> str:
    """A case that has just come in."""
    return str((await harness.report())["case_no"])


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def handled(harness: ApiHarness) -> str:
    """A blocked fire lane, in the hands of the fire brigade: completing it takes evidence."""
    no = str((await harness.report(category="0103"))["case_no"])
    await harness.do("duty", no, "accept")
    await harness.do("duty", no, "dispatch", host=FIRE)
    return no


@dataclass
class WrongCommand:
    """A command with something wrong; `at` the case of that stage."""

    at: str
    by: str
    name: str
    body: dict[str, Any]
    code: str
    pointer: str | None = None
    status: int = 422
    headers: dict[str, str] = field(default_factory=dict)


COMMANDS = {
    "wrong stage": WrongCommand("received", "duty", "dispatch", {"host": LABOUR}, "wrong_stage", None, 409),
    "stale": WrongCommand("received", "duty", "accept", {}, "stale_revision", None, 412, {"If-Match": '"7"'}),
    "no revision": WrongCommand(
        "received", "duty", "accept", {}, "bad_filter", "/header/If-Match", 422, {"If-Match": "garbage"}
    ),
    "an endless revision": WrongCommand(
        "received", "duty", "accept", {}, "bad_filter", "/header/If-Match", 422, {"If-Match": "9" * 5000}
    ),
    "no id": WrongCommand(
        "received", "duty", "accept", {}, "bad_input", "/header/Idempotency-Key", 422, {"Idempotency-Key": "again"}
    ),
    "not theirs": WrongCommand("received", "volunteer", "accept", {}, "not_yours", None, 403),
    "unknown field": WrongCommand("received", "duty", "accept", {"why": "x"}, "bad_input", "/why"),
    "another kind": WrongCommand("received", "duty", "accept", {"kind": "reject"}, "bad_input", "/kind"),
    "no reason": WrongCommand("received", "duty", "reject", {"right_channel": "12345"}, "bad_input", "/reason"),
    "no right channel": WrongCommand("received", "duty", "reject", {"reason": "x"}, "bad_input", "/right_channel"),
    "a long note": WrongCommand("received", "duty", "comment", {"note": "长" * 2001}, "bad_input", "/note"),
    "a note that cannot be stored": WrongCommand("received", "duty", "comment", {"note": "\x00"}, "bad_input", "/note"),
    "a past answer_by": WrongCommand(
        "received", "duty", "request_info", {"question": "?", "answer_by": soon(days=-1)}, "time_not_later",
        "/answer_by",
    ),
    "urge without reply_by": WrongCommand("received", "supervisor", "urge", {"note": "快办"}, "bad_input", "/reply_by"),
    "urge for yesterday": WrongCommand(
        "received", "supervisor", "urge", {"note": "快办", "reply_by": soon(days=-1)}, "time_not_later", "/reply_by"
    ),
    "urge for next year": WrongCommand(
        "received", "supervisor", "urge", {"note": "快办", "reply_by": soon(days=200)}, "too_late", "/reply_by"
    ),
    "relocate nowhere": WrongCommand(
        "received", "duty", "relocate", {"grid": "999", "reason": "x"}, "unknown_grid", "/grid"
    ),
    "relocate where it is": WrongCommand(
        "received", "duty", "relocate", {"grid": MICRO, "reason": "x"}, "nothing_to_change", "/grid"
    ),
    "recategorise as nothing": WrongCommand(
        "received", "duty", "recategorise", {"category": "9999", "reason": "x"}, "unknown_category", "/category"
    ),
    "merge into nothing": WrongCommand(
        "received", "duty", "merge", {"into": "999", "reason": "x"}, "no_such_lead", "/into"
    ),
    "split into nothing": WrongCommand(
        "received", "duty", "split", {"parts": [], "reason": "x"}, "bad_input", "/parts"
    ),
    "split into what is not": WrongCommand(
        "received", "duty", "split",
        {"parts": [{"category": "0201", "title": "一"}, {"category": "0201", "title": "二", "grid": "999"}],
         "reason": "x"}, "unknown_grid", "/parts/1/grid",
    ),
    "attach what is not": WrongCommand(
        "received", "worker", "attach", {"attachments": [NOBODYS]}, "unknown_attachment", "/attachments"
    ),
    "attach nothing": WrongCommand("received", "worker", "attach", {"attachments": []}, "bad_input", "/attachments"),
    "complete without evidence": WrongCommand(
        "handled", "fire_handler", "complete", {"result": "已清"}, "evidence_missing", "/evidence"
    ),
    "complete with what is not": WrongCommand(
        "handled", "fire_handler", "complete", {"result": "已清", "evidence": [NOBODYS]}, "unknown_attachment",
        "/evidence",
    ),
    "an extension to before the deadline": WrongCommand(
        "handled", "fire_handler", "request_extension", {"until": soon(hours=1), "reason": "x"}, "time_not_later",
        "/until",
    ),
    "an extension past the cap": WrongCommand(
        "handled", "fire_handler", "request_extension", {"until": soon(days=40), "reason": "x"}, "too_late", "/until"
    ),
    "a suspension of over a year": WrongCommand(
        "handled", "fire_handler", "request_suspension", {"until": soon(days=366), "reason": "x"}, "too_late", "/until"
    ),
    "a suspension to yesterday": WrongCommand(
        "handled", "fire_handler", "request_suspension", {"until": soon(days=-1), "reason": "x"}, "time_not_later",
        "/until",
    ),
    "transfer to two": WrongCommand(
        "handled", "fire_head", "transfer",
        {"to_person": "fire_handler_2", "to_department": LABOUR, "reason": "x"}, "bad_input", "/to_person",
    ),
    "transfer to nobody": WrongCommand("handled", "fire_head", "transfer", {"reason": "x"}, "bad_input", "/to_person"),
    "transfer to a stranger": WrongCommand(
        "handled", "fire_head", "transfer", {"to_person": "labour_handler", "reason": "x"}, "unknown_person",
        "/to_person",
    ),
    "transfer to no department": WrongCommand(
        "handled", "fire_head", "transfer", {"to_department": "army", "reason": "x"}, "unknown_department",
        "/to_department",
    ),
    "a stage later": WrongCommand("handled", "reviewer", "pass_review", {}, "wrong_stage", None, 409),
    "a photo released that no hash is": WrongCommand(
        "handled", "reviewer", "pass_review", {"release_photos": ["x"]}, "bad_input", "/release_photos/0"
    ),
    "nothing to grant": WrongCommand("handled", "duty", "grant_extension", {}, "not_now", "/path/command", 409),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_bad_command_is_refused_and_changes_nothing(
    harness: ApiHarness, received: str, handled: str, name: str
) -> None:
    wrong = COMMANDS[name]
    no = received if wrong.at == "received" else handled
    before = await harness.get("admin", f"/cases/{no}")

    async def send(language: str) -> httpx.Response:
        headers = {"Accept-Language": language, **wrong.headers}
        return await harness.send(wrong.by, f"/cases/{no}/commands/{wrong.name}", wrong.body, headers)

    await told(harness, send, wrong.status, wrong.code, wrong.pointer)
    after = await harness.get("admin", f"/cases/{no}")
    assert (after["revision"], after["stage"], after["tasks"]) == (before["revision"], before["stage"], before["tasks"])


async def test_what_a_stage_cannot_do_leaves_no_trace_in_the_history(harness: ApiHarness) -> None:
    view = await harness.report()
    handle = harness.temporal.get_workflow_handle(workflow_id(view["report_id"]))
    length = (await handle.describe()).history_length
    assert await harness.refused("duty", view["case_no"], "dispatch", host=LABOUR) == (409, "wrong_stage")
    assert await harness.refused("volunteer", view["case_no"], "accept") == (403, "not_yours")
    assert (await handle.describe()).history_length == length


async def test_whoever_handled_a_case_does_not_review_it(harness: ApiHarness) -> None:
    no = (await harness.report("community_supervisor"))["case_no"]
    await harness.do("worker", no, "self_close", result="当场协调付清")
    async with harness.engine.begin() as connection:
        await add_grants(connection, Holder("worker", "", Role.REVIEWER, grid=GRID))
    for name, body in (("pass_review", {}), ("fail_review", {"reason": "x"})):

        async def send(language: str, name: str = name, body: dict[str, Any] = body) -> httpx.Response:
            return await harness.command("worker", no, name, {"Accept-Language": language}, **body)

        await told(harness, send, 403, "reviewer_handled_it", None)
    assert (await harness.do("reviewer", no, "pass_review"))["stage"] == "closed"
