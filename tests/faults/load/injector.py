"""Brings the drawn faults about, writes each into a log, and heals everything at the end."""

import asyncio
import contextlib
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.faults.load.faults import BACKEND, Fault, Kind
from tests.faults.load.site import Site, fill, resize


class Injector:
    """Faults on a site. `log` gets a JSON line for each, with the moment at which it happened."""

    def __init__(self, site: Site, log: Path, disk_megabytes: int, seed: int) -> None:
        self.site, self._log = site, log
        self._whole_disk = f"{disk_megabytes}m"
        self._luck = random.Random(seed)
        self.done: Counter[str] = Counter()
        self._paused: list[psutil.Process] = []

    async def run(self, faults: list[Fault], began: float) -> None:
        """Bring the faults about, each at its time after `began` (monotonic); several may last at once."""
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                await asyncio.sleep(max(0.0, began + fault.at - time.monotonic()))
                group.create_task(self._bring_about(fault, began))
        self.heal()

    async def _bring_about(self, fault: Fault, began: float) -> None:
        what: dict[Kind, Callable[[Fault], object]] = {
            Kind.KILL: self._kill, Kind.PAUSE: self._pause, Kind.SKEW: self._skew, Kind.FILL_DISK: self._fill,
            Kind.CUT: self._wire, Kind.STALL: self._wire, Kind.DELAY: self._wire,
        }  # fmt: skip
        undo = what[fault.kind](fault)
        happened = undo is not None
        self._write({"t": round(time.monotonic() - began, 2), **fault.as_json(), "happened": happened})
        if not happened:
            return
        self.done[f"{fault.kind} {fault.target}"] += 1
        await asyncio.sleep(fault.seconds)
        assert callable(undo)
        ended = undo()
        if asyncio.iscoroutine(ended):
            await ended

    def _write(self, line: dict[str, object]) -> None:
        with self._log.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def _kill(self, fault: Fault) -> Callable[[], object] | None:
        process = self._backend() if fault.target == BACKEND else self.site.process(fault.target)
        if process is None:
            return None
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
        return lambda: None

    def _backend(self) -> psutil.Process | None:
        server = self.site.process("postgres")
        backends = [] if server is None else [one for one in server.children() if _is_backend(one)]
        return self._luck.choice(backends) if backends else None

    def _pause(self, fault: Fault) -> Callable[[], object] | None:
        process = self.site.process(fault.target)
        if process is None:
            return None
        with contextlib.suppress(psutil.NoSuchProcess):
            all_of_it = [process, *process.children(recursive=True)]
            for one in all_of_it:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.send_signal(signal.SIGSTOP)
            self._paused += all_of_it
        return lambda: _go_on(all_of_it)

    def _wire(self, fault: Fault) -> Callable[[], object] | None:
        wire = self.site.wires[fault.target]
        if fault.kind is Kind.STALL:
            wire.stall()
            return wire.flow
        if fault.kind is Kind.DELAY:
            wire.delay = 0.4

            def in_time() -> None:
                wire.delay = 0.0

            return in_time

        async def mend() -> None:
            await wire.mend()

        task = asyncio.ensure_future(wire.cut())

        def undo() -> object:
            assert task.done()
            return mend()

        return undo

    def _skew(self, fault: Fault) -> Callable[[], object] | None:
        """The second worker is started again with a clock that is wrong from then on, until the next of these."""
        if self.site.skew_library is None:
            return None
        far = self.site.far["far-worker"]
        far.environment |= {"LD_PRELOAD": str(self.site.skew_library), "SKEW_SECONDS": str(fault.offset)}
        process = far.process()
        if process is not None:
            process.send_signal(signal.SIGKILL)
        return lambda: None

    def _fill(self, _: Fault) -> Callable[[], object] | None:
        if not self.site.disk:
            return None
        fill(self.site)
        return lambda: resize(self.site, self._whole_disk)

    def heal(self) -> None:
        """End every fault that may still last."""
        _go_on(self._paused)
        for wire in self.site.wires.values():
            wire.flow()
            wire.delay = 0.0
        if self.site.disk:
            resize(self.site, self._whole_disk)


def _is_backend(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return "127.0.0.1" in " ".join(process.cmdline())
    return False


def _go_on(processes: list[psutil.Process]) -> None:
    for one in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.send_signal(signal.SIGCONT)
