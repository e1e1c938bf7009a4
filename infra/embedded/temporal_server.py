"""The Temporal server of Temporal's command-line tool, on a database file."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from infra.embedded.child import Child, Run
from infra.temporal import ensure_retention

NAMESPACE = "gridloop"
HOST = "127.0.0.1"


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
    """

    directory: Path
    port: int
    ui_port: int
    codec_url: str | None = None
    dynamic_config: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The address for clients."""
        return f"{HOST}:{self.port}"

    @property
    def ui_url(self) -> str:
        """The URL of Temporal's web interface."""
        return f"http://{HOST}:{self.ui_port}"

    def child(self) -> Child:
        """Return the child for the supervisor. It is ready when our namespace can be described."""
        command = [
            *(find_program("temporal"), "server", "start-dev", "--db-filename", str(self._database)),
            *("--namespace", NAMESPACE, "--ip", HOST, "--port", str(self.port), "--ui-port", str(self.ui_port)),
            *("--sqlite-pragma", "journal_mode=wal", "--log-format", "json", "--log-level", "warn"),
            "--ui-disable-news-fetch",
        ]
        if self.codec_url is not None:
            command += ["--ui-codec-endpoint", self.codec_url]
        for key, value in self.dynamic_config.items():
            command += ["--dynamic-config-value", f"{key}={value}"]
        return Child(
            name="temporal",
            command=command,
            ready=self._is_ready,
            environment=_environment(),
            directory=self.directory.parent,
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

    def note_encrypted(self) -> None:
        """Note that what is stored from now on is encrypted."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._encrypted_marker.touch()

    async def connect(self) -> Client:
        """Return a client of this server that asks about the server itself: it can't read what is stored there."""
        return await Client.connect(self.address, namespace=NAMESPACE, tls=False)

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
    process id unless another one was set.
    """
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    return any(
        poller.identity.startswith(f"{pid}@") and poller.last_access_time.ToDatetime(since.tzinfo) >= since
        for poller in answer.pollers
    )


def _environment() -> dict[str, str]:
    """Return our environment without TEMPORAL_*: those variables are for clients and may name another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
