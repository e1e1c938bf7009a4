"""Servers that a killed predecessor has left on the same data directory: found, and stopped cleanly."""

import asyncio
import contextlib
import signal
from pathlib import Path

import psutil

from infra.embedded.waiting import until

#: How long a leftover gets to write its last checkpoint, in seconds, before it is told to end at once.
PATIENCE = 60.0


def postmaster_pid(directory: Path) -> int | None:
    """The server that `postmaster.pid` names, if that process really is PostgreSQL on this directory."""
    try:
        pid = int((directory / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    return pid if pid > 0 and _serves(pid, directory) else None


def _serves(pid: int, directory: Path) -> bool:
    """Whether the process is PostgreSQL and lives in `directory`: each of its processes works there."""
    try:
        process = psutil.Process(pid)
        return (
            process.status() != psutil.STATUS_ZOMBIE
            and process.name() == "postgres"
            and Path(process.cwd()).samefile(directory)
        )
    except (psutil.Error, OSError):
        return False


def _all_serving(directory: Path) -> list[int]:
    return [pid for pid in psutil.pids() if _serves(pid, directory)]


async def stop_leftover(directory: Path) -> bool:
    """Stops a server still running on `directory`, and waits until its last process is gone.

    Its processes may outlive a killed postmaster by a moment, and a new one must not start beside them.
    Afterwards there is no `postmaster.pid`: a number in it that some other program has by now would keep
    PostgreSQL from starting. True when a server ran. Raises TimeoutError when it does not end.
    """
    pids = await asyncio.to_thread(_all_serving, directory)
    if pids:
        await _stop(directory, pids)
    (directory / "postmaster.pid").unlink(missing_ok=True)
    return bool(pids)


async def _stop(directory: Path, pids: list[int]) -> None:
    if (pid := postmaster_pid(directory)) is not None:
        _send(pid, signal.SIGINT)  # PostgreSQL's fast shutdown
    try:
        await until(lambda: not any(_serves(pid, directory) for pid in pids), seconds=PATIENCE, what="")
    except TimeoutError:
        for pid in pids:
            _send(pid, signal.SIGQUIT)  # its immediate shutdown: the next start recovers from the log
        await until(
            lambda: not any(_serves(pid, directory) for pid in pids),
            seconds=10,
            what=f"an earlier PostgreSQL server on {directory} (process {pids[0]}) does not end",
        )


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).send_signal(number)
