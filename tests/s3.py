"""An S3 server as a process, how it is reached, and a disk that is full."""

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from infra.embedded.ports import free_ports

BUCKET = "gridloop-test"


@dataclass(frozen=True)
class S3Server:
    """A server with an empty bucket `BUCKET` that takes any keys."""

    url: str

    @property
    def options(self) -> dict[str, Any]:
        """The settings with which it is reached."""
        return {
            "s3_endpoint": self.url, "s3_region": "us-east-1",
            "s3_access_key_id": "test", "s3_secret_access_key": "test",
        }  # fmt: skip

    def place(self, folder: str) -> str:
        """A place in the bucket."""
        return f"s3://{BUCKET}/{folder}"

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Refuse every key while the block runs, as a server does after a change of its keys."""
        before = httpx.post(f"{self.url}/moto-api/reset-auth", content="0", trust_env=False)
        try:
            yield
        finally:
            httpx.post(
                f"{self.url}/moto-api/reset-auth", content=before.json()["PREVIOUS_INITIAL_NO_AUTH_ACTION_COUNT"],
                trust_env=False,
            ).raise_for_status()  # fmt: skip


@contextmanager
def running_s3() -> Iterator[S3Server]:
    """Run a server until the block ends."""
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = S3Server(f"http://127.0.0.1:{port}")
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.put(f"{server.url}/{BUCKET}", trust_env=False).raise_for_status()
                break
            except httpx.TransportError:
                assert process.poll() is None, "the S3 server ended"
                assert time.monotonic() < deadline, "the S3 server does not answer"
                time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def small_files() -> Iterator[None]:
    """Let no file of this process grow beyond a kilobyte, as on a full disk."""
    before, limits = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
