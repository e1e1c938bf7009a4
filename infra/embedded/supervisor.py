"""Supervisor: starts children in order, restarts those that exit, stops them in reverse order."""

import asyncio
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from infra.embedded.child import (
    Child,
    ChildFailed,
    describe_exit,
    remove_old_logs,
    rotate_log,
    spawn,
    stop_process,
    wait_ready,
)
from infra.settings import LOG_DAYS

#: The longest delay before a restart, in seconds.
MAX_RESTART_DELAY = 30.0
#: A child that ran this many seconds is restarted without delay.
STABLE_SECONDS = 60.0
#: Seconds between checks of the log sizes.
LOG_CHECK_SECONDS = 60.0


def restart_delay(exits: int) -> float:
    """Return the seconds to wait before a restart: 0 after the first exit in a while, then 1, 2, 4 … 30."""
    return 0.0 if exits <= 1 else min(2.0 ** (exits - 2), MAX_RESTART_DELAY)


class _SupervisedChild:
    """A child and its current process."""

    def __init__(self, child: Child, log: Path) -> None:
        self.child = child
        self.log = log
        self.process: Process | None = None
        self.started = 0.0
        self.restarter: asyncio.Task[None] | None = None

    async def launch(self) -> None:
        """Start the process and wait until it is ready. Raises ChildFailed."""
        self.started = time.monotonic()
        if self.child.prepare is not None:
            await self.child.prepare()
        self.process = await spawn(self.child, self.log)
        await wait_ready(self.child, self.process, self.log)

    def is_running(self) -> bool:
        """Return whether the process is running."""
        return self.process is not None and self.process.returncode is None

    async def wait_for_exit(self) -> str:
        """Wait until the process has exited, and return a text that says how."""
        if self.process is None:
            return "could not be started"  # `prepare` failed
        return f"ended ({describe_exit(await self.process.wait())})"

    async def stop(self) -> bool:
        """Stop the process, if any. Return True when it had to be forced."""
        return self.process is not None and await stop_process(self.child, self.process)


class Supervisor:
    """The children of this process. `notify` gets one line about each exit, restart and stop. `log_days`: for how many
    days their logs are kept."""

    def __init__(self, logs: Path, notify: Callable[[str], None], log_days: int = LOG_DAYS) -> None:
        self._log_days = log_days
        self._logs = logs
        self._notify = notify
        self._children: list[_SupervisedChild] = []
        self._log_rotator: asyncio.Task[None] | None = None

    async def start(self, child: Child) -> None:
        """Start `child` and return when it is ready. From then on it is restarted whenever it exits.

        Raises ChildFailed, with the tail of its log, when it does not become ready.
        """
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        supervised = _SupervisedChild(child, self._logs / f"{child.name}.log")
        rotate_log(supervised.log, datetime.now(UTC))
        self._children.append(supervised)
        await supervised.launch()
        supervised.restarter = asyncio.create_task(self._restart_on_exit(supervised), name=f"restart {child.name}")
        if self._log_rotator is None:
            self._log_rotator = asyncio.create_task(self._rotate_logs(), name="rotate logs")

    async def stop(self) -> None:
        """Stop every child, one after the other, in reverse order of their start."""
        tasks = [child.restarter for child in self._children if child.restarter is not None]
        tasks += [self._log_rotator] if self._log_rotator is not None else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while self._children:
            supervised = self._children[-1]
            was_running = supervised.is_running()
            forced = await supervised.stop()
            self._children.pop()
            if was_running:
                self._notify(f"{supervised.child.name} stopped{' (by force)' if forced else ''}")

    async def _restart_on_exit(self, supervised: _SupervisedChild) -> None:
        """Restart a child whenever it exits, until cancelled."""
        name, exits = supervised.child.name, 0
        while True:
            reason = await supervised.wait_for_exit()
            exits = 1 if time.monotonic() - supervised.started >= STABLE_SECONDS else exits + 1
            delay = restart_delay(exits)
            self._notify(f"{name} {reason}; starting it again" + (f" in {delay:g} s" if delay else ""))
            await asyncio.sleep(delay)
            supervised.process = None
            try:
                await supervised.launch()
            except (ChildFailed, OSError) as error:
                self._notify(str(error).partition("\n")[0])
                await supervised.stop()
            else:
                self._notify(f"{name} is back")

    async def _rotate_logs(self) -> None:
        """Pack the logs every day (UTC), and those that grow too long; remove those kept for long enough."""
        day = datetime.now(UTC).date()
        while True:
            now = datetime.now(UTC)
            await asyncio.to_thread(remove_old_logs, self._logs, now, self._log_days)
            for supervised in self._children:
                await asyncio.to_thread(rotate_log, supervised.log, now, always=now.date() != day)
            day = now.date()
            await asyncio.sleep(LOG_CHECK_SECONDS)
