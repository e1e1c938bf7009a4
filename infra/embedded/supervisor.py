"""Keeps children running: starts them in order, restarts what dies, stops them in the opposite order."""

import asyncio
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from pathlib import Path

from infra.embedded.child import Child, ChildFailed, end, outcome, spawn, turn_over, wait_ready

#: The longest pause before a restart, in seconds.
LONGEST_PAUSE = 30.0
#: A child that lived this long, in seconds, is restarted at once again.
STEADY = 60.0
#: How often the sizes of the logs are looked at, in seconds.
LOOK_AT_LOGS = 60.0


def pause_before(deaths: int) -> float:
    """Seconds to wait before a restart: none after a first death in a while, then 1, 2, 4 … 30."""
    return 0.0 if deaths <= 1 else min(2.0 ** (deaths - 2), LONGEST_PAUSE)


class _Kept:
    """A child and its present life."""

    def __init__(self, child: Child, log: Path) -> None:
        self.child = child
        self.log = log
        self.process: Process | None = None
        self.started = 0.0
        self.keeper: asyncio.Task[None] | None = None

    async def launch(self) -> None:
        """A new life, waited for until it is ready. Raises ChildFailed."""
        self.started = time.monotonic()
        if self.child.prepare is not None:
            await self.child.prepare()
        self.process = await spawn(self.child, self.log)
        await wait_ready(self.child, self.process, self.log)

    def runs(self) -> bool:
        """Whether it lives now."""
        return self.process is not None and self.process.returncode is None

    async def death(self) -> str:
        """Waits until the present life is over; how it ended, in words."""
        if self.process is None:
            return "could not be started"  # what prepares its start failed
        return f"ended ({outcome(await self.process.wait())})"

    async def end(self) -> bool:
        """Ends the present life, if any; True when it had to be forced."""
        return self.process is not None and await end(self.child, self.process)


class Supervisor:
    """The children of this process. `say` gets one line whenever something happens to one of them."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self._logs = logs
        self._say = say
        self._kept: list[_Kept] = []
        self._log_keeper: asyncio.Task[None] | None = None

    async def start(self, child: Child) -> None:
        """Starts `child` and returns when it is ready; from then on it is kept running.

        Raises ChildFailed, with the end of its log, when it does not come up.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        kept = _Kept(child, self._logs / f"{child.name}.log")
        turn_over(kept.log)
        self._kept.append(kept)
        await kept.launch()
        kept.keeper = asyncio.create_task(self._keep(kept), name=f"keep {child.name}")
        if self._log_keeper is None:
            self._log_keeper = asyncio.create_task(self._keep_logs(), name="keep logs")

    async def stop(self) -> None:
        """Stops every child, the last started first, each only when the one before it is gone."""
        tasks = [kept.keeper for kept in self._kept if kept.keeper is not None]
        tasks += [self._log_keeper] if self._log_keeper is not None else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while self._kept:
            kept = self._kept[-1]
            ran = kept.runs()
            forced = await kept.end()
            self._kept.pop()
            if ran:
                self._say(f"{kept.child.name} stopped{' (by force)' if forced else ''}")

    async def _keep(self, kept: _Kept) -> None:
        """Starts a child again whenever it ends, until cancelled."""
        deaths = 0
        while True:
            why = await kept.death()
            deaths = 1 if time.monotonic() - kept.started >= STEADY else deaths + 1
            pause = pause_before(deaths)
            self._say(f"{kept.child.name} {why}; starting it again" + (f" in {pause:g} s" if pause else ""))
            await asyncio.sleep(pause)
            kept.process = None
            try:
                await kept.launch()
            except (ChildFailed, OSError) as error:
                self._say(str(error).partition("\n")[0])
                await kept.end()
            else:
                self._say(f"{kept.child.name} is back")

    async def _keep_logs(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AT_LOGS)
            for kept in self._kept:
                await asyncio.to_thread(turn_over, kept.log)
