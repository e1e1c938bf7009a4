"""The servers that tests share: one PostgreSQL (with a migrated template) and one Temporal server.

`python -m tests.servers` runs them in a process of its own until its standard input closes, so that they end with the
process that started them, however it ends. The first line of output has their addresses as JSON.
"""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import psutil
import psycopg
from psycopg import sql

from infra.embedded.child import ChildFailed
from infra.embedded.ports import free_ports
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.supervisor import Supervisor
from infra.embedded.temporal_server import NAMESPACE, EmbeddedTemporal
from infra.migrate import upgrade

ROOT = Path(__file__).parent.parent
TEMPLATE = "template_migrated"
#: Linux's directory in memory, and the bytes that must be free there: the servers of a run write less than half.
SHARED_MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30
#: Environment variable by which the process that started the servers passes the addresses to its children.
VARIABLE = "GRIDLOOP_TEST_SERVERS"


@dataclass(frozen=True)
class Servers:
    """The addresses of the shared servers."""

    #: A `postgresql://` URL ending in the name of the maintenance database.
    postgres_url: str
    temporal_address: str
    temporal_namespace: str

    def database_url(self, name: str) -> str:
        """The URL of the database `name`."""
        return f"{self.postgres_url.rpartition('/')[0]}/{name}"

    def create_database(self, name: str, template: str = TEMPLATE) -> str:
        """Create a database, a copy of the migrated template or (`template0`) an empty one, and return its URL."""
        self._run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return self.database_url(name)

    def drop_database(self, name: str) -> None:
        """Drop the database, also while it has connections."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.postgres_url, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def temporary_directory(within: Path | None = None) -> Iterator[Path]:
    """A directory that a server running as another user can reach; pytest's own are closed to others."""
    path = Path(tempfile.mkdtemp(prefix="gridloop-test-", dir=within))
    try:
        path.chmod(0o755)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def in_memory() -> Path | None:
    """Return a directory in memory, where there is one with enough room; None: use the disk.

    A database is some nine hundred files. A disk that others use takes up to half a second of a processor to create
    them, once for each test; memory takes 0.03 s.
    """
    free = shutil.disk_usage(SHARED_MEMORY).free if os.access(SHARED_MEMORY, os.W_OK) else 0
    return SHARED_MEMORY if min(free, psutil.virtual_memory().available) >= ROOM else None


@contextmanager
def running_servers() -> Iterator[Servers]:
    """Run the shared servers in a process of their own until the block ends. Raises RuntimeError with its output."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.servers"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # only pytest gets Ctrl-C; it then closes the input
    ) as process:
        try:
            yield _first_words(process.stdout)
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.communicate(timeout=60)


def _first_words(output: IO[str] | None) -> Servers:
    line = output.readline() if output is not None else ""
    if not line.startswith("{"):
        raise RuntimeError(f"the servers for the tests did not start: {line or '(see above)'}")
    return from_json(line)


def to_json(servers: Servers) -> str:
    """Return JSON for the environment variable and for the first line of output."""
    return json.dumps(asdict(servers))


def from_json(text: str) -> Servers:
    """Return the servers that `to_json` wrote."""
    return Servers(**json.loads(text))


async def serve(directory: Path) -> None:
    """Start both, print their addresses, and stop them when standard input closes."""
    postgres_port, temporal_port, ui_port = free_ports(3)
    # Test data need not survive a power cut.
    postgres = EmbeddedPostgres(directory=directory / "postgres", port=postgres_port, password="for-tests", fsync=False)
    temporal = EmbeddedTemporal(
        directory=directory / "temporal",
        port=temporal_port,
        ui_port=ui_port,
        dynamic_config={"frontend.WorkflowTimeSkippingEnabled": "true"},
    )
    ending = False

    def say(line: str) -> None:
        if not ending:  # stopping at the end is not reported
            print(line, file=sys.stderr, flush=True)

    supervisor = Supervisor(directory / "logs", say)
    try:
        await supervisor.start(postgres.child())
        await postgres.create_database(TEMPLATE)
        await asyncio.to_thread(upgrade, postgres.url(TEMPLATE))
        await supervisor.start(temporal.child())
        servers = Servers(postgres.url("postgres"), temporal.address, NAMESPACE)
        print(to_json(servers), flush=True)
        await asyncio.to_thread(sys.stdin.read)
    except ChildFailed as error:
        print(str(error), file=sys.stderr)
        raise SystemExit(1) from error
    finally:
        ending = True
        await supervisor.stop()


if __name__ == "__main__":
    os.environ.pop(VARIABLE, None)
    with temporary_directory(in_memory()) as place:
        asyncio.run(serve(place))
