"""Where workflows run: in the event loop's own thread, watched from another.

The SDK hands each activation (what a workflow does between two waits) to a thread of a pool, so as to notice one that
never ends. Python runs one of them at a time all the same, and handing over costs a case 2.5 to 5 ms of a processor
(docs/performance.md). So they run where they are asked for, and one thread watches that they end: what goes on for too
long is interrupted, and its workflow task fails, to be tried again, while other cases go on. What can't be interrupted
ends the process: its supervisor starts another, and that is better than a worker that lives and keeps no deadline.
"""

import asyncio
import ctypes
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic
from traceback import walk_stack
from typing import ParamSpec, TypeVar
from weakref import ref

import structlog

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

#: How long an activation may take; it is the SDK's own limit.
LIMIT = timedelta(seconds=2)
#: How often one is interrupted in vain before the process is given up.
IN_VAIN = 5
#: The exit code of a process that was given up: a software error, as `sysexits.h` has it.
GIVEN_UP = 70


class Endless(RuntimeError):
    """An activation did not end in time and was interrupted; its workflow task fails, and is tried again."""


class _Interruption(BaseException):
    """Raised inside an activation from the thread that watches: no workflow catches it by mistake."""


@dataclass(slots=True)
class _Turn:
    """One activation under way: in which thread, by when it ought to have ended, how often it was interrupted."""

    thread: int
    until: float
    interrupted: int = 0


class InTheLoop(ThreadPoolExecutor):
    """The workflow task executor of a worker: a pool only in name, for that is what the SDK asks for.

    `limit` is how long an activation may take.
    """

    def __init__(self, limit: timedelta = LIMIT) -> None:
        super().__init__(max_workers=1)  # it never starts it
        self._limit = limit.total_seconds()
        self._turn: _Turn | None = None
        #: Whoever ends a turn or interrupts one holds it: none is interrupted that is over.
        self._ending = threading.Lock()
        watch = threading.Thread(target=_watch, args=(ref(self), self._limit / 4), name="activations", daemon=True)
        watch.start()

    def submit(  # type: ignore[override]
        self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> "asyncio.Future[T]":
        """Runs `fn` in the running event loop as soon as whoever asks has let go of it: one task can't begin within
        another. The future is the loop's own, which `run_in_executor` hands on as it is."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        loop.call_soon(self._settle, loop, future, partial(fn, *args, **kwargs))
        return future

    def _settle(
        self, loop: asyncio.AbstractEventLoop, future: "asyncio.Future[T]", activation: Callable[[], T]
    ) -> None:
        if future.cancelled():
            return
        try:
            future.set_result(self._watched(activation))
        except BaseException as error:  # noqa: BLE001 (whoever waits for it is told)
            future.set_exception(error)
        finally:
            asyncio._set_running_loop(loop)  # a workflow is an event loop of its own, and leaves none behind

    def _watched(self, activation: Callable[[], T]) -> T:
        """What `activation` answers. Raises Endless when it was interrupted, whatever it made of that."""
        turn = _Turn(threading.get_ident(), monotonic() + self._limit)
        self._turn = turn
        try:
            try:
                answer = activation()
            finally:
                self._end()
        except _Interruption:
            self._end()  # the interruption may have come in the very moment of ending
        if turn.interrupted:
            raise Endless(f"a workflow did not end its step within {self._limit:g} seconds")
        return answer

    def _end(self) -> None:
        with self._ending:
            self._turn = None

    def look(self) -> None:
        """Interrupts the activation under way if it takes too long; called by the thread that watches."""
        with self._ending:
            turn, now = self._turn, monotonic()
            if turn is None or now < turn.until:
                return
            turn.interrupted += 1
            turn.until = now + self._limit
            where = _stack(turn.thread)
            if turn.interrupted <= IN_VAIN:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(turn.thread), ctypes.py_object(_Interruption))
        if turn.interrupted <= IN_VAIN:
            log.error("a workflow does not end its step", interrupted=turn.interrupted, where=where)
            return
        try:
            log.critical("a workflow can't be interrupted: this process ends", where=where)
        finally:
            os._exit(GIVEN_UP)


def _watch(executor: "ref[InTheLoop]", interval: float) -> None:
    """Looks at the activations of `executor` for as long as there is one."""
    pause = threading.Event()
    while (watched := executor()) is not None:
        watched.look()
        del watched
        pause.wait(interval)


def _stack(thread: int) -> list[str]:
    """Where the thread is, the outermost call first."""
    frames = walk_stack(sys._current_frames().get(thread))
    return [f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}" for frame, line in frames][::-1]
