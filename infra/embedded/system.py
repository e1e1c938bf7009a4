"""The whole system on one machine: database, migrations, Temporal, workers, API and pages, started in this order."""

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from temporalio.client import Client
from temporalio.service import RPCError

from infra import metrics
from infra.database_roles import grant_runtime
from infra.embedded.child import Child, ChildFailed, Run
from infra.embedded.ports import HOST
from infra.embedded.postgres import DATABASE, EmbeddedPostgres
from infra.embedded.postgres_roles import OWNER_ROLE, RUNTIME_ROLE, ensure_roles
from infra.embedded.secrets import load_keys
from infra.embedded.supervisor import Supervisor
from infra.embedded.temporal_gate import is_possible
from infra.embedded.temporal_server import EmbeddedTemporal, has_poller
from infra.keys.ring import KeyFileLost, ensure_ring
from infra.migrate import upgrade
from infra.settings import KEY_FILE, LogSettings
from infra.temporal import LOOPBACK_HOSTS
from models.wire_names import CASE_QUEUE

ROOT = Path(__file__).parents[2]

#: One step of the start. Returns text to add after its title, perhaps none.
Step = Callable[[], Awaitable[str]]
#: Loads data, for example the demo park, given the data directory and the environment. Returns text to add to the
#: title.
Load = Callable[[Path, Mapping[str, str]], Awaitable[str]]


@dataclass(frozen=True)
class Ports:
    """The ports of the servers, all on the loopback interface."""

    web: int
    postgres: int
    temporal: int
    temporal_ui: int


class System:
    """All processes that run on `data_dir`.

    `closed`: Temporal runs in a network namespace of its own (None: where that is possible). `load`, with its title,
    runs before the workers start; `populate` runs when everything is up.
    """

    def __init__(
        self,
        data_dir: Path,
        ports: Ports,
        *,
        notify: Callable[[str], None],
        workers: int = 1,
        closed: bool | None = None,
        load: tuple[str, Load] | None = None,
        populate: tuple[str, Load] | None = None,
    ) -> None:
        keys = load_keys(data_dir)
        self.data_dir = data_dir
        self._web_url = f"http://{HOST}:{ports.web}"
        self._workers = workers
        self._load = load
        self._populate = populate
        self._supervisor = Supervisor(data_dir / "logs", notify, LogSettings().log_days)
        self._postgres = EmbeddedPostgres(
            directory=data_dir / "postgres", port=ports.postgres, password=keys.database_password, notify=notify
        )
        self._temporal = EmbeddedTemporal(
            directory=data_dir / "temporal",
            port=ports.temporal,
            ui_port=ports.temporal_ui,
            codec_url=f"{self._web_url}/codec",
            ui_path="/temporal",
            closed=is_possible() if closed is None else closed,
        )
        self._owner_url = self._postgres.role_url(OWNER_ROLE)
        #: The environment of the children. None of them gets the URL of the role that owns the tables.
        self.environment = {
            "GRIDLOOP_DATA_DIR": str(data_dir),
            metrics.MULTIPROC_DIR_VARIABLE: str(data_dir.resolve() / "metrics"),
            "GRIDLOOP_DATABASE_URL": self._postgres.role_url(RUNTIME_ROLE),
            "GRIDLOOP_TOKEN_SECRET": keys.token_secret,
            "GRIDLOOP_KEY_FILE": os.environ.get("GRIDLOOP_KEY_FILE") or str(data_dir / KEY_FILE),
            "GRIDLOOP_CASE_QUEUE": CASE_QUEUE,
            "GRIDLOOP_WEB_HOST": HOST,
            "GRIDLOOP_WEB_PORT": str(ports.web),
            "GRIDLOOP_WEB_URL": self._web_url,
            "GRIDLOOP_TEMPORAL_CLOSED": str(self._temporal.closed).lower(),
            **self._temporal.ui_environment,
            **self._temporal.environment,
        }

    @property
    def operator_environment(self) -> dict[str, str]:
        """The environment of operators' commands, written to `runtime.json`."""
        return {**self.environment, "GRIDLOOP_DATABASE_OWNER_URL": self._owner_url}

    def steps(self) -> Iterator[tuple[str, Step]]:
        """Yield the steps of the start in order: title and work. A step raises ChildFailed when it fails."""
        yield "数据库 PostgreSQL", self._start_postgres
        yield "数据表 Tables", self._migrate
        yield "流程服务 Temporal", self._start_temporal
        if self._load is not None:
            title, load = self._load
            yield title, lambda: load(self.data_dir, self.environment)
        yield "工作进程 Workers", self._start_workers
        yield "接口与网页 API", self._start_api
        if self._populate is not None:
            title, populate = self._populate
            yield title, lambda: populate(self.data_dir, self.environment)

    async def stop(self) -> None:
        """Stop everything that was started, in reverse order."""
        await self._supervisor.stop()

    async def _start_postgres(self) -> str:
        await self._supervisor.start(self._postgres.child())
        await self._postgres.create_database()
        await ensure_roles(self._postgres.url(), self._postgres.password, DATABASE)
        return ""

    async def _migrate(self) -> str:
        await asyncio.to_thread(upgrade, self._owner_url)
        await asyncio.to_thread(grant_runtime, self._owner_url, RUNTIME_ROLE)
        return await self._ensure_master_key()

    async def _ensure_master_key(self) -> str:
        """Create the master keys at the first start. Raises ChildFailed for a file that is lost."""
        try:
            used = self._temporal.has_encrypted or await self._postgres.has_rows("reporters", "wrapped_key IS NOT NULL")
            ensure_ring(Path(self.environment["GRIDLOOP_KEY_FILE"]), used=used)
        except KeyFileLost as error:
            raise ChildFailed(str(error)) from error
        self._temporal.note_encrypted()
        return ""

    async def _start_temporal(self) -> str:
        if self._temporal.closed:
            await asyncio.to_thread(self._temporal.make_certificates)
        fresh = self._temporal.is_fresh
        await self._supervisor.start(self._temporal.child())
        if fresh:
            await self._free_the_place()
        return "" if self._temporal.closed else " (本机其他账号可连接 open to other accounts on this machine)"

    async def _free_the_place(self) -> None:
        """Let the workers take the place when the Temporal that held it, ours, was lost and is made anew.

        Not where an operator has moved the workflows to a server of another machine.
        """
        condition = f"split_part(address, ':', 1) IN ({', '.join(repr(host) for host in sorted(LOOPBACK_HOSTS))})"
        await self._postgres.delete_rows("workflow_place", condition)

    async def _start_workers(self) -> str:
        _recreate_dir(self.data_dir / "metrics")
        client = await self._temporal.connect()
        for number in range(1, self._workers + 1):
            await self._supervisor.start(self._worker(number, client))
        return f" ({self._workers})"

    async def _start_api(self) -> str:
        await self._supervisor.start(self._python("web", ["-m", "web"], self._is_api_ready))
        missing = await self._missing_parts()
        return f" (尚缺 still missing: {', '.join(sorted(missing))})" if missing else ""

    def _worker(self, number: int, client: Client) -> Child:
        async def is_polling(run: Run) -> bool:
            try:
                return await has_poller(client, CASE_QUEUE, run.pid, run.started)
            except RPCError:
                return False

        return self._python(f"worker-{number}", [str(ROOT / "worker.py")], is_polling)

    def _python(self, name: str, arguments: list[str], ready: Callable[[Run], Awaitable[bool]]) -> Child:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("TEMPORAL_")}
        return Child(
            name=name,
            command=[sys.executable, *arguments],
            ready=ready,
            environment={**inherited, **self.environment, "PYTHONUNBUFFERED": "1"},
            directory=ROOT,
        )

    async def _is_api_ready(self, _: Run) -> bool:
        """Return True also while there is no policy: the operator needs a running system to publish the first one."""
        missing = await self._missing_parts()
        return missing is not None and missing <= {"policy"}

    async def _missing_parts(self) -> set[str] | None:
        """Return the parts that `/readyz` reports as away or missing; None while it does not answer."""
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
                answer = await http.get(f"{self._web_url}/readyz")
        except httpx.TransportError:
            return None
        if answer.status_code == httpx.codes.OK:
            return set()
        try:
            return {name for name, condition in answer.json()["parts"].items() if condition != "ok"}
        except (ValueError, KeyError):
            return None


def _recreate_dir(folder: Path) -> None:
    """Create the directory of shared metrics anew, without the files of an earlier run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
