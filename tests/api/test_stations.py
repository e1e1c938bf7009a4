"""Stations over HTTP: the key shown once, readings with it, and what is refused."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.api.harness import ApiHarness, open_harness
from tests.builders import MICRO
from tests.servers import Servers

VOC = {"code": "voc", "name": "挥发性有机物", "unit": "mg/m³", "above": 2.0, "category": "0103"}


@pytest.fixture
async def harness(servers: Servers, tmp_path: Path) -> AsyncIterator[ApiHarness]:
    """The API with everything behind it."""
    async with open_harness(servers, tmp_path) as opened:
        yield opened


def reading(minutes: float = -1, value: Any = 1.0) -> dict[str, Any]:
    """A reading so many minutes from now."""
    return {"metric": "voc", "at": (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(), "value": value}


async def post(harness: ApiHarness, key: str | None, body: Any, **headers: str) -> Any:
    """The response to readings sent with that key."""
    told = {**({"Authorization": f"Bearer {key}"} if key else {}), **headers}
    return await harness.http.post("/stations/ST-01/readings", json=body, headers=told)


async def test_a_station_from_its_registration_to_its_readings(harness: ApiHarness) -> None:
    station = {"code": "ST-01", "name": "一号站", "grid": MICRO, "medium": "air", "metrics": [VOC]}
    id_ = {"Idempotency-Key": str(uuid4())}
    made = await harness.send("duty", "/stations", station, id_)
    assert made.status_code == 201, made.text
    assert (await harness.send("duty", "/stations", station, id_)).status_code == 200, "sent again, it is there once"
    taken_code = await harness.send("duty", "/stations", station)
    assert (taken_code.status_code, taken_code.json()["code"]) == (409, "matter_exists")
    given = await harness.send("duty", "/stations/ST-01/key", None, id_ := {"Idempotency-Key": str(uuid4())})
    key = given.json()["key"]
    assert key
    assert (await harness.send("duty", "/stations/ST-01/key", None, id_)).json()["key"] is None

    answer = await post(harness, key, {"readings": [reading(), reading(-2)]})
    assert (answer.status_code, answer.json()["stored"]) == (200, 2)
    by_header = await post(harness, None, {"readings": [reading(-3)]}, **{"X-Station-Key": key})
    assert by_header.status_code == 200
    rows = await harness.get("worker", "/stations/ST-01/readings", metric="voc")
    assert (len(rows["items"]), rows["unit"], rows["next_from"]) == (3, "mg/m³", None)
    page = await harness.get("worker", "/stations/ST-01/readings", metric="voc", limit=2)
    assert (len(page["items"]), page["next_from"]) == (2, rows["items"][2]["at"])
    now = await harness.get("worker", "/stations/ST-01/now")
    assert (now["metrics"][0]["state"], now["metrics"][0]["value"]) == ("normal", 1.0)
    shown = await harness.ask("worker", "/stations/ST-01")
    assert "digest" not in shown.text

    person = harness.signed_in("duty")["Authorization"].removeprefix("Bearer ")
    for wrong in (None, "x", person):
        refused = await post(harness, wrong, {"readings": [reading()]})
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    nobody = await harness.http.get("/stations/ST-01/readings", params={"metric": "voc"})
    assert nobody.status_code == 401
    assert (await harness.ask("worker", "/stations/ST-01/readings", metric="so2")).json()["code"] == "unknown_metric"
    assert (await harness.ask("worker", "/stations/ST-09/readings", metric="voc")).status_code == 404
    assert (await harness.ask("worker", "/stations/ST-01/readings", metric="voc", form="2")).status_code == 422


async def test_batches_that_are_refused(harness: ApiHarness) -> None:
    station = {"code": "ST-01", "name": "一号站", "grid": MICRO, "medium": "air", "metrics": [VOC]}
    await harness.send("duty", "/stations", station)
    key = (await harness.send("duty", "/stations/ST-01/key")).json()["key"]
    many = await post(harness, key, {"readings": [reading()] * 10_000})
    assert (many.status_code, many.json()["code"]) == (413, "too_many_readings")
    assert "10000" in many.json()["detail"]
    for body, status in (({"readings": []}, 422), ({}, 422), ([reading()], 422), ({"readings": [reading(60)]}, 422)):
        assert (await post(harness, key, body)).status_code == status, body
    told = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    text = '{"readings": [{"metric": "voc", "at": "2026-01-01T00:00:00Z", "value": NaN}]}'
    nan = await harness.http.post("/stations/ST-01/readings", content=text, headers=told)
    assert nan.status_code in (400, 422), nan.text
    broken = await harness.http.post("/stations/ST-01/readings", content="{", headers=told)
    assert broken.status_code == 400
    assert (await harness.get("duty", "/stations/ST-01/now"))["heard_at"] is None, "nothing was taken"
    no = {**station, "code": "ST-02", "metrics": [{**VOC, "category": None}]}
    assert (await harness.send("duty", "/stations", no)).status_code == 422
    assert (await harness.send("worker", "/stations", {**station, "code": "ST-02"})).status_code == 403
