"""`up`: runs the whole system on this machine until Ctrl-C."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import psycopg
import typer
from pydantic import SecretStr
from rich.console import Console
from rich.status import Status
from sqlalchemy.exc import SQLAlchemyError

from cli.banner import print_banner
from infra.database import open_database
from infra.embedded.child import ChildFailed
from infra.embedded.lock import DataDirInUse, lock_data_dir
from infra.embedded.ports import free_ports, is_free
from infra.embedded.postgres_user import UserMissing
from infra.embedded.secrets import KeysUnreadable
from infra.embedded.system import Ports, System
from infra.embedded.temporal_server import ProgramMissing
from infra.files import keep_private
from infra.runtime import remove_runtime, write_runtime
from infra.settings import Settings
from infra.temporal import connect
from web.static import BuildFailed

if TYPE_CHECKING:
    from services.runtime.resources import Resources

#: Something that runs while the system does, given its data directory and environment.
Live = Callable[[Path, Mapping[str, str]], Coroutine[None, None, None]]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Picked when left out.")]


class CannotStart(Exception):
    """The system can't start with these options; the message says what to change."""


def up(
    data_dir: Annotated[Path, typer.Option(help="Where everything is kept.")] = Path(".gridloop"),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the pages and the API.")] = 8080,
    postgres_port: Port = None,
    temporal_port: Port = None,
    temporal_ui_port: Port = None,
    workers: Annotated[int, typer.Option(min=1, max=32, help="How many worker processes.")] = 1,
    demo: Annotated[bool, typer.Option(help="Load the demo park, unless it is there already.")] = True,
    demo_cases: Annotated[int, typer.Option(min=0, max=2000, help="How many demo cases are played live.")] = 80,
    demo_past: Annotated[
        int, typer.Option(min=0, max=5000, help="How many demo cases of the last sixty days the park begins with.")
    ] = 600,
) -> None:
    """Run everything on this machine: PostgreSQL, Temporal, workers, the API and the pages. Ctrl-C stops it."""
    if demo:  # the demo park is for trying things out: a second factor is possible, but nobody must have one
        os.environ.setdefault("GRIDLOOP_SECOND_FACTOR_ROLES", "")
    console, progress = Console(highlight=False), Progress()
    populate = ("演示案件 Demo cases", partial(load_demo_cases, demo_cases, demo_past, progress))
    data_path = data_dir.expanduser().resolve()
    try:
        create_data_dir(data_path)
        with lock_data_dir(data_path):
            ports = choose_ports(port, postgres_port, temporal_port, temporal_ui_port)
            system = System(
                data_path,
                ports,
                notify=lambda line: print_line(console, line),
                workers=workers,
                load=("演示园区 Demo park", load_demo_park) if demo else None,
                populate=populate if demo and demo_cases + demo_past else None,
            )
            live = send_demo_readings if demo and demo_cases + demo_past else None
            failure = asyncio.run(run(system, console, progress, live))
    except (CannotStart, DataDirInUse, KeysUnreadable) as error:
        failure = str(error)
    if failure is not None:
        Console(stderr=True, highlight=False).print(f"错误 Error: {failure}", markup=False, soft_wrap=True)
        raise typer.Exit(1)


class Progress:
    """Where a step of the start says how far it has come; `show` puts it on the terminal."""

    def __init__(self) -> None:
        self.show: Callable[[str], None] = lambda text: None


def print_line(console: Console, line: str) -> None:
    """Print one line. Errors are ignored: a closed terminal must not prevent stopping the children."""
    with suppress(OSError):
        console.print(line, markup=False, soft_wrap=True)


def create_data_dir(path: Path) -> None:
    """Create the data directory. Raises CannotStart."""
    try:
        # Under root, PostgreSQL runs as another user, who must reach its own directory in here.
        path.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        keep_private(path)
    except OSError as error:
        raise CannotStart(f"--data-dir {path}: {error.strerror}") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise CannotStart(f"--data-dir {path}: not ours to write in")


def choose_ports(web: int, postgres: int | None, temporal: int | None, temporal_ui: int | None) -> Ports:
    """Return the ports of the options, and free ones for the rest. Raises CannotStart naming the option to change."""
    chosen = {
        "--port": web,
        "--postgres-port": postgres,
        "--temporal-port": temporal,
        "--temporal-ui-port": temporal_ui,
    }
    given = [number for number in chosen.values() if number is not None]
    for option, number in chosen.items():
        if number is None:
            continue
        if given.count(number) > 1:
            raise CannotStart(f"port {number} is asked for twice; choose another with {option}")
        if not is_free(number):
            raise CannotStart(f"port {number} is taken by another program; choose another with {option}")
    picked = iter(free_ports(3, avoid=set(given)))
    return Ports(
        web=web,
        postgres=postgres or next(picked),
        temporal=temporal or next(picked),
        temporal_ui=temporal_ui or next(picked),
    )


async def build_pages() -> str:
    """Build the scripts and styles of the pages unless they are up to date. Raises BuildFailed."""
    from web.build import bring_up_to_date  # here: only this step needs it

    # Built files belong to the program, not to the data: another account may serve them.
    private = os.umask(0o022)
    try:
        built = await asyncio.to_thread(bring_up_to_date)
    finally:
        os.umask(private)
    return "" if built else " (已有 already there)"


async def load_demo_park(data_dir: Path, environment: Mapping[str, str]) -> str:
    """Load the demo park, its people and accounts. Existing data stays as it is."""
    from services.demo.park import load_demo  # here, because `--no-demo` does not need its imports

    engine = open_database(settings_for(data_dir, environment))
    try:
        summary = await load_demo(engine, data_dir)
    finally:
        await engine.dispose()
    return "" if summary.changed else " (已有 already there)"


async def load_demo_cases(
    count: int, past: int, progress: Progress, data_dir: Path, environment: Mapping[str, str]
) -> str:
    """Create the demo cases of the last sixty days, more in all stages and lights by real commands, and the work of the
    park beside them, at the first start only."""
    from services.demo.cases import play_demo_cases
    from services.demo.work.all import make_work

    async with opened_resources(data_dir, environment) as resources:
        made = await play_demo_cases(
            resources, data_dir, count, past, lambda done: progress.show(f"{done}/{count + past}")
        )
        await make_work(resources, data_dir)
    return f" ({made})" if made else " (已有 already there)"


async def send_demo_readings(data_dir: Path, environment: Mapping[str, str]) -> None:
    """Send readings of the demo's stations every minute, until cancelled."""
    from services.demo.work.stations import send_live

    async with opened_resources(data_dir, environment) as resources:
        await send_live(resources)


@asynccontextmanager
async def opened_resources(data_dir: Path, environment: Mapping[str, str]) -> AsyncIterator["Resources"]:
    """Open the connections that services need, and close them at the end."""
    from services.runtime.resources import Resources

    settings = settings_for(data_dir, environment)
    engine = open_database(settings)
    try:
        yield Resources(settings, engine, await connect(settings, environment=environment))
    finally:
        await engine.dispose()


def settings_for(data_dir: Path, environment: Mapping[str, str]) -> Settings:
    """Return the settings of the system's own processes."""
    return Settings(
        data_dir=data_dir,
        database_url=SecretStr(environment["GRIDLOOP_DATABASE_URL"]),
        token_secret=SecretStr(environment["GRIDLOOP_TOKEN_SECRET"]),
        key_file=Path(environment["GRIDLOOP_KEY_FILE"]),
    )


async def run(system: System, console: Console, progress: Progress, live: Live | None = None) -> str | None:
    """Start everything, wait for Ctrl-C, and stop it. `live` runs meanwhile. Return an error message, or None."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    remove_runtime(system.data_dir)
    failure = None
    try:
        if await start(system, console, progress, stop):
            write_runtime(system.data_dir, system.operator_environment)
            print_banner(console, system.data_dir, system.environment)
            await tell_without_admin(system, console)
            task = None if live is None else asyncio.create_task(live(system.data_dir, system.environment))
            await stop.wait()
            if task is not None:
                task.cancel()
                await asyncio.wait({task})
    except (ChildFailed, UserMissing, ProgramMissing, BuildFailed, psycopg.Error, SQLAlchemyError) as error:
        failure = str(error)
    finally:
        print_line(console, "正在停止 Stopping …")
        await system.stop()
        remove_runtime(system.data_dir)
        print_line(console, f"已停止 Stopped. {system.data_dir} has everything; start again to go on.")
    return failure


async def tell_without_admin(system: System, console: Console) -> None:
    """Say how the first administrator is added, if there is none."""
    from services.accounts.first_admin import find_admins
    from services.directory.people import local_today

    engine = open_database(settings_for(system.data_dir, system.environment))
    try:
        async with engine.connect() as connection:
            there = await find_admins(connection, await local_today(connection, datetime.now(UTC)))
    finally:
        await engine.dispose()
    if not there:
        command = f"starter.py people add-admin USERNAME NAME --data-dir {system.data_dir}"
        print_line(console, f"还没有管理员,请先添加 There is no administrator yet; add one: {command}")


def _show_progress(status: Status, title: str, text: str) -> None:
    status.update(f"{title} … {text}")


async def start(system: System, console: Console, progress: Progress, stop: asyncio.Event) -> bool:
    """Run the steps and print a line for each. Return False when stopped meanwhile."""
    print_line(console, f"正在启动 Starting Gridloop in {system.data_dir}")
    stopping = asyncio.create_task(stop.wait())
    try:
        for title, step in [("网页 Pages", build_pages), *system.steps()]:
            with console.status(f"{title} …") as status:
                progress.show = partial(_show_progress, status, title)
                started = asyncio.get_running_loop().time()
                work = asyncio.ensure_future(step())
                await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if stopping.done():
                    work.cancel()
                    await asyncio.wait({work})
                    return False
                detail = work.result()
            took = asyncio.get_running_loop().time() - started
            print_line(console, f"  ✓ {title}{detail}  {took:.1f} s")
    finally:
        stopping.cancel()
    return True
