"""The Temporal server on this machine: the one in its command-line tool, on a database file."""

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
from infra.temporal import DATA_CONVERTER, keep_histories

NAMESPACE = "gridloop"
HOST = "127.0.0.1"


class ToolMissing(Exception):
    """A program that comes with one of our wheels is not installed."""


def tool(name: str) -> str:
    """The path of a program from one of our wheels. Raises ToolMissing."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise ToolMissing(f"the program {name!r} is neither beside {sys.executable} nor on the PATH")
    return found


@dataclass(frozen=True, kw_only=True)
class EmbeddedTemporal:
    """The server on `directory`. `dynamic_config` is Temporal's own, JSON values by key."""

    directory: Path
    port: int
    ui_port: int
    dynamic_config: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where clients find it."""
        return f"{HOST}:{self.port}"

    @property
    def ui_url(self) -> str:
        """Where its own pages are."""
        return f"http://{HOST}:{self.ui_port}"

    def child(self) -> Child:
        """The server, for a supervisor; ready means that our namespace can be described."""
        command = [
            *(tool("temporal"), "server", "start-dev", "--db-filename", str(self._database)),
            *("--namespace", NAMESPACE, "--ip", HOST, "--port", str(self.port), "--ui-port", str(self.ui_port)),
            *("--sqlite-pragma", "journal_mode=wal", "--log-format", "json", "--log-level", "warn"),
            "--ui-disable-news-fetch",
        ]
        for key, value in self.dynamic_config.items():
            command += ["--dynamic-config-value", f"{key}={value}"]
        return Child(
            name="temporal",
            command=command,
            ready=self._answers,
            environment=_environment(),
            directory=self.directory.parent,
            prepare=self.prepare,
        )

    async def prepare(self) -> None:
        """Makes the folder, and removes a database whose very first start was cut short.

        The server writes its schema only into a file that does not exist; half a schema would stay so.
        """
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._stamp.exists():
            for suffix in ("", "-wal", "-shm"):
                self._database.with_name(f"{self._database.name}{suffix}").unlink(missing_ok=True)

    async def connect(self) -> Client:
        """A client of this server with our converter."""
        return await Client.connect(self.address, namespace=NAMESPACE, data_converter=DATA_CONVERTER, tls=False)

    @property
    def _database(self) -> Path:
        return self.directory / "temporal.db"

    @property
    def _stamp(self) -> Path:
        return self.directory / "schema-complete"

    async def _answers(self, _: Run) -> bool:
        try:
            client = await self.connect()
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=NAMESPACE))
            await keep_histories(client)
        except (RPCError, RuntimeError):  # RuntimeError: not even the port is open
            return False
        self._stamp.touch()
        return True


async def has_poller(client: Client, queue: str, pid: int, since: datetime) -> bool:
    """Whether the process `pid` asks for workflow tasks of `queue`, and has done so `since` then.

    The server remembers pollers for minutes after their death, hence the moment. A worker's identity
    begins with its process id unless it was given another.
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
    """Ours without TEMPORAL_*: those name the server that clients use, perhaps another one."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
