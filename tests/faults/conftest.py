"""The real system with all its processes, on a directory of its own; the processes can be killed by name."""

import asyncio
import os
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import psutil
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.database import open_database
from infra.embedded.ports import free_ports
from infra.embedded.system import Ports, System
from infra.settings import Settings
from infra.temporal import connect
from tests.builders import PASSWORD, small_park
from tests.servers import temporary_directory


class RunningSystem:
    """The running system, with means to kill its processes."""

    def __init__(self, system: System, data_dir: Path, news: list[str]) -> None:
        self.system = system
        self.data_dir = data_dir
        self.news = news
        self.url = system.environment["GRIDLOOP_WEB_URL"]
        self.settings = Settings(
            database_url=SecretStr(system.environment["GRIDLOOP_DATABASE_URL"]),
            token_secret=SecretStr("0" * 64),
            key_file=Path(system.environment["GRIDLOOP_KEY_FILE"]),
            data_dir=data_dir,
        )
        self.engine: AsyncEngine = open_database(self.settings)
        self._tokens: dict[str, str] = {}
        self._signing_in: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def kill(self, name: str) -> None:
        """Send SIGKILL to the process with that log, as in a power cut."""
        process = self.process(name)
        os.kill(process.pid, signal.SIGKILL)

    def process(self, name: str) -> psutil.Process:
        """The child of that name: worker-1, web, temporal or postgres."""
        marks = {"worker-1": "worker.py", "web": "web", "temporal": "start-dev", "postgres": "-D"}
        for child in psutil.Process().children():
            line = child.cmdline()
            if marks[name] in [Path(part).name if name == "worker-1" else part for part in line]:
                return child
        raise AssertionError(f"{name} is not running")

    async def temporal(self) -> Client:
        """A fresh client of the system's Temporal server."""
        return await connect(self.settings, environment=self.system.environment)

    async def token(self, http: httpx.AsyncClient, username: str) -> str:
        """A token, obtained once, also by several callers at once."""
        async with self._signing_in[username]:
            if username not in self._tokens:
                answer = await http.post("/api/v1/auth/token", data={"username": username, "password": PASSWORD})
                assert answer.status_code == 200, (answer.text, dict(answer.headers))
                self._tokens[username] = answer.json()["access_token"]
            return self._tokens[username]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[RunningSystem]:
    """The running system with the tiny park, once for all tests of a file."""
    news: list[str] = []

    async def load(_: Path, environment: Mapping[str, str]) -> str:
        settings = Settings(
            database_url=SecretStr(environment["GRIDLOOP_DATABASE_URL"]), token_secret=SecretStr("0" * 64)
        )
        engine = open_database(settings)
        await small_park(engine)
        await engine.dispose()
        return ""

    with temporary_directory() as place:
        ports = Ports(*free_ports(4))
        system = System(place, ports, notify=news.append, load=("tiny park", load))
        try:
            for _, step in system.steps():
                await step()
            running = RunningSystem(system, place, news)
            yield running
            await running.engine.dispose()
        finally:
            await system.stop()
