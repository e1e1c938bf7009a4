"""The system on many machines, as far as one machine shows it: two APIs and two workers with data directories of their
own behind nginx, attachments and vault in a bucket. People work while one of each is killed and all are rolled to
another build.
"""

import asyncio
import contextlib
import os
import random
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from temporalio.client import Client

from doors.session import COOKIE
from infra.database import open_database
from infra.embedded.ports import free_ports
from infra.keys.ring import create_ring
from infra.settings import Settings
from infra.temporal import connect
from models.ids import new_id
from services.auditing.audit import audit
from services.runtime.resources import Resources
from tests.api.harness import a_picture
from tests.builders import MICRO, small_park, token_for
from tests.deploy.conftest import NAME
from tests.deploy.test_nginx import Front, running_nginx
from tests.faults.load.check import Findings, compare
from tests.faults.load.ledger import Ledger
from tests.faults.load.people import PATIENCE, People
from tests.faults.load.run import learn_outcomes, settle_accepted, until_quiet
from tests.faults.load.site import FarProcess
from tests.faults.load.world import publish_rush
from tests.s3 import S3Server
from tests.servers import Servers
from tests.system.processes import environment

pytestmark = [pytest.mark.faults, pytest.mark.system, pytest.mark.timeout(400)]

#: For how long people work, and what happens meanwhile (seconds after the start).
WORKING = 40.0
#: Seconds until everything that was sent has its outcome, and until a killed or rolled process is ready.
SETTLING, STARTING = 120.0, 60.0
#: Seconds for all of it, so that what was waited for is told before the test is ended from outside.
WHOLE = 330
QUEUE = "two-of-each"


class Rig:
    """The running processes, and what the simulated people and the comparison need to know of them."""

    def __init__(self, settings: Settings, surroundings: dict[str, str], place: Path, front: Front, temporal: Client):
        self.settings, self.front = settings, front
        self.engine = open_database(settings)
        self.processes: dict[str, FarProcess] = {}
        self.urls: tuple[str, ...] = ()
        self._surroundings, self._place, self._temporal = surroundings, place, temporal

    def begin(self, name: str, command: list[str], **own: object) -> None:
        """Start a process with a data directory of its own; it is started again whenever it ends."""
        data = self._place / name
        data.mkdir()
        given = {f"GRIDLOOP_{key.upper()}": str(value) for key, value in own.items()}
        own_environment = {**self._surroundings, "GRIDLOOP_DATA_DIR": str(data), **given}
        process = FarProcess(name, [sys.executable, *command], own_environment, self._place / f"{name}.log")
        self.processes[name] = process
        process.begin()

    def log(self, name: str) -> str:
        """What a process has logged."""
        return (self._place / f"{name}.log").read_text(errors="replace")

    def headers(self, username: str) -> dict[str, str]:
        """Signed in."""
        return {"Authorization": f"Bearer {token_for(self.settings, username)}"}

    async def temporal(self) -> Client:
        """A client of Temporal."""
        return self._temporal

    async def until_ready(self, url: str) -> None:
        """Wait until a process says that it is ready."""
        async with asyncio.timeout(STARTING), httpx.AsyncClient(trust_env=False, timeout=10) as http:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get(f"{url}/readyz")).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.1)

    async def roll(self, name: str, url: str | None) -> None:
        """Let a process end in its own time, and wait until its successor is ready; `url`: where it says so."""
        process = self.processes[name]
        starts, running = process.starts, process.process()
        assert running is not None
        process.environment["GRIDLOOP_WORKER_NAME"] = "another-build"
        running.terminate()
        async with asyncio.timeout(STARTING):
            while process.starts == starts or process.process() is None:
                await asyncio.sleep(0.1)
        if url is not None:
            await self.until_ready(url)

    async def close(self) -> None:
        """End all processes."""
        for name, process in self.processes.items():
            await process.end()
            print(f"--- {name}, {process.starts} starts ---\n{self.log(name)[-3_000:]}")  # shown of a failed test
        await self.engine.dispose()


class PeopleBehindNginx(People):
    """They reach the system by its one address."""

    #: nginx says the last two when it lost the process while it answered.
    retriable = frozenset({503, 507, 502, 504})

    def __init__(self, rig: Any, ledger: Ledger, seed: int) -> None:
        super().__init__(rig, ledger, seed)
        self.clients = [
            httpx.AsyncClient(
                base_url=f"https://127.0.0.1:{rig.front.https}/api/v1", headers={"Host": NAME}, timeout=PATIENCE,
                trust_env=False, verify=rig.front.trust,
            )
        ]  # fmt: skip


@pytest.fixture
async def rig(servers: Servers, database_url: str, tmp_path: Path, s3: S3Server) -> AsyncIterator[Rig]:
    """Two workers and two APIs behind nginx."""
    place = tmp_path
    create_ring(place / "keys.json")
    shared: dict[str, Any] = {
        "key_file": place / "keys.json", "vault_folder": s3.place(f"{QUEUE}/vault"),
        "anchors_folder": place / "anchors",
        "anchor_key_file": place / "anchor.pem", "attachments": s3.place(f"{QUEUE}/attachments"),
        "archive": s3.place(f"{QUEUE}/archive"), **s3.options, "uploads_per_hour": 100_000,
        "public_url": f"https://{NAME}", "trusted_proxies": "127.0.0.1",
    }  # fmt: skip
    settings = Settings(
        database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64), case_queue=QUEUE,
        data_dir=place, **shared,
    )  # fmt: skip
    surroundings = environment(servers, database_url, place, QUEUE, **shared)
    temporal = await connect(settings, environment=surroundings)
    first, second = free_ports(2)
    with running_nginx((f"127.0.0.1:{first}", f"127.0.0.1:{second}"), servers) as front:
        rig = Rig(settings, surroundings, place, front, temporal)
        rig.urls = (f"http://127.0.0.1:{first}", f"http://127.0.0.1:{second}")
        try:
            await small_park(rig.engine)
            await publish_rush(rig.engine)
            for number, port in enumerate((first, second), start=1):
                rig.begin(f"worker-{number}", ["worker.py"])
                rig.begin(f"web-{number}", ["-m", "web"], web_port=port)
            for url in rig.urls:
                await rig.until_ready(url)
            yield rig
        finally:
            await rig.close()


async def test_what_one_process_takes_every_other_has(rig: Rig) -> None:
    """Nothing is lost, doubled or forged when one of each is killed and all are rolled while people work. A photo
    uploaded at one API is read at the other, and a change made at one reaches a page at the other."""
    seed = int(os.environ.get("GRIDLOOP_TEST_SEED") or random.SystemRandom().randrange(2**31))
    ledger = Ledger()
    people = PeopleBehindNginx(rig, ledger, seed)
    try:
        async with asyncio.timeout(WHOLE):
            await _work_and_settle(rig, people, ledger)
        findings: Findings = await compare(rig, ledger)  # type: ignore[arg-type]
    finally:
        await people.close()
    assert findings.all == [], f"seed {seed}: {findings.all}"
    assert ledger.faulty == [], f"seed {seed}: {ledger.faulty}"
    ends = ledger.counts()
    assert ends["report"]["acknowledged"] >= 5
    assert ends["command"]["acknowledged"] >= 10
    assert all(process.starts >= 2 for process in rig.processes.values()), "each was killed or rolled"
    one, two = (httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) for url in rig.urls)
    async with one, two:
        await _photo_and_change_cross(rig, one, two)


async def _photo_and_change_cross(rig: Rig, one: httpx.AsyncClient, two: httpx.AsyncClient) -> None:
    picture = {"file": ("photo.png", a_picture("teal"), "image/png")}
    stored = await one.post("/api/v1/attachments", files=picture, headers=rig.headers("worker"))
    assert stored.status_code == 201, stored.text
    sha = stored.json()["sha256"]
    known = {"category": "0103", "title": "通道堵塞", "grid": MICRO, "attachments": [sha]}
    body = {"report_id": str(new_id()), **known}
    report = await one.post("/api/v1/cases", json=body, headers=rig.headers("worker"))
    assert report.status_code == 201, report.text
    no = report.json()["case_no"]
    photo = await two.get(f"/api/v1/attachments/{sha}", headers=rig.headers("duty"))
    assert photo.status_code == 200
    assert photo.headers["content-type"].startswith("image/")
    cookies = {COOKIE: token_for(rig.settings, "duty")}
    async with two.stream("GET", "/live", cookies=cookies) as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == ": open"
        accepted = await one.post(f"/api/v1/cases/{no}/commands/accept", json={}, headers=rig.headers("duty"))
        assert accepted.status_code == 200, accepted.text
        async with asyncio.timeout(20):
            async for line in lines:
                if line.startswith("data:") and no in line:
                    break


async def _work_and_settle(rig: Rig, people: PeopleBehindNginx, ledger: Ledger) -> None:
    await people.prepare()
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for place in range(6):
            group.create_task(people.work(place, began + WORKING))
        group.create_task(_kill_and_roll(rig))
    await _settle(rig, people, ledger)


async def _kill_and_roll(rig: Rig) -> None:
    """Kill one of each, then let all end one after the other for their successors."""
    for name in ("worker-1", "web-1"):
        await asyncio.sleep(5)
        process = rig.processes[name].process()
        assert process is not None
        process.kill()
    await rig.until_ready(rig.urls[0])
    for name in ("worker-1", "worker-2"):
        await rig.roll(name, None)
    for name, url in zip(("web-1", "web-2"), rig.urls, strict=True):
        await rig.roll(name, url)


async def _settle(rig: Rig, people: People, ledger: Ledger) -> None:
    """Wait until nothing waits, learn every outcome, and let the audit wake what fell behind."""
    site: Any = rig
    deadline = time.monotonic() + SETTLING
    await until_quiet(site, deadline)
    await settle_accepted(site, ledger, deadline - SETTLING / 2)
    await learn_outcomes(people, ledger, deadline)
    await until_quiet(site, deadline)
    resources = Resources(rig.settings, rig.engine, await rig.temporal())
    report = await audit(resources, fix=True)
    assert report.findings == (), report
    async with rig.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM cases")) >= 5
