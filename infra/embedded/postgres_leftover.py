"""Find and stop a PostgreSQL server that a killed `up` has left on the data directory."""

import asyncio
import contextlib
import signal
from pathlib import Path

import psutil

from infra.embedded.waiting import wait_until

#: Seconds that a leftover server gets to write its last checkpoint before an immediate shutdown.
SHUTDOWN_TIMEOUT = 60.0


def postmaster_pid(directory: Path) -> int | None:
    """Return the process id in `postmaster.pid`, if that process is PostgreSQL on this directory."""
    try:
        pid = int((directory / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    return pid if pid > 0 and _serves(pid, directory) else None


def _serves(pid: int, directory: Path) -> bool:
    """Return whether the process is PostgreSQL with `directory` as its working directory."""
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
    """Stop a server running on `directory`, wait until its last process has ended, and return whether there was one.

    Backends may outlive a killed postmaster by a moment, and a new server must not start beside them. Also removes
    `postmaster.pid`: if another program has that process id by now, PostgreSQL would refuse to start.
    Raises TimeoutError when the server does not end.
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
        await wait_until(lambda: not any(_serves(pid, directory) for pid in pids), seconds=SHUTDOWN_TIMEOUT, what="")
    except TimeoutError:
        for pid in pids:
            _send(pid, signal.SIGQUIT)  # its immediate shutdown: the next start recovers from the log
        await wait_until(
            lambda: not any(_serves(pid, directory) for pid in pids),
            seconds=10,
            what=f"an earlier PostgreSQL server on {directory} (process {pids[0]}) does not end",
        )


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).send_signal(number)
