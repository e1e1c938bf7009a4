"""A real `up` on a directory of its own, and a second worker and a second API that reach its stores through wires."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import psutil
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.database import open_database
from infra.embedded.ports import HOST, free_ports
from infra.runtime import read_runtime
from infra.settings import Settings
from infra.temporal import connect
from tests.builders import small_park, token_for
from tests.faults.load.faults import WIRES
from tests.faults.load.world import publish_rush
from tests.proxy import Wire
from tests.servers import ROOT, temporary_directory

READY = "Gridloop is ready"
#: By which word of its command line a child of `up` is known.
_MARKS = {"worker-1": "worker.py", "web": "web", "temporal": "start-dev", "postgres": "-D"}
#: Nobody uploads so often in earnest, nobody here has a second factor, and what is outside runs on this machine.
_GENEROUS = {
    "GRIDLOOP_UPLOADS_PER_HOUR": "100000", "GRIDLOOP_SECOND_FACTOR_ROLES": "",
    "GRIDLOOP_OUTGOING_PRIVATE": "127.0.0.0/8",
}  # fmt: skip


class FarProcess:
    """A process that is started again whenever it ends, as by a supervisor on another machine."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.name = name
        self.environment = environment
        self._command, self._log = command, log
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.starts = 0

    def begin(self) -> None:
        """Start it."""
        self._keeper = asyncio.create_task(self._keep(), name=self.name)

    async def _keep(self) -> None:
        while True:
            self.starts += 1
            with self._log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
                )
            await self._process.wait()
            await asyncio.sleep(0.5)

    def process(self) -> psutil.Process | None:
        """The running process, or None."""
        if self._process is None or self._process.returncode is not None:
            return None
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self._process.pid)
        return None

    async def end(self) -> None:
        """Stop it for good."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            await self._process.wait()


class Site:
    """The running system. `skew_library`: what gives a process a wrong clock, where a C compiler built it."""

    def __init__(self, place: Path, *, disk: bool, skew_library: Path | None) -> None:
        self.data_dir = place / "data"
        self.disk, self.skew_library = disk, skew_library
        self.output = place / "up.log"
        self.port, self.far_port = free_ports(2)
        self.wires: dict[str, Wire] = {}
        self.far: dict[str, FarProcess] = {}
        self.environment: dict[str, str] = {}
        self._place = place

    @property
    def urls(self) -> tuple[str, str]:
        """The addresses of both APIs."""
        return f"http://{HOST}:{self.port}", f"http://{HOST}:{self.far_port}"

    async def start(self) -> None:
        """Start `up`, load the small park, and start the second worker and API."""
        self.data_dir.mkdir(exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GRIDLOOP_")}
        command = [sys.executable, str(ROOT / "starter.py"), "up", "--no-demo", "--data-dir", str(self.data_dir)]
        with self.output.open("wb") as log:
            self.up = subprocess.Popen(
                [*command, "--port", str(self.port)],
                stdout=log, stderr=log, env={**environment, **_GENEROUS, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )  # fmt: skip
        await self.until(lambda: READY in self.said, "up is ready", 120)
        self.environment = read_runtime(self.data_dir)
        self.settings = Settings(
            database_url=SecretStr(self.environment["GRIDLOOP_DATABASE_URL"]),
            token_secret=SecretStr(self.environment["GRIDLOOP_TOKEN_SECRET"]),
            key_file=Path(self.environment["GRIDLOOP_KEY_FILE"]),
            data_dir=self.data_dir,
        )
        self.engine: AsyncEngine = open_database(self.settings)
        await small_park(self.engine)
        await publish_rush(self.engine)
        for name in WIRES:
            self.wires[name] = Wire(HOST, self._port_of(name.partition(":")[2]))
            await self.wires[name].mend()
        for name, arguments in (("far-worker", ["worker.py"]), ("far-web", ["-m", "web"])):
            far = FarProcess(
                name, [sys.executable, *arguments], self._far_environment(name), self._place / f"{name}.log"
            )
            self.far[name] = far
            far.begin()
        for url in self.urls:
            await self.until_ready(url)

    def _port_of(self, store: str) -> int:
        database = urlsplit(self.environment["GRIDLOOP_DATABASE_URL"]).port
        temporal = self.environment["TEMPORAL_ADDRESS"].rpartition(":")[2]
        return int((database if store == "postgres" else temporal) or 0)

    def _far_environment(self, name: str) -> dict[str, str]:
        url = urlsplit(self.environment["GRIDLOOP_DATABASE_URL"])
        through = self.wires[f"{name}:postgres"].port
        metrics = self._place / f"{name}-metrics"
        metrics.mkdir(exist_ok=True)
        return {
            **os.environ,
            **self.environment,
            **_GENEROUS,
            "GRIDLOOP_DATABASE_URL": urlunsplit(url._replace(netloc=url.netloc.replace(f":{url.port}", f":{through}"))),
            "TEMPORAL_ADDRESS": f"{HOST}:{self.wires[f'{name}:temporal'].port}",
            "GRIDLOOP_WEB_PORT": str(self.far_port),
            "GRIDLOOP_WEB_URL": self.urls[1],
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def said(self) -> str:
        """What `up` has printed."""
        return self.output.read_text(errors="replace")

    def process(self, name: str) -> psutil.Process | None:
        """The process of that name, or None while it is not running."""
        if name in self.far:
            return self.far[name].process()
        for child in psutil.Process(self.up.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                line = [Path(part).name if name == "worker-1" else part for part in child.cmdline()]
                if _MARKS[name] in line:
                    return child
        return None

    async def until(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait for a condition while `up` runs."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.up.poll() is None, f"up ended with {self.up.returncode}:\n{self.said}"
            assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s\n{self.said}"
            await asyncio.sleep(0.1)

    async def until_ready(self, url: str, seconds: float = 120) -> None:
        """Wait until an API says that it is ready."""
        deadline, last = time.monotonic() + seconds, ""
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as http:
            while time.monotonic() < deadline:
                assert self.up.poll() is None, f"up ended with {self.up.returncode}:\n{self.said}"
                try:
                    answer = await http.get("/readyz")
                    last = answer.text
                    if answer.status_code == httpx.codes.OK:
                        return
                except httpx.TransportError as error:
                    last = repr(error)
                await asyncio.sleep(0.2)
        raise AssertionError(f"{url} is not ready: {last}\n{self.said}")

    def headers(self, username: str) -> dict[str, str]:
        """Signed in, for as long as the run lasts."""
        return {"Authorization": f"Bearer {token_for(self.settings, username)}"}

    async def temporal(self) -> Client:
        """A fresh client of Temporal."""
        return await connect(self.settings, environment=self.environment)

    async def command(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command of `gridloop` on the running system: exit code, output, errors."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "starter.py", *arguments, "--data-dir", str(self.data_dir),
            cwd=ROOT, env={**os.environ, "GRIDLOOP_LANG": "en"},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, complained = await process.communicate()
        return process.returncode or 0, said.decode(), complained.decode()

    def keep_logs(self, folder: Path) -> None:
        """Copy what all processes have logged into `folder`."""
        shutil.copytree(self.data_dir / "logs", folder, dirs_exist_ok=True)
        for log in self._place.glob("*.log"):
            shutil.copy(log, folder)

    async def stop(self) -> None:
        """Stop everything."""
        for far in self.far.values():
            await far.end()
        for wire in self.wires.values():
            await wire.cut()
        if hasattr(self, "engine"):
            await self.engine.dispose()
        if self.up.poll() is None:
            self.up.send_signal(signal.SIGINT)
            await asyncio.to_thread(self.up.wait, 180)


@asynccontextmanager
async def running_site(disk_megabytes: int = 2048) -> AsyncIterator[Site]:
    """A site, on a disk of its own where this process may mount one."""
    with temporary_directory() as place:
        data = place / "data"
        data.mkdir()
        mounted = _mount(data, disk_megabytes)
        site = Site(place, disk=mounted, skew_library=_build_skew(place))
        try:
            await site.start()
            yield site
        finally:
            try:
                await site.stop()
            finally:
                if mounted:
                    subprocess.run(["umount", "--lazy", str(data)], check=False)


def resize(site: Site, size: str) -> None:
    """Give the disk of the site another size: `2048m`, or what is used for one that is full."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(site.data_dir)], check=True, timeout=20)


#: KiB that are left on a full disk. Linux refuses a size below what is used, which grows between the question and the
#: answer: then the next is tried. The last is more than a segment of PostgreSQL's log.
_ROOM = (16, 16, 64, 256, 1024, 4096, 16384, 65536)


def fill(site: Site) -> None:
    """Leave next to no room on the disk of the site. Raises CalledProcessError when that is refused each time."""
    for room in _ROOM:
        try:
            resize(site, f"{used_bytes(site) // 1024 + room}k")
        except subprocess.CalledProcessError:
            if room == _ROOM[-1]:
                raise
        else:
            break


def used_bytes(site: Site) -> int:
    """How much of its disk the site uses."""
    status = os.statvfs(site.data_dir)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


def _mount(folder: Path, megabytes: int) -> bool:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    options = f"size={megabytes}m,mode=0711"
    tried = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False, capture_output=True
    )
    return tried.returncode == 0


def _build_skew(place: Path) -> Path | None:
    compiler, library = shutil.which("cc"), place / "skew.so"
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    source = Path(__file__).with_name("skew.c")
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    return library if subprocess.run(command, check=False, capture_output=True).returncode == 0 else None
