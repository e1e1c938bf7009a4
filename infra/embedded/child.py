"""A child process of the supervisor: its command, readiness check, stop signals and log."""

import asyncio
import contextlib
import gzip
import os
import shutil
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

LAUNCHER = Path(__file__).with_name("die_with_parent.py")

#: Seconds between readiness checks while a child starts.
READY_POLL_SECONDS = 0.1
#: A log longer than this many bytes is packed before its day is over.
LOG_LIMIT = 20_000_000


@dataclass(frozen=True)
class Run:
    """One run of a child, from start to exit."""

    pid: int
    started: datetime


class ChildFailed(Exception):
    """A child ended, or did not become ready, while it was starting. The message ends with the tail of its log."""


@dataclass(frozen=True, kw_only=True)
class Child:
    """A process to run. `ready` returns False, and does not raise, while the child is not up yet.

    `prepare` runs before every start and restart. `stop_signal` asks the child to end; `force_signal` follows after
    `grace_seconds`. The child gets `orphan_signal` when the supervisor itself is killed.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[Run], Awaitable[bool]]
    environment: Mapping[str, str]
    directory: Path
    user: str | None = None
    prepare: Callable[[], Awaitable[None]] | None = None
    ready_seconds: float = 60
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 30
    force_signal: signal.Signals = signal.SIGKILL
    orphan_signal: signal.Signals = signal.SIGKILL


def with_launcher(
    command: Sequence[str],
    *,
    user: str | None = None,
    orphan_signal: signal.Signals = signal.SIGKILL,
) -> list[str]:
    """Return `command` run through the launcher: it dies with this process and runs as `user`."""
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), orphan_signal.name, user or "-"]
    return [*launcher, *command]


async def spawn(child: Child, log: Path) -> Process:
    """Start `child` in a session of its own, so that Ctrl-C does not reach it. Its output is appended to `log`."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return await asyncio.create_subprocess_exec(
            *with_launcher(child.command, user=child.user, orphan_signal=child.orphan_signal),
            stdin=DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            env=dict(child.environment),
            cwd=child.directory,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


async def wait_ready(child: Child, process: Process, log: Path) -> None:
    """Wait until `child` is ready. Raises ChildFailed when it ends, or `ready_seconds` pass, before that."""
    run = Run(pid=process.pid, started=datetime.now(UTC))
    deadline = time.monotonic() + child.ready_seconds
    while not await child.ready(run):
        if process.returncode is not None:
            raise ChildFailed(
                f"{child.name} ended while starting ({describe_exit(process.returncode)}); see {log}\n{tail(log)}"
            )
        if time.monotonic() > deadline:
            raise ChildFailed(f"{child.name} was not ready within {child.ready_seconds:g} s; see {log}\n{tail(log)}")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), READY_POLL_SECONDS)


async def stop_process(child: Child, process: Process) -> bool:
    """Stop `process` and wait until it has exited. Return True when it had to be forced."""
    if process.returncode is not None:
        return False
    _signal(process, child.stop_signal)
    try:
        await asyncio.wait_for(process.wait(), child.grace_seconds)
    except TimeoutError:
        _signal(process, child.force_signal)
        await process.wait()
        return True
    return False


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        if number is signal.SIGKILL:
            os.killpg(process.pid, number)  # its own children too
        else:
            process.send_signal(number)


def describe_exit(status: int) -> str:
    """Return a text for an exit status: `exit status 3`, `killed by SIGKILL`."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 20_000))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError as error:
        return f"({error})"


def rotate_log(log: Path, now: datetime, limit: int = LOG_LIMIT, *, always: bool = False) -> None:
    """Pack a log that is longer than `limit` bytes, or was last written on another day, into `NAME.log.MOMENT.gz` (mode
    0600) and truncate it; with `always`, any log that holds something.

    The child keeps the file open, so it can't be renamed; lines written during the copy may be lost.
    """
    with contextlib.suppress(FileNotFoundError):
        stat = log.stat()
        written = datetime.fromtimestamp(stat.st_mtime, UTC)
        if not stat.st_size or not (always or stat.st_size > limit or written.date() < now.date()):
            return
        packed = log.with_name(f"{log.name}.{now:%Y%m%dT%H%M%S}.gz")
        descriptor = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            log.open("rb") as source,
            os.fdopen(descriptor, "wb") as file,
            gzip.open(file, "wb", compresslevel=6) as gz,
        ):
            shutil.copyfileobj(source, gz)
        os.truncate(log, 0)


def remove_old_logs(folder: Path, now: datetime, days: int) -> None:
    """Remove packed logs that were packed more than `days` days ago."""
    before = (now - timedelta(days=days)).timestamp()
    for packed in folder.glob("*.log.*"):
        with contextlib.suppress(FileNotFoundError):
            if packed.stat().st_mtime < before:
                packed.unlink()
