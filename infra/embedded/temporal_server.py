"""The Temporal server of Temporal's command-line tool, on a database file."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

from infra.embedded.child import Child, Run
from infra.embedded.temporal_gate import SERVER_PORT, SERVER_UI_PORT
from infra.embedded.temporal_tls import client_environment, make_certificates
from infra.pollers import list_pollers
from infra.temporal import ensure_retention

NAMESPACE = "gridloop"
HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]


class ProgramMissing(Exception):
    """A program that one of our wheels brings is not installed."""


def find_program(name: str) -> str:
    """Return the path of a program from one of our wheels. Raises ProgramMissing."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise ProgramMissing(f"the program {name!r} is neither beside {sys.executable} nor on the PATH")
    return found


@dataclass(frozen=True, kw_only=True)
class EmbeddedTemporal:
    """The server on `directory`. `codec_url`: the codec server that its pages ask to read payloads. `dynamic_config`:
    Temporal's dynamic configuration, JSON values by key.

    `closed`: it runs behind the gate (`infra.embedded.temporal_gate`), which lets in whoever has the certificates in
    `directory`; otherwise whoever can connect to the loopback interface. `ui_path`: where its pages believe they are.
    """

    directory: Path
    port: int
    ui_port: int
    codec_url: str | None = None
    ui_path: str | None = None
    closed: bool = False
    dynamic_config: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The address for clients."""
        return f"{HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which clients connect."""
        known = {"TEMPORAL_ADDRESS": self.address, "TEMPORAL_NAMESPACE": NAMESPACE}
        return {**known, **client_environment(self._certificates)} if self.closed else known

    @property
    def ui_environment(self) -> dict[str, str]:
        """The settings by which the pages reach the server's own web interface."""
        known = {"GRIDLOOP_TEMPORAL_UI": f"{'https' if self.closed else 'http'}://{HOST}:{self.ui_port}"}
        return {**known, "GRIDLOOP_TEMPORAL_UI_CERTIFICATES": str(self._certificates)} if self.closed else known

    def child(self) -> Child:
        """Return the child for the supervisor. It is ready when our namespace can be described."""
        port, ui_port = (SERVER_PORT, SERVER_UI_PORT) if self.closed else (self.port, self.ui_port)
        command = [
            *(find_program("temporal"), "server", "start-dev", "--db-filename", str(self._database.absolute())),
            *("--namespace", NAMESPACE, "--ip", HOST, "--port", str(port), "--ui-port", str(ui_port)),
            *("--sqlite-pragma", "journal_mode=wal", "--log-format", "json", "--log-level", "warn"),
            "--ui-disable-news-fetch",
        ]
        if self.codec_url is not None:
            command += ["--ui-codec-endpoint", self.codec_url]
        if self.ui_path is not None:
            command += ["--ui-public-path", self.ui_path]
        for key, value in self.dynamic_config.items():
            command += ["--dynamic-config-value", f"{key}={value}"]
        if self.closed:
            gate = (sys.executable, "-m", "infra.embedded.temporal_gate", str(self._certificates.absolute()))
            command = [*gate, str(self.port), str(self.ui_port), *command]
        return Child(
            name="temporal",
            command=command,
            ready=self._is_ready,
            environment=_environment(),
            directory=ROOT if self.closed else self.directory.parent,
            prepare=self.prepare,
        )

    async def prepare(self) -> None:
        """Create the directory, and remove a database file whose first start was interrupted.

        The server writes its schema only into a new file, so half a schema would never be completed.
        """
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._schema_marker.exists():
            for suffix in ("", "-wal", "-shm"):
                self._database.with_name(f"{self._database.name}{suffix}").unlink(missing_ok=True)

    @property
    def has_encrypted(self) -> bool:
        """Whether what is stored here was encrypted: the master keys must be there."""
        return self._encrypted_marker.exists()

    @property
    def is_fresh(self) -> bool:
        """Whether nothing is stored here yet: the next start makes it."""
        return not self._schema_marker.exists()

    def note_encrypted(self) -> None:
        """Note that what is stored from now on is encrypted."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._encrypted_marker.touch()

    def make_certificates(self) -> None:
        """Make the certificates anew, before anything connects."""
        make_certificates(self._certificates)

    async def connect(self) -> Client:
        """Return a client of this server that asks about the server itself: it can't read what is stored there."""
        config = ClientConfig.load_client_connect_config(disable_file=True, override_env_vars=self.environment)
        return await Client.connect(**config)

    @property
    def _certificates(self) -> Path:
        return self.directory / "tls"

    @property
    def _database(self) -> Path:
        return self.directory / "temporal.db"

    @property
    def _encrypted_marker(self) -> Path:
        return self.directory / "encrypted"

    @property
    def _schema_marker(self) -> Path:
        return self.directory / "schema-complete"

    async def _is_ready(self, _: Run) -> bool:
        try:
            client = await self.connect()
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=NAMESPACE))
            await ensure_retention(client)
        except (RPCError, RuntimeError):  # RuntimeError: not even the port is open
            return False
        self._schema_marker.touch()
        return True


async def has_poller(client: Client, queue: str, pid: int, since: datetime) -> bool:
    """Return whether the process `pid` has polled `queue` for workflow tasks at or after `since`.

    The server lists pollers for minutes after they have ended, hence `since`. A worker's identity begins with its
    process id.
    """
    pollers = await list_pollers(client, queue)
    return any(poller.identity.startswith(f"{pid}@") and poller.seen_at >= since for poller in pollers)


def _environment() -> dict[str, str]:
    """Return our environment without TEMPORAL_*: those variables are for clients and may name another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
