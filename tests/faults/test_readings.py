"""Processes are killed while stations send readings. Afterwards each reading is there once, each breach told once."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import text

from models.ids import matter_workflow_id, new_id
from models.matters.base import MatterKind
from models.matters.messages import MatterStanding
from models.wire_names import STATE_QUERY
from tests.builders import MICRO
from tests.faults.conftest import RunningSystem

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

STATIONS = 4
BATCHES = 9
#: Five readings beyond the limit, five within: each batch is two breaches.
BATCH = ([3.0] * 5 + [1.0] * 5) * 2
BREACHES = 2 * BATCHES
#: Which process is killed once so many batches are taken.
KILLS = {9: "worker-1", 18: "temporal", 27: "postgres"}
PATIENCE = 90
METRIC = {"code": "voc", "name": "VOC", "unit": "mg/m³", "above": 2.0, "category": "0201"}


async def registered(running: RunningSystem, http: httpx.AsyncClient, code: str) -> str:
    """Register a station, and return its key."""
    headers = {"Authorization": f"Bearer {await running.token(http, 'duty')}"}
    body = {"code": code, "name": code, "grid": MICRO, "medium": "air", "metrics": [METRIC]}
    (await http.post("/api/v1/stations", json=body, headers=headers)).raise_for_status()
    given = await http.post(f"/api/v1/stations/{code}/key", headers=headers)
    return str(given.raise_for_status().json()["key"])


async def until_taken(http: httpx.AsyncClient, code: str, key: str, readings: list[dict[str, object]]) -> None:
    """Send a batch again and again until it is answered, as a station would."""
    deadline, last = time.monotonic() + PATIENCE, ""
    while time.monotonic() < deadline:
        try:
            answer = await http.post(
                f"/api/v1/stations/{code}/readings",
                json={"readings": readings},
                headers={"Authorization": f"Bearer {key}"},
            )
        except httpx.TransportError as error:
            last = repr(error)
        else:
            last = f"{answer.status_code} {answer.text[:300]}"
            if answer.status_code == 200:
                taken = answer.json()
                assert taken["stored"] + taken["duplicates"] == len(readings), last
                return
            assert answer.status_code >= 500, last
        await asyncio.sleep(0.2)
    raise AssertionError(f"{code} was never answered: {last}")


async def test_no_reading_is_lost_or_doubled_and_no_breach_told_twice(running: RunningSystem) -> None:
    codes = [f"S-{number}-{new_id().hex[-6:]}" for number in range(STATIONS)]
    began = datetime.now(UTC) - timedelta(minutes=30)
    sent = 0
    reached = {count: asyncio.Event() for count in KILLS}
    async with httpx.AsyncClient(base_url=running.url, timeout=30, trust_env=False) as http:
        keys = {code: await registered(running, http, code) for code in codes}

        async def live(code: str) -> None:
            nonlocal sent
            for batch in range(BATCHES):
                first = began + timedelta(seconds=batch * len(BATCH))
                readings: list[dict[str, object]] = [
                    {"metric": "voc", "at": (first + timedelta(seconds=n)).isoformat(), "value": value}
                    for n, value in enumerate(BATCH)
                ]
                await until_taken(http, code, keys[code], readings)
                sent += 1
                if sent in reached:
                    reached[sent].set()

        async with asyncio.TaskGroup() as group:
            for code in codes:
                group.create_task(live(code))
            for count, name in KILLS.items():
                await reached[count].wait()
                running.kill(name)

    await running.engine.dispose()
    await until_quiet(running)
    client = await running.temporal()
    async with running.engine.connect() as connection:
        for code in codes:
            row = (
                await connection.execute(
                    text("SELECT id, seq FROM matters WHERE kind = 'station' AND code = :code"), {"code": code}
                )
            ).one()
            stored = text("SELECT count(*) FROM readings WHERE station = :id AND state = 'evaluated'")
            assert await connection.scalar(stored, {"id": row.id}) == BATCHES * len(BATCH)
            facts = text("SELECT kind, count(*) FROM matter_facts WHERE matter_id = :id GROUP BY kind")
            kinds: dict[str, int] = dict((await connection.execute(facts, {"id": row.id})).all())
            assert (kinds["breach_began"], kinds["breach_joined"], kinds["breach_ended"]) == (
                1, BREACHES - 1, BREACHES,
            )  # fmt: skip
            of_station = text(
                "SELECT c.case_no, count(*) FROM cases c"
                " JOIN facts r ON r.report_id = c.report_id AND r.kind = 'received'"
                " JOIN facts f ON f.report_id = c.report_id AND f.kind = 'informed'"
                " WHERE r.body -> 'matter' ->> 'code' = :code GROUP BY c.case_no"
            )
            ((_, told),) = (await connection.execute(of_station, {"code": code})).all()
            assert told == 2 * BREACHES - 1, "one case, told of everything once"
            handle = client.get_workflow_handle(matter_workflow_id(MatterKind.STATION, row.id))
            standing = await handle.query(STATE_QUERY, result_type=MatterStanding)
            assert standing.known == row.seq, "both stores know the same station"


async def until_quiet(running: RunningSystem) -> None:
    """Wait until every effect has been carried out."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            async with running.engine.connect() as connection:
                if not await connection.scalar(text("SELECT count(*) FROM outbox")):
                    return
        except Exception:  # noqa: BLE001 (the database may just have been killed)
            await running.engine.dispose()
        await asyncio.sleep(0.2)
    raise AssertionError("effects are still waiting")
