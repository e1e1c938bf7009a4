"""A case's workflow is ended from outside, in the real system: `reconcile` says so, and `--fix` brings it back."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from infra.embedded.waiting import wait_until
from infra.store.cases import read_case
from models.case import Case
from models.ids import new_id, workflow_id
from models.wire_names import STATE_QUERY
from tests.builders import MICRO
from tests.faults.conftest import RunningSystem
from tests.servers import ROOT

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]


async def reconcile(running: RunningSystem, *options: str) -> tuple[int, Any, str]:
    """Run `gridloop reconcile --json` and return exit code, report and other output."""
    environment = {**os.environ, **running.system.environment, "GRIDLOOP_LANG": "en"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "starter.py", "reconcile", "--json", *options,
        cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complained = await process.communicate()
    assert process.returncode is not None
    return process.returncode, json.loads(said), complained.decode()


async def reported(running: RunningSystem, http: httpx.AsyncClient) -> str:
    """A case that has been accepted: its number."""
    worker = {"Authorization": f"Bearer {await running.token(http, 'worker')}"}
    duty = {"Authorization": f"Bearer {await running.token(http, 'duty')}"}
    body = {"report_id": str(new_id()), "category": "0201", "title": "欠薪", "grid": MICRO}
    answer = await http.post("/api/v1/cases", json=body, headers=worker)
    assert answer.status_code == 201, answer.text
    case_no = str(answer.json()["case_no"])
    answer = await http.post(f"/api/v1/cases/{case_no}/commands/accept", json={}, headers=duty)
    assert answer.status_code == 200, answer.text
    return case_no


async def case_of(running: RunningSystem, case_no: str) -> Case:
    """The case as the database has it."""
    async with running.engine.connect() as connection:
        id_ = await connection.scalar(text("SELECT report_id FROM cases WHERE case_no = :no"), {"no": case_no})
        found = await read_case(connection, id_)
    assert found is not None
    return found


async def test_a_case_without_its_workflow_is_found_and_restarted(running: RunningSystem) -> None:
    async with httpx.AsyncClient(base_url=running.url, timeout=30, trust_env=False) as http:
        lost, kept = await reported(running, http), await reported(running, http)
        assert (await reconcile(running))[0] == 0

        client = await running.temporal()
        before = await case_of(running, lost)
        handle = client.get_workflow_handle(workflow_id(before.report_id))
        await handle.terminate("by mistake")

        code, report, _ = await reconcile(running)
        assert code == 1
        assert [(f["kind"], f["case_no"], f["fixable"]) for f in report["findings"]] == [
            ("workflow_missing", lost, True)
        ]

        code, report, _ = await reconcile(running, "--fix")
        assert (code, report["repaired"], report["findings"]) == (0, 1, [])
        known = await handle.query(STATE_QUERY, result_type=Case)
        assert known == before == await case_of(running, lost), "the same facts, the same clocks, the same timers"

        duty = {"Authorization": f"Bearer {await running.token(http, 'duty')}"}
        for case_no in (lost, kept):
            path = f"/api/v1/cases/{case_no}/commands/dispatch"
            answer = await http.post(path, json={"host": "labour"}, headers=duty)
            assert answer.status_code == 200, answer.text
        assert (await reconcile(running))[0] == 0


async def test_the_audit_is_scheduled_by_the_time_the_system_runs(running: RunningSystem) -> None:
    client = await running.temporal()
    queue = running.system.environment["GRIDLOOP_CASE_QUEUE"]
    handle = client.get_schedule_handle(f"audit-{queue}")
    async with asyncio.timeout(30):
        while True:
            try:
                described = await handle.describe()
                break
            except Exception:  # noqa: BLE001 (the worker creates it when it starts)
                await asyncio.sleep(0.1)
    assert not described.schedule.state.paused
    await handle.trigger()
    async with asyncio.timeout(60), running.engine.connect() as connection:
        while not await connection.scalar(text("SELECT count(*) FROM audits WHERE findings = 0")):
            await asyncio.sleep(0.1)


async def keys(running: RunningSystem, *words: str) -> tuple[int, str, str]:
    """Run `gridloop keys` and return exit code, output and complaints."""
    environment = {**os.environ, **running.system.environment, "GRIDLOOP_LANG": "en"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "starter.py", "keys", *words,
        cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complained = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode(), complained.decode()


async def is_gone(handle: WorkflowHandle[Any, Any]) -> bool:
    try:
        await handle.describe()
    except RPCError as error:
        return error.status is RPCStatusCode.NOT_FOUND
    return False


async def test_keys_that_open_workflows_name_are_kept_and_a_lost_one_is_survived(running: RunningSystem) -> None:
    file = Path(running.system.environment["GRIDLOOP_KEY_FILE"])
    async with httpx.AsyncClient(base_url=running.url, timeout=30, trust_env=False) as http:
        case_no = await reported(running, http)
        old = json.loads(file.read_text())["current"]
        code, said, complained = await keys(running, "rotate")
        assert code == 0, said + complained
        new = json.loads(file.read_text())["current"]
        code, said, complained = await keys(running, "status", "--json")
        told = json.loads(said)
        assert (code, told["missing"], old in told["workflows"]) == (0, [], True), said
        assert set(told["schedules"]) <= {new}, "written anew"
        code, said, complained = await keys(running, "remove", old)
        assert code == 1
        assert "still name" in said + complained

        # Every copy of the old key is lost, and the processes start again: only the facts are left of the case.
        content = json.loads(file.read_text())
        del content["keys"][old]
        file.write_text(json.dumps(content))
        running.kill("worker-1")
        await wait_until(lambda: "worker-1 is back" in running.news, seconds=60, what="worker back")
        code, said, complained = await keys(running, "status", "--json")
        assert (code, json.loads(said)["missing"]) == (1, [old]), complained
        client = await running.temporal()
        handle = client.get_workflow_handle(workflow_id((await case_of(running, case_no)).report_id))
        execution = WorkflowExecution(workflow_id=handle.id)
        unreadable = DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
        await client.workflow_service.delete_workflow_execution(unreadable)
        await wait_until(lambda: is_gone(handle), seconds=30, what="deleted")
        code, report, complained = await reconcile(running, "--fix")
        assert case_no not in {finding["case_no"] for finding in report["findings"]}, (str(report), complained)
        duty = {"Authorization": f"Bearer {await running.token(http, 'duty')}"}
        answer = await http.post(f"/api/v1/cases/{case_no}/commands/comment", json={"note": "还在"}, headers=duty)
        assert answer.status_code == 200, answer.text
