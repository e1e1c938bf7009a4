"""Processes are killed while duties are reported and fall due. Afterwards each is reported once, each case is one."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import text

from models.ids import matter_workflow_id, new_id
from models.matters.base import MatterKind
from models.matters.messages import MatterStanding
from models.wire_names import STATE_QUERY
from tests.builders import COMMUNITY, MICRO, MICRO_2
from tests.faults.conftest import RunningSystem
from tests.faults.test_readings import PATIENCE, until_quiet

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

PLACES = 24
#: Every so many duties one finds something, and opens a case.
FAILING = 3
#: Which process is killed once so many duties are reported.
KILLS = {6: "worker-1", 12: "temporal", 18: "postgres"}
#: How long there must be at least until what nobody reports falls due.
ROOM = timedelta(seconds=25)


async def until_answered(http: httpx.AsyncClient, path: str, body: Any, headers: dict[str, str]) -> Any:
    """Send the same thing again and again until it is acknowledged, as the phone's outbox does."""
    deadline, last = time.monotonic() + PATIENCE, ""
    while time.monotonic() < deadline:
        try:
            answer = await http.post(path, json=body, headers=headers)
        except httpx.TransportError as error:
            last = repr(error)
        else:
            last = f"{answer.status_code} {answer.text[:300]}"
            if answer.is_success:
                return answer.json()
            assert answer.status_code >= 500, last
        await asyncio.sleep(0.2)
    raise AssertionError(f"{path} was never answered: {last}")


async def duties_of(http: httpx.AsyncClient, code: str, headers: dict[str, str], count: int) -> list[dict[str, Any]]:
    """The duties of the plan, once they are given out."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        params: dict[str, Any] = {"plan": code, "limit": 200}
        found = (await http.get("/api/v1/duties", params=params, headers=headers)).raise_for_status().json()["items"]
        if len(found) == count:
            return list(found)
        await asyncio.sleep(0.1)
    raise AssertionError(f"{code} gave out {len(found)} duties")


async def test_no_duty_is_lost_or_reported_twice(running: RunningSystem) -> None:
    begins = datetime.now(ZoneInfo("Asia/Shanghai")) + ROOM
    plan = {
        "name": "班前检查",
        "grid": COMMUNITY,
        "work": "pre_shift",
        "places": [{"grid": (MICRO, MICRO_2)[n % 2], "name": f"车间 {n} {new_id().hex[-6:]}"} for n in range(PLACES)],
        "workers": {"role": "grid_worker"},
        "rhythm": {
            "kind": "per_shift",
            "minutes": 1,
            "shifts": [{"name": "当班", "begins": f"{begins:%H:%M}"}],
        },
        "plant_days": {"weekdays": [1, 2, 3, 4, 5, 6, 7], "on_holidays": True},
        "until": f"{begins:%Y-%m-%d}",
    }
    sent = 0
    reached = {count: asyncio.Event() for count in KILLS}
    async with httpx.AsyncClient(base_url=running.url, timeout=30, trust_env=False) as http:
        headers = {"Authorization": f"Bearer {await running.token(http, 'worker')}"}
        desk = {"Authorization": f"Bearer {await running.token(http, 'supervisor')}"}
        made = await until_answered(http, "/api/v1/plans", plan, {**desk, "Idempotency-Key": str(new_id())})
        duties = await duties_of(http, made["code"], desk, PLACES)
        # The last place is left undone: it is missed while processes are killed, or soon after.
        to_do, left = duties[:-1], duties[-1]

        async def live(number: int, duty: dict[str, Any]) -> None:
            nonlocal sent
            await asyncio.sleep(0.05 * number)
            needs = [{"text": "通道堆放杂物", "category": "0302"}] if number % FAILING == 0 else []
            body = {"note": f"第 {number} 处", "needs": needs}
            told = {**headers, "Idempotency-Key": str(new_id())}
            await until_answered(http, f"/api/v1/duties/{duty['id']}/report", body, told)
            sent += 1
            if sent in reached:
                reached[sent].set()

        async with asyncio.TaskGroup() as group:
            for number, duty in enumerate(to_do):
                group.create_task(live(number, duty))
            for count, name in KILLS.items():
                await reached[count].wait()
                running.kill(name)
        await until_missed(running, left["id"], datetime.fromisoformat(left["due_at"]))

    await running.engine.dispose()
    await until_quiet(running)
    client = await running.temporal()
    async with running.engine.connect() as connection:
        query = text("SELECT id, seq FROM matters WHERE kind = 'plan' AND code = :code")
        row = (await connection.execute(query, {"code": made["code"]})).one()
        facts = text("SELECT kind, count(*) FROM matter_facts WHERE matter_id = :id GROUP BY kind")
        kinds: dict[str, int] = dict((await connection.execute(facts, {"id": row.id})).all())
        assert (kinds["duty_done"], kinds["duties_missed"], kinds["duties_issued"]) == (PLACES - 1, 1, 1)
        statuses = text("SELECT status, count(*) FROM duties WHERE plan = :id GROUP BY status")
        counts: dict[str, int] = dict((await connection.execute(statuses, {"id": row.id})).all())
        assert counts["missed"] == 1
        assert counts.get("done", 0) + counts.get("late", 0) == PLACES - 1
        cases = text(
            "SELECT count(*), count(DISTINCT r.report_id) FROM facts r"
            " WHERE r.kind = 'received' AND r.body -> 'matter' ->> 'code' = :code"
        )
        expected = len(range(0, PLACES - 1, FAILING))
        assert tuple((await connection.execute(cases, {"code": made["code"]})).one()) == (expected, expected)
        numbered = text("SELECT count(*) FROM duties WHERE plan = :id AND cases <> '{}'")
        assert await connection.scalar(numbered, {"id": row.id}) == expected, "each duty knows its case"
        handle = client.get_workflow_handle(matter_workflow_id(MatterKind.PLAN, row.id))
        standing = await handle.query(STATE_QUERY, result_type=MatterStanding)
        assert standing.known == row.seq, "both stores know the same plan"


async def until_missed(running: RunningSystem, duty: str, due_at: datetime) -> None:
    """Wait until the duty is missed: soon after its time, whatever was killed."""
    deadline = time.monotonic() + (due_at - datetime.now(UTC)).total_seconds() + PATIENCE
    while time.monotonic() < deadline:
        try:
            async with running.engine.connect() as connection:
                status = await connection.scalar(text("SELECT status FROM duties WHERE id = :id"), {"id": duty})
            if status == "missed":
                return
        except Exception:  # noqa: BLE001 (the database may just have been killed)
            await running.engine.dispose()
        await asyncio.sleep(0.2)
    raise AssertionError(f"{duty} was never missed: it was due at {due_at}")
