"""One process that a supervisor keeps: what to run, when it counts as up, how it ends, where its output goes."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

LEASH = Path(__file__).with_name("die_with_parent.py")

#: How often readiness is asked while a child starts, in seconds.
ASK_EVERY = 0.1
#: A log longer than this many bytes is moved to `NAME.log.1` and begun anew.
LOG_LIMIT = 20_000_000


@dataclass(frozen=True)
class Run:
    """One life of a child."""

    pid: int
    started: datetime


class ChildFailed(Exception):
    """A child ended, or stayed unready, while it was being started. The message ends with its last words."""


@dataclass(frozen=True, kw_only=True)
class Child:
    """What to run. `ready` answers False, rather than raise, while the child is not up yet.

    `prepare` runs before every start, the restarts too. `stop_signal` asks it to end; after `grace_seconds`
    `force_signal` makes it. `orphan_signal` is what it gets when the supervisor itself is killed.
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


def leashed(
    command: Sequence[str],
    *,
    user: str | None = None,
    orphan_signal: signal.Signals = signal.SIGKILL,
) -> list[str]:
    """`command`, made to die with this process and to run as `user`."""
    start = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), orphan_signal.name, user or "-"]
    return [*start, *command]


async def spawn(child: Child, log: Path) -> Process:
    """Starts `child`, its output appended to `log`, in a session of its own: Ctrl-C is not for it."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return await asyncio.create_subprocess_exec(
            *leashed(child.command, user=child.user, orphan_signal=child.orphan_signal),
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
    """Returns when `child` is up. Raises ChildFailed when it ends, or its time is over, before that."""
    run = Run(pid=process.pid, started=datetime.now(UTC))
    deadline = time.monotonic() + child.ready_seconds
    while not await child.ready(run):
        if process.returncode is not None:
            raise ChildFailed(
                f"{child.name} ended while starting ({outcome(process.returncode)}); see {log}\n{tail(log)}"
            )
        if time.monotonic() > deadline:
            raise ChildFailed(f"{child.name} was not ready within {child.ready_seconds:g} s; see {log}\n{tail(log)}")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), ASK_EVERY)


async def end(child: Child, process: Process) -> bool:
    """Ends `process`, waiting until it is gone; True when it had to be forced."""
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
            os.killpg(process.pid, number)  # with whatever it started itself
        else:
            process.send_signal(number)


def outcome(status: int) -> str:
    """An exit status in words: `exit status 3`, `killed by SIGKILL`."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 20_000))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError as error:
        return f"({error})"


def turn_over(log: Path, limit: int = LOG_LIMIT) -> None:
    """Moves a log that has grown past `limit` bytes to `NAME.log.1`.

    By copying, for the child goes on writing to the same file; what it writes in that moment may be lost.
    """
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > limit:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
