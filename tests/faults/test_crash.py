"""Processes are killed while commands are sent. Afterwards everything acknowledged is there exactly once."""

import asyncio
import time
from collections.abc import Callable, Mapping
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from infra.store.cases import read_facts
from models.case import Case
from models.ids import new_id, workflow_id
from models.wire_names import STATE_QUERY
from tests.builders import MICRO
from tests.faults.conftest import RunningSystem

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

#: The commands of each case: person, command, fields.
LIFE: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("duty", "accept", {}),
    ("duty", "dispatch", {"host": "labour"}),
    ("labour_handler", "claim", {}),
    ("labour_handler", "complete", {"result": "已支付"}),
    ("reviewer", "pass_review", {"note": "属实"}),
)
KINDS = ["received", "accepted", "dispatched", "claimed", "completed", "review_passed", "closed"]
CASES = 16
ABREAST = 4
PATIENCE = 90


async def until_answered(
    http: httpx.AsyncClient, path: str, body: Mapping[str, object], headers: dict[str, str]
) -> None:
    """Sends the same thing again and again until it is acknowledged as done, as an outbox would."""
    deadline = time.monotonic() + PATIENCE
    last = ""
    while time.monotonic() < deadline:
        try:
            answer = await http.post(path, json=body, headers=headers)
        except httpx.TransportError as error:
            last = repr(error)
        else:
            last = f"{answer.status_code} {answer.text[:300]}"
            if answer.status_code in (200, 201):
                return
            assert answer.status_code == 202 or answer.status_code >= 500, last
        await asyncio.sleep(0.2)
    raise AssertionError(f"{path} was never acknowledged: {last}")


async def live(running: RunningSystem, http: httpx.AsyncClient, report_id: UUID, told: Callable[[], None]) -> None:
    """Take one case from report to closure, whatever happens meanwhile."""

    async def headers(username: str, id_: UUID) -> dict[str, str]:
        return {"Authorization": f"Bearer {await running.token(http, username)}", "Idempotency-Key": str(id_)}

    body = {"report_id": str(report_id), "category": "0201", "title": "欠薪", "grid": MICRO}
    await until_answered(http, "/api/v1/cases", body, await headers("worker", report_id))
    told()
    case_no = await case_no_of(running, report_id)
    for username, command, fields in LIFE:
        path = f"/api/v1/cases/{case_no}/commands/{command}"
        await until_answered(http, path, fields, await headers(username, new_id()))
        told()


async def case_no_of(running: RunningSystem, report_id: UUID) -> str:
    """The number of an acknowledged report's case, as soon as the database answers."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            async with running.engine.connect() as connection:
                found = await connection.scalar(
                    text("SELECT case_no FROM cases WHERE report_id = :id"), {"id": report_id}
                )
        except Exception:  # noqa: BLE001 (the database is being killed in this very test)
            await running.engine.dispose()
        else:
            assert found is not None, "an acknowledged report is not there"
            return str(found)
        await asyncio.sleep(0.2)
    raise AssertionError("the database did not come back")


@pytest.mark.parametrize("name", ["worker-1", "temporal", "postgres"])
async def test_nothing_acknowledged_is_lost_or_doubled(running: RunningSystem, name: str) -> None:
    reports = [new_id() for _ in range(CASES)]
    answers = 0
    half_way = asyncio.Event()

    def told() -> None:
        nonlocal answers
        answers += 1
        if answers >= CASES * len(KINDS) // 4:
            half_way.set()

    async with httpx.AsyncClient(base_url=running.url, timeout=30, trust_env=False) as http:
        for username in ("worker", *{who for who, _, _ in LIFE}):
            await running.token(http, username)
        room = asyncio.Semaphore(ABREAST)

        async def one(report_id: UUID) -> None:
            async with room:
                await live(running, http, report_id, told)

        async with asyncio.TaskGroup() as group:
            for report_id in reports:
                group.create_task(one(report_id))
            await half_way.wait()
            running.kill(name)

    assert any(name in line and "starting it again" in line for line in running.news)
    await running.engine.dispose()
    client = await running.temporal()
    async with running.engine.connect() as connection:
        count = text("SELECT count(*) FROM cases WHERE report_id = ANY (:ours)")
        assert await connection.scalar(count, {"ours": reports}) == CASES
        for report_id in reports:
            facts = await read_facts(connection, report_id)
            assert [fact.body.kind for fact in facts] == KINDS
            stored = await connection.scalar(text("SELECT state FROM cases WHERE report_id = :id"), {"id": report_id})
            handle = client.get_workflow_handle(workflow_id(report_id))
            state = await handle.query(STATE_QUERY, result_type=Case)
            assert state == Case.model_validate(stored), "both stores know the same case"
