"""The HTTP door of plans and duties: made, listed a page at a time, reported once, refused clearly."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.api.harness import ApiHarness, a_picture, open_harness
from tests.builders import COMMUNITY, MICRO, MICRO_2, OTHER_MICRO
from tests.servers import Servers


@pytest.fixture
async def harness(servers: Servers, tmp_path: Path) -> AsyncIterator[ApiHarness]:
    """The API with everything behind it."""
    async with open_harness(servers, tmp_path) as opened:
        yield opened


ITEMS = [{"item": code, "outcome": "ok"} for code in ("exits", "guards")]


async def planned(harness: ApiHarness, **changed: Any) -> tuple[str, list[dict[str, Any]]]:
    """A plan whose check begins now at two places, and its duties of today once they are given out."""
    begins = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(minutes=1)
    plan = {
        "name": "班前检查", "grid": COMMUNITY, "work": "pre_shift", "checklist": "pre-shift",
        "places": [{"grid": MICRO, "name": uuid4().hex}, {"grid": MICRO_2, "name": uuid4().hex}],
        "workers": {"role": "grid_worker"}, "until": f"{begins:%Y-%m-%d}",
        "rhythm": {"kind": "per_shift", "minutes": 600, "shifts": [{"name": "当班", "begins": f"{begins:%H:%M}"}]},
        "plant_days": {"weekdays": [1, 2, 3, 4, 5, 6, 7], "on_holidays": True}, **changed,
    }  # fmt: skip
    made = await harness.send("supervisor", "/plans", plan)
    assert made.status_code == 201, made.text
    for _ in range(200):
        found = (await harness.get("supervisor", "/duties", plan=made.json()["code"]))["items"]
        if found:
            return made.json()["code"], list(found)
        await asyncio.sleep(0.05)
    raise AssertionError("no duty was given out")


async def test_listed_reported_once_and_refused_clearly(harness: ApiHarness) -> None:
    code, (first, second) = await planned(harness)
    page = await harness.get("worker", "/duties", plan=code, limit=1, mine=True)
    assert (page["total"], [item["id"] for item in page["items"]]) == (2, [first["id"]])
    rest = await harness.get("worker", "/duties", plan=code, limit=1, mine=True, cursor=page["next_cursor"])
    assert [item["id"] for item in rest["items"]] == [second["id"]]
    kept = await harness.get("worker", "/duties/mine")
    assert {item["code"] for item in kept["checklists"][0]["items"]} == {"exits", "guards"}

    headers = {"Idempotency-Key": str(uuid4())}
    path = f"/duties/{first['id']}/report"
    answers = [await harness.send("worker", path, {"items": ITEMS, "note": "正常"}, headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["status_name"] == "按时完成"
    other = await harness.send("worker", path, {"items": ITEMS, "note": "别的"}, headers)
    assert (other.status_code, other.json()["code"]) == (409, "command_id_reused")
    twice = await harness.send("supervisor", path, {"items": ITEMS})
    assert (twice.status_code, twice.json()["code"]) == (409, "duty_done_already")
    assert "网格员" in twice.json()["detail"]
    figures = await harness.get("supervisor", "/duties/figures")
    assert figures["totals"]["done"] >= 1
    load = await harness.get("supervisor", "/duties/load", days=3)
    assert load["days"] == 3


BAD_REQUESTS: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("/duties", {"bogus": 1}, 422),
    ("/duties", {"status": "nope"}, 422),
    ("/duties", {"cursor": "x"}, 422),
    ("/duties", {"since": "yesterday"}, 422),
    (f"/duties/{uuid4()}", {}, 404),
    ("/duties/nope", {}, 422),
    ("/duties/load", {"days": 0}, 422),
    ("/plans/nope", {}, 404),
    ("/plans/nope/facts", {"limit": 0}, 422),
)
BAD_REPORTS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"items": "all"}, "/items"),
    ({"items": [{"item": "exits", "outcome": "fine"}]}, "/items/0/outcome"),
    ({"items": ITEMS, "done_at": 20261130}, "/done_at"),
    ({"items": ITEMS, "wrong": 1}, "/wrong"),
    ({"items": ITEMS, "photos": ["x"]}, "/photos/0"),
    ({"items": ITEMS, "needs": [{"text": "灯", "category": "0302", "topic": True}]}, "/needs/0"),
)


async def test_bad_input_stores_nothing(harness: ApiHarness) -> None:
    for path, params, status in BAD_REQUESTS:
        answer = await harness.ask("supervisor", path, **params)
        assert answer.status_code == status, (path, params)
        assert answer.headers["content-type"] == "application/problem+json"
    code, (duty, _) = await planned(harness)
    for body, pointer in BAD_REPORTS:
        answer = await harness.send("worker", f"/duties/{duty['id']}/report", body)
        assert answer.status_code == 422, body
        assert pointer in answer.text, body
    facts = await harness.get("supervisor", f"/plans/{code}/facts")
    assert [fact["kind"] for fact in facts] == ["plan_made", "duties_issued"]


async def test_a_file_of_a_hidden_case_is_unknown_wherever_a_report_names_it(harness: ApiHarness) -> None:
    hidden, nowhere = await harness.upload("other_duty"), "0" * 64
    case = await harness.report("other_duty", grid=OTHER_MICRO, source="hotline", attachments=[hidden])
    assert (await harness.ask("worker", f"/cases/{case['case_no']}")).status_code == 404
    code, (duty, _) = await planned(harness)
    path = f"/duties/{duty['id']}/report"
    failed = {"item": "exits", "outcome": "failed", "note": "堵塞"}
    for body, pointer in (
        ({"photos": ["{}"]}, "/photos/0"),
        ({"items": [ITEMS[1], {**failed, "photos": ["{}"]}]}, "/items/1/photos/0"),
        ({"needs": [{"text": "路灯"}, {"text": "路面", "photos": ["{}"]}]}, "/needs/1/photos/0"),
    ):
        told = []
        for sha256 in (hidden, nowhere):
            given = json.loads(json.dumps({"items": ITEMS, **body}).replace("{}", sha256))
            answer = await harness.send("worker", path, given)
            assert (answer.status_code, answer.json()["code"]) == (422, "unknown_attachment"), answer.text
            assert pointer in answer.text
            told.append([{**one, "message": ""} for one in answer.json()["errors"]])
        assert told[0] == told[1], "what is hidden and what never was are answered alike"
    assert [fact["kind"] for fact in await harness.get("supervisor", f"/plans/{code}/facts")] == [
        "plan_made", "duties_issued",
    ]  # fmt: skip
    own = await harness.upload("worker", a_picture("#123456"))
    done = await harness.send("worker", path, {"items": [ITEMS[1], {**failed, "photos": [own]}]})
    assert done.status_code == 200, done.text
    assert (await harness.ask("supervisor", f"/attachments/{own}")).status_code == 200
    assert (await harness.ask("other_duty", f"/attachments/{own}")).status_code == 404
