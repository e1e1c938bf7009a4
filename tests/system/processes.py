"""Single processes of the system, run as an operator runs them: by settings alone, on the servers that tests share."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from infra.embedded.ports import free_ports
from tests.servers import ROOT, Servers

#: Seconds within which a process must have started, or have ended.
PATIENCE = 100.0


class RunningProcess:
    """A process of the system with its log and the address that it answers at."""

    def __init__(self, started: subprocess.Popen[bytes], log: Path, url: str) -> None:
        self.started = started
        self.log = log
        self.url = url

    def said(self) -> str:
        """Everything that it has logged."""
        return self.log.read_text()

    def until_ready(self, path: str) -> None:
        """Wait until it answers 200 at that path. Fails with its log when it ends before."""
        deadline = time.monotonic() + PATIENCE
        while not answers(self.url + path):
            assert self.started.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def stop(self) -> float:
        """Send SIGTERM, wait for the exit, and return the seconds that it took."""
        begun = time.monotonic()
        self.started.terminate()
        self.started.wait(PATIENCE)
        return time.monotonic() - begun


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until the condition holds. Fails when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def answers(url: str, status: int = 200) -> bool:
    """Whether a GET of that address has that status now."""
    with suppress(httpx.TransportError):
        return httpx.get(url, trust_env=False, timeout=10).status_code == status
    return False


def environment(servers: Servers, database_url: str, data_dir: Path, queue: str, **settings: object) -> dict[str, str]:
    """The settings of a process on the shared servers; `settings` by the names of their fields."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("TEMPORAL_")}
    given = {f"GRIDLOOP_{name.upper()}": str(value) for name, value in settings.items()}
    return {
        **inherited,
        "GRIDLOOP_DATABASE_URL": database_url,
        "GRIDLOOP_TOKEN_SECRET": "0" * 64,
        "GRIDLOOP_CASE_QUEUE": queue,
        "GRIDLOOP_DATA_DIR": str(data_dir),
        "TEMPORAL_ADDRESS": servers.temporal_address,
        "TEMPORAL_NAMESPACE": servers.temporal_namespace,
        **given,
    }


@contextmanager
def running(command: list[str], surroundings: dict[str, str], log: Path, url: str) -> Iterator[RunningProcess]:
    """Run a process until the block ends; then it is killed, unless it has ended."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=surroundings, stdout=output, stderr=output
        ) as started,
    ):
        try:
            yield RunningProcess(started, log, url)
        finally:
            started.kill()


@contextmanager
def serving(surroundings: dict[str, str], log: Path, *, ready: bool = True) -> Iterator[RunningProcess]:
    """Run API and pages on a free port; `ready`: wait until `/readyz` says so, else until it answers at all."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with running(["-m", "web"], {**surroundings, "GRIDLOOP_WEB_PORT": str(port)}, log, url) as process:
        process.until_ready("/readyz" if ready else "/healthz")
        yield process
