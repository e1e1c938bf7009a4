"""Two versions at once, as while a cluster is upgraded: a worker and an API of the version before (N-1) work beside
today's, on today's database, on the same open cases. Of a version that can't read what is encrypted, on its own cases,
until today's worker takes them over."""

import asyncio
import itertools
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from infra.embedded.ports import HOST, free_ports
from infra.store.cases import read_facts
from models.case import Case
from models.ids import new_id, workflow_id
from models.wire_names import STATE_QUERY
from services.history.verify import verify_store
from tests.builders import GRID, MICRO, PASSWORD, a_policy, publish
from tests.faults.conftest import RunningSystem
from tests.faults.earlier import EarlierProcess, previous_version, unpack
from tests.faults.test_crash import KINDS, LIFE
from tests.faults.test_readings import until_quiet
from tests.faults.test_reconcile import reconcile
from tests.servers import ROOT

pytestmark = [pytest.mark.faults, pytest.mark.timeout(360), pytest.mark.asyncio(loop_scope="module")]

CASES = 4
#: The last version that neither hashes facts nor encrypts what it tells Temporal: the oldest whose columns are known to
#: `tests/infra/test_later_columns.py`.
UNSEALED = "36aba613c7ad1c6b85d7b29cc1190e251e733339"
#: The two worker processes, in turns: who works while the commands of each step of `LIFE` are given.
TURNS = ("both", "earlier", "both", "today", "both")


class Two:
    """Both versions: two APIs, and two workers of which each can be made to stand still."""

    def __init__(self, running: RunningSystem, http: httpx.AsyncClient, doors: tuple[str, str]) -> None:
        self.running, self.http = running, http
        self._doors: Iterator[str] = itertools.cycle(doors)

    async def post(self, path: str, body: dict[str, object], username: str) -> httpx.Response:
        """Send through the APIs in turns until one says that it is recorded: a task that a worker had taken when it was
        made to stand still has to time out first."""
        headers = {"Authorization": f"Bearer {await self.running.token(self.http, username)}"}
        headers |= {"Idempotency-Key": str(body.get("report_id") or new_id())}
        async with asyncio.timeout(60):
            while True:
                door = next(self._doors)
                answer = await self.http.post(f"{door}/api/v1{path}", json=body, headers=headers)
                if answer.status_code in (200, 201):
                    return answer
                assert answer.status_code in (202, 503), f"{door}{path}: {answer.text}"

    async def both_answer(self, path: str, username: str) -> None:
        """What one version wrote, both versions show alike."""
        headers = {"Authorization": f"Bearer {await self.running.token(self.http, username)}"}
        shown = [(await self.http.get(f"{next(self._doors)}/api/v1{path}", headers=headers)) for _ in range(2)]
        assert [one.status_code for one in shown] == [200, 200], [one.text for one in shown]
        assert shown[0].json()["revision"] == shown[1].json()["revision"]


async def test_the_version_before_works_beside_this_one(running: RunningSystem, tmp_path: Path) -> None:
    tree = await asyncio.to_thread(unpack, previous_version(), tmp_path)
    environment = _environment(running, tmp_path)
    worker = EarlierProcess(tree, ["worker.py"], environment, tmp_path / "worker.log")
    door = EarlierProcess(tree, ["-m", "api"], environment, tmp_path / "api.log")
    async with httpx.AsyncClient(base_url=running.url, timeout=60, trust_env=False) as http:
        for username in ("worker", "supervisor", *{who for who, _, _ in LIFE}):
            await running.token(http, username)
        today = running.process("worker-1")
        try:
            async with worker, door:
                await worker.until_said("worker started")
                await door.until_said("Uvicorn running")
                two = Two(running, http, (running.url, environment["GRIDLOOP_WEB_URL"]))
                assert worker.process is not None
                await _live(two, today.send_signal, worker.process.send_signal)
                today.send_signal(signal.SIGCONT)
                worker.process.send_signal(signal.SIGCONT)
        finally:
            today.send_signal(signal.SIGCONT)
        # The earlier version has gone; this one takes its cases over.
        async with running.engine.connect() as connection:
            rows = (await connection.execute(text("SELECT case_no, report_id FROM cases ORDER BY case_no"))).all()
        assert len(rows) == CASES
        headers = {"Authorization": f"Bearer {await running.token(http, 'duty')}"}
        for row in rows:
            said = await http.post(
                f"/api/v1/cases/{row.case_no}/commands/comment", json={"note": "后"}, headers=headers
            )
            assert said.status_code in (200, 409), said.text
    await until_quiet(running)
    await _agree(running)


async def test_a_version_from_before_encryption_records_on_the_migrated_database(
    running: RunningSystem, tmp_path: Path
) -> None:
    tree = await asyncio.to_thread(unpack, UNSEALED, tmp_path)
    # It refuses parts of a policy that it does not know: those are published once nothing of it runs any more.
    known = [one.model_copy(update={"questions": ()}) for one in a_policy().categories]
    async with running.engine.begin() as connection:
        await publish(connection, a_policy().model_copy(update={"categories": tuple(known)}), version=2)
    environment = _environment(running, tmp_path, GRIDLOOP_CASE_QUEUE="earlier")
    code = "91350100M000200Y4T"
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        async with (
            EarlierProcess(tree, ["worker.py"], environment, tmp_path / "worker.log") as worker,
            EarlierProcess(tree, ["-m", "api"], environment, tmp_path / "api.log") as door,
        ):
            await worker.until_said("worker started")
            await door.until_said("Uvicorn running")
            earlier = Door(http, environment["GRIDLOOP_WEB_URL"])
            numbers = [await earlier.report() for _ in range(2)]
            await earlier.post("/enterprises", {"code": code, "name": "海沧电镀有限公司", "grid": GRID}, "duty")
            for username, command, fields in LIFE[:-1]:
                for no in numbers:
                    await earlier.post(f"/cases/{no}/commands/{command}", fields, username)
            assert "recording failed" not in worker.said
        # A worker of today takes over what was begun in clear, and today's API the rest of their lives.
        async with EarlierProcess(ROOT, ["worker.py"], environment, tmp_path / "after.log") as worker:
            await worker.until_said("worker started")
            today = Door(http, running.url)
            username, command, fields = LIFE[-1]
            for no in numbers:
                await today.post(f"/cases/{no}/commands/{command}", fields, username)
            await today.post(f"/enterprises/{code}/commands/comment", {"note": "升级后"}, "duty")
            await until_quiet(running)
            await _agree(running)


class Door:
    """One API, with sessions of its own."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http, self._url = http, f"{url}/api/v1"
        self._tokens: dict[str, str] = {}

    async def report(self) -> str:
        """Report something; return the number of the case."""
        body = {"report_id": str(new_id()), "category": "0201", "title": "欠薪", "grid": MICRO}
        return str((await self.post("/cases", body, "worker"))["case_no"])

    async def post(self, path: str, body: Mapping[str, object], username: str) -> dict[str, Any]:
        """Send it, and return the answer once it is recorded."""
        if username not in self._tokens:
            given = await self._http.post(f"{self._url}/auth/token", data={"username": username, "password": PASSWORD})
            self._tokens[username] = given.raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {self._tokens[username]}"}
        headers |= {"Idempotency-Key": str(body.get("report_id") or new_id())}
        async with asyncio.timeout(60):
            while True:
                answer = await self._http.post(f"{self._url}{path}", json=body, headers=headers)
                if answer.status_code in (200, 201):
                    said: dict[str, Any] = answer.json()
                    return said
                assert answer.status_code in (202, 503), f"{path}: {answer.text}"


def _environment(running: RunningSystem, folder: Path, **changed: str) -> dict[str, str]:
    """The environment of another worker and API beside the running ones."""
    (port,) = free_ports(1)
    (folder / "metrics").mkdir()
    return {
        **running.system.environment,
        "GRIDLOOP_WEB_PORT": str(port),
        "GRIDLOOP_WEB_URL": f"http://{HOST}:{port}",
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        **changed,
    }


async def _live(two: Two, today: Callable[[int], None], earlier: Callable[[int], None]) -> None:
    """Every case from report to closure, through both doors; in turns one of the two workers stands still."""
    signals = {"today": today, "earlier": earlier}
    numbers = [
        (await two.post("/cases", {"report_id": str(new_id()), "category": "0201", "title": "欠薪", "grid": MICRO},
                        "worker")).json()["case_no"]
        for _ in range(CASES)
    ]  # fmt: skip
    code = "91350100M000100Y43"
    await two.post("/enterprises", {"code": code, "name": "东方印染有限公司", "grid": GRID}, "duty")
    for turn, (username, command, fields) in zip(TURNS, LIFE, strict=True):
        for name, send in signals.items():
            send(signal.SIGSTOP if turn not in (name, "both") else signal.SIGCONT)
        await asyncio.gather(*(two.post(f"/cases/{no}/commands/{command}", dict(fields), username) for no in numbers))
        await two.post(f"/enterprises/{code}/commands/comment", {"note": turn}, "duty")
        await two.both_answer(f"/cases/{numbers[0]}", "supervisor")


async def _agree(running: RunningSystem) -> None:
    """Nothing is wedged, lost or without its hash, and both stores know the same."""
    client = await running.temporal()
    async with running.engine.connect() as connection:
        for row in (await connection.execute(text("SELECT report_id, state FROM cases"))).all():
            facts = await read_facts(connection, row.report_id)
            assert [fact.body.kind for fact in facts if fact.body.kind != "commented"] == KINDS
            handle = client.get_workflow_handle(workflow_id(row.report_id))
            assert await handle.query(STATE_QUERY, result_type=Case) == Case.model_validate(row.state)
        unhashed = (
            "SELECT (SELECT count(*) FROM facts) + (SELECT count(*) FROM matter_facts)"
            " - (SELECT count(*) FROM fact_hashes)"
        )
        assert await connection.scalar(text(unhashed)) == 0
    assert (await verify_store(running.engine, running.settings)).findings == ()
    code, report, said = await reconcile(running)
    assert (code, report["findings"]) == (0, []), said
