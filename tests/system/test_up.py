"""`up` as a user runs it: everything starts, survives crashes, stops, and starts again with its data."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg
import pytest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig

from infra.embedded.ports import HOST, free_ports, is_free
from infra.runtime import read_runtime
from tests.servers import ROOT, temporary_directory

pytestmark = [pytest.mark.system, pytest.mark.timeout(700)]

READY = "Gridloop is ready"


class Up:
    """A running `up`, with its output and its data directory."""

    def __init__(self, data_dir: Path, *options: str) -> None:
        self.data_dir = data_dir
        self.lines: list[str] = []
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GRIDLOOP_")}
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "starter.py"), "up", "--data-dir", str(data_dir), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float = 200) -> None:
        """Waits until `condition` holds, while `up` runs."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"up ended with {self.process.returncode}:\n{self.said}"
            assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s:\n{self.said}"
            self._reader.join(0.1)

    def wait_for_line(self, pattern: str) -> None:
        """Wait until a line that begins so has been printed."""
        self.wait_for(lambda: any(re.match(pattern, line) for line in self.lines), pattern)

    def press_ctrl_c(self) -> int:
        """Send SIGINT to the foreground processes, as a terminal does, and return the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        status = self.process.wait(120)
        self._reader.join(10)
        return status

    def children(self) -> list[psutil.Process]:
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def environment(self) -> dict[str, str]:
        """The environment for other commands."""
        return read_runtime(self.data_dir)


@contextmanager
def running(data_dir: Path, *options: str) -> Iterator[Up]:
    """Run `up`, and stop it whatever happens."""
    up = Up(data_dir, *options)
    try:
        yield up
    finally:
        if up.process.poll() is None:
            up.process.terminate()
            up.process.wait(120)
        assert up.process.stdout is not None
        up._reader.join(10)
        up.process.stdout.close()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with temporary_directory() as place:
        yield place / "网格 data"


def ports_of(environment: dict[str, str]) -> list[int]:
    urls = [environment[f"GRIDLOOP_{name}"] for name in ("WEB_URL", "DATABASE_URL", "TEMPORAL_UI")]
    return [urlsplit(url).port or 0 for url in (*urls, f"tcp://{environment['TEMPORAL_ADDRESS']}")]


def store_a_mark(environment: dict[str, str]) -> None:
    """Store something in both PostgreSQL and Temporal."""
    with psycopg.connect(environment["GRIDLOOP_DATABASE_URL"]) as connection:
        connection.execute("INSERT INTO case_counters VALUES ('mark', '2026-01-01', 7)")
    asyncio.run(start_workflow(environment))


def marks(environment: dict[str, str]) -> tuple[object, str]:
    """What of it is still stored."""
    with psycopg.connect(environment["GRIDLOOP_DATABASE_URL"]) as connection:
        row = connection.execute("SELECT last FROM case_counters WHERE park = 'mark'").fetchone()
    return row, asyncio.run(workflow_type(environment))


def cases(environment: dict[str, str]) -> int:
    """How many cases there are, without those that the park's own work has opened."""
    with psycopg.connect(environment["GRIDLOOP_DATABASE_URL"]) as connection:
        row = connection.execute("SELECT count(*) FROM cases WHERE state -> 'matter' IS NULL").fetchone()
    assert row is not None
    return int(row[0])


async def connect(environment: dict[str, str]) -> Client:
    return await Client.connect(**ClientConfig.load_client_connect_config(override_env_vars=environment))


async def start_workflow(environment: dict[str, str]) -> None:
    client = await connect(environment)
    await client.start_workflow("Mark", id="mark", task_queue="nobody")


async def workflow_type(environment: dict[str, str]) -> str:
    client = await connect(environment)
    return (await client.get_workflow_handle("mark").describe()).workflow_type


def test_it_starts_restarts_children_stops_and_starts_again_with_all_data(data_dir: Path) -> None:
    """All children are killed while the demonstration is being made, the stores first, then what uses them."""
    (port,) = free_ports(1)
    with running(data_dir, "--port", str(port), "--demo-cases", "24", "--demo-past", "60") as up:
        up.wait_for_line(r"\s*✓ 接口与网页 API")
        for name, mark in {"postgres": "-D", "temporal": "start-dev", "worker-1": "worker.py", "web": "web"}.items():
            (child,) = [
                one for one in psutil.Process(up.process.pid).children()
                if mark in (Path(word).name for word in one.cmdline())
            ]  # fmt: skip
            child.kill()
            up.wait_for_line(f"{name} is back")
        up.wait_for_line(READY)
        environment = up.environment()
        assert cases(environment) == 24 + 60 + 1, "with the one that began the emergency"
        assert httpx.get(f"http://{HOST}:{port}/healthz", trust_env=False).status_code == httpx.codes.OK
        interface = httpx.get(f"http://{HOST}:{port}/temporal/", trust_env=False)
        assert (interface.status_code, interface.headers["location"]) == (303, "/sign-in?next=/temporal/")
        evil = httpx.get(f"http://{HOST}:{port}/temporal/", headers={"Host": "evil.example"}, trust_env=False)
        assert evil.status_code == 421
        for shown in ("/openapi.json", "/temporal", "凭证书 by certificate", str(data_dir), "supervisor"):
            assert shown in up.said
        for one in data_dir.iterdir():
            assert one.stat().st_mode & 0o077 == 0, one.name
        store_a_mark(environment)

        second = subprocess.run(
            [sys.executable, str(ROOT / "starter.py"), "up", "--data-dir", str(data_dir)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert f"another `up` (process {up.process.pid}) already runs on {data_dir}" in second.stderr

        assert "worker-1 ended (killed by SIGKILL); starting it again" in up.said
        listening = {
            connection.laddr.ip
            for child in up.children()
            for connection in child.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {HOST}

        children = up.children()
        assert up.press_ctrl_c() == 0, up.said
        stopped = re.findall(r"^(\S+) stopped", up.said, re.MULTILINE)
        assert stopped == ["web", "worker-1", "temporal", "postgres"]
        assert "by force" not in up.said
        assert up.environment() == {}
        assert not any(child.is_running() for child in children)
        assert all(is_free(number) for number in ports_of(environment))

    with running(data_dir, "--port", str(port), "--demo-cases", "24", "--demo-past", "60") as again:
        again.wait_for_line(READY)
        assert cases(again.environment()) == 24 + 60 + 1, "the demo cases are made once"
        assert marks(again.environment()) == ((7,), "Mark")
        assert again.press_ctrl_c() == 0


def test_it_starts_after_a_killed_up(data_dir: Path) -> None:
    (port,) = free_ports(1)
    with running(data_dir, "--port", str(port), "--no-demo") as up:
        up.wait_for_line(READY)
        assert "still missing: policy" in up.said
        store_a_mark(up.environment())
        children = up.children()
        up.process.kill()
        up.process.wait(10)
    with running(data_dir, "--port", str(port), "--no-demo") as again:
        again.wait_for_line(READY)
        assert not any(child.is_running() for child in children)
        assert marks(again.environment()) == ((7,), "Mark")
        assert again.press_ctrl_c() == 0


def test_ctrl_c_while_starting_stops_what_has_started(data_dir: Path) -> None:
    (port,) = free_ports(1)
    with running(data_dir, "--port", str(port)) as up:
        up.wait_for_line(r"\s*✓ 数据库 PostgreSQL")
        assert up.press_ctrl_c() == 0
        assert "postgres stopped" in up.said
        assert READY not in up.said


@pytest.mark.parametrize("option", ["--port", "--postgres-port"])
def test_a_taken_port_is_reported_with_the_option_to_change(data_dir: Path, option: str) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        options = ["--port", str(free_ports(1)[0])] if option != "--port" else []
        with running(data_dir, *options, option, str(port)) as up:
            assert up.process.wait(60) == 1
    assert f"port {port} is taken by another program; choose another with {option}" in up.said


def test_a_data_dir_that_is_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with running(tmp_path / "file") as up:
        assert up.process.wait(60) == 1
    assert f"--data-dir {tmp_path / 'file'}: File exists" in up.said
