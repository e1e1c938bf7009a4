"""What the OpenAPI document promises about types, times, durations and methods holds to the letter."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from starlette.requests import Request

from doors.strict_json import StrictRoute
from infra.database import transaction
from models.base import TIME_OF_DAY
from tests.api.harness import ApiHarness
from tests.builders import MICRO, person_id
from tests.hostile.test_odd_values import routes
from web.pages import go_to, safe_path

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGES = ("/queue", "/cases", "/notices", "/notices/bell", "/settings", "/api/v1/notices", "/api/v1/inbox")


async def put(harness: ApiHarness, content: Any) -> int:
    headers = {**harness.signed_in("worker"), "Content-Type": "application/json"}
    answer = await harness.http.put("/me/settings", content=json.dumps(content), headers=headers)
    return answer.status_code


@pytest.mark.parametrize(
    ("since", "until", "status"),
    [
        ("22:00", "06:00", 200),
        ("22:00:30", "06:00:00", 200),
        ("22:00:00Z", "06:00:00", 422),
        ("22:00", "06:00+08:00", 422),
        ("22:00:00Z", "06:00:00Z", 422),
        ("22:00:00.5", "06:00", 422),
        ("24:00", "06:00", 422),
        ("T22:00", "06:00", 422),
        (79200, "06:00", 422),
        (True, "06:00", 422),
        ("2\ud800:00", "06:00", 422),
    ],
)
async def test_times_of_day_have_no_offset(harness: ApiHarness, since: Any, until: Any, status: int) -> None:
    assert await put(harness, {"quiet": {"since": since, "until": until}}) == status
    assert (await harness.ask("worker", "/notices")).status_code == 200
    if status == 200:
        quiet = (await harness.get("worker", "/me/settings"))["quiet"]
        assert all(re.fullmatch(TIME_OF_DAY, quiet[name]) for name in ("since", "until"))
    assert await put(harness, {"quiet": None}) == 200


@pytest.mark.parametrize("quiet", [{"since": "22:00:00Z", "until": "06:00:00"}, {"since": "x", "until": None}, 7])
async def test_what_was_stored_wrongly_breaks_no_page(harness: ApiHarness, quiet: Any) -> None:
    async with transaction(harness.engine) as connection:
        await connection.execute(
            text(
                "INSERT INTO person_settings (person, content, updated_at) VALUES (:me, CAST(:content AS jsonb), :now)"
                " ON CONFLICT (person) DO UPDATE SET content = excluded.content"
            ),
            {"me": person_id("worker"), "content": json.dumps({"quiet": quiet}), "now": datetime.now(UTC)},
        )
    session = harness.signed_in("worker")["Authorization"].removeprefix("Bearer ")
    for page in PAGES:
        answer = await harness.http.get(
            f"http://gridloop.test{page}", headers={"Cookie": f"gridloop_session={session}"}
        )
        assert answer.status_code == 200, page
    assert await put(harness, {"quiet": None}) == 200


async def test_durations_are_in_whole_seconds_as_declared(harness: ApiHarness) -> None:
    document = (await harness.http.get("http://gridloop.test/openapi.json", headers=harness.signed_in("duty"))).json()
    (declared,) = (one for one in document["components"]["schemas"]["CaseItem"]["properties"]["left"]["anyOf"]
                   if one["type"] == "string")  # fmt: skip
    await harness.report()
    late = await harness.past(datetime(2026, 1, 5, 3, tzinfo=UTC))
    shown = {item["case_no"]: item["left"] for item in (await harness.get("admin", "/cases", limit=50))["items"]}
    assert shown[late].startswith("-PT")
    for left in shown.values():
        assert left is None or re.fullmatch(declared["pattern"], left), left
    assert '"format": "duration"' not in json.dumps(document)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/cases", {"GET", "HEAD", "POST"}),
        ("DELETE", "/exports", {"GET", "HEAD", "POST"}),
        ("POST", "/me/settings", {"GET", "HEAD", "PUT"}),
        ("PUT", "/attachments", {"POST"}),
        ("HEAD", "/attachments", {"POST"}),
        ("OPTIONS", "/cases", {"GET", "HEAD", "POST"}),
        ("POST", "/exports/00000000-0000-0000-0000-000000000000", {"GET", "HEAD", "DELETE"}),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    harness: ApiHarness, method: str, path: str, allowed: set[str]
) -> None:
    answer = await harness.http.request(method, path, headers=harness.signed_in("worker"))
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed


async def test_head_is_get_without_its_body_wherever_one_reads(harness: ApiHarness) -> None:
    case_no = (await harness.report())["case_no"]
    bearer = harness.signed_in("duty")
    session = {"Cookie": f"gridloop_session={bearer['Authorization'].removeprefix('Bearer ')}"}
    asked = {
        route.path.replace("{case_no}", case_no) for route in routes(harness.app) if "GET" in (route.methods or ())
    }
    asked = {path for path in asked if "{" not in path and not path.startswith("/sign-")}
    assert len(asked) > 100
    for path in sorted(asked):
        url, headers = f"http://gridloop.test{path}", bearer if path.startswith("/api/") else session
        head = await harness.http.head(url, headers=headers)
        assert head.status_code not in (405, 500), path
        assert head.content == b"", path
        if path.endswith("/live"):  # a stream of events has no end
            assert head.headers["content-type"].startswith("text/event-stream")
            continue
        got = await harness.http.get(url, headers=headers)
        assert (head.status_code, head.headers.get("content-type")) == (
            got.status_code, got.headers.get("content-type"),
        ), path  # fmt: skip
    assert (await harness.http.head(f"http://gridloop.test/cases/{case_no}")).status_code == 303, "not signed in"


LIFE = {"category": "0201", "title": "欠薪", "grid": MICRO}


@pytest.mark.parametrize(
    ("path", "by", "body", "pointer"),
    [
        ("/cases", "worker", {**LIFE, "mismatch_meant": "yes"}, "/mismatch_meant"),
        ("/cases", "worker", {**LIFE, "mismatch_meant": 1}, "/mismatch_meant"),
        ("/cases", "worker", {**LIFE, "location": {"lat": True, "lon": 117.002}}, "/location/lat"),
        ("/cases", "worker", {**LIFE, "location": {"lat": "38.002", "lon": 117.002}}, "/location/lat"),
        ("{case}/report_verification", "worker", {"confirmed": "true", "note": "x"}, "/confirmed"),
        ("{case}/decide_appeal", "duty", {"upheld": "no", "reason": "x"}, "/upheld"),
        ("{case}/pass_review", "reviewer", {"note": "x", "release": "on"}, "/release"),
        ("{case}/report_progress", "worker", {"note": "x", "interim": 0}, "/interim"),
        ("{case}/rate", "worker", {"score": "5"}, "/score"),
        ("{case}/rate", "worker", {"score": True}, "/score"),
        ("{case}/relocate", "duty", {"grid": MICRO, "reason": "x", "location": {"lat": False, "lon": 1}},
         "/location/lat"),
        ("/bulk/decide_appeal", "duty", {"cases": ["{no}"], "command": {"upheld": "yes", "reason": "x"}}, "/upheld"),
        ("/topics/x/commands/audit", "duty", {"decision": "reject", "note": 7}, "/note"),
    ],
)  # fmt: skip
async def test_json_has_the_declared_types(
    harness: ApiHarness, path: str, by: str, body: dict[str, Any], pointer: str
) -> None:
    no = (await harness.report())["case_no"]
    before = await harness.stored()
    if path == "/cases":
        body = {"report_id": str(uuid4()), **body}
    path = path.replace("{case}", f"/cases/{no}/commands")
    answer = await harness.send(by, path, json.loads(json.dumps(body).replace("{no}", no)))
    assert answer.status_code == 422, answer.text
    assert pointer in [fault["pointer"].removeprefix("/command") for fault in answer.json()["errors"]], answer.text
    assert await harness.stored() == before


async def test_every_json_body_is_checked(harness: ApiHarness) -> None:
    with_body = [one for one in routes(harness.app) if one.path.startswith("/api/v1") and one.body_field is not None]
    loose = [one.path for one in with_body if not isinstance(one, StrictRoute)]
    assert loose == []


async def test_who_is_not_signed_in_is_not_told_about_types(harness: ApiHarness) -> None:
    answer = await harness.http.post("/cases", json={**LIFE, "mismatch_meant": "yes"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "place",
    ["//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "/\x00", "/\x7f", "https://evil.example",
     "evil.example", "/" + "a" * 5_000, "/a\\b", "/\u0085/x", ""],
)  # fmt: skip
async def test_no_place_leads_elsewhere(place: str) -> None:
    assert safe_path(place, "/home") == "/home"


async def test_a_scripted_redirect_is_quoted() -> None:
    scope = {"type": "http", "headers": [(b"hx-request", b"true")], "method": "POST", "path": "/"}
    answer = go_to(Request(scope), "/中文?x=%E4%B8%AD&y=a b")
    assert answer.headers["hx-redirect"] == "/%E4%B8%AD%E6%96%87?x=%E4%B8%AD&y=a%20b"
