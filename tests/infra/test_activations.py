"""Activations run in the event loop's thread; one that does not end is interrupted, and holds up nobody else."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from time import monotonic
from typing import Any, NoReturn

import pytest
import structlog

from infra.activations import GIVEN_UP, IN_VAIN, Endless, InTheLoop

SOON = timedelta(seconds=0.1)
#: A process whose activation waits for what nobody will ever give: nothing that is raised in its thread reaches it.
HELD = """
import asyncio, threading
from datetime import timedelta
from infra.activations import InTheLoop
from infra.event_loop import run

async def held():
    lock = threading.Lock()
    lock.acquire()
    await asyncio.get_running_loop().run_in_executor(InTheLoop(timedelta(seconds=0.1)), lock.acquire)

run(held())
"""


async def taken(executor: InTheLoop, activation: Callable[..., Any], *values: object) -> Any:
    """What the event loop makes of `activation`, asked as the SDK asks."""
    return await asyncio.get_running_loop().run_in_executor(executor, activation, *values)


def for_ever() -> NoReturn:
    """What no workflow should do."""
    while True:
        pass


def busy(seconds: float) -> float:
    """Works for that long, and answers it."""
    until = monotonic() + seconds
    while monotonic() < until:
        pass
    return seconds


async def test_it_runs_in_the_thread_of_the_loop_and_leaves_the_loop_as_it_was() -> None:
    def leave_without_a_loop() -> int:
        asyncio._set_running_loop(None)  # as a workflow does when its turn ends
        return threading.get_ident()

    assert await taken(InTheLoop(), leave_without_a_loop) == threading.get_ident()
    await asyncio.sleep(0)


async def test_what_it_raises_reaches_who_waits_for_it() -> None:
    with pytest.raises(ZeroDivisionError):
        await taken(InTheLoop(), lambda: 1 // 0)


async def test_what_nobody_waits_for_any_more_does_not_begin() -> None:
    begun: list[int] = []
    future = InTheLoop().submit(begun.append, 1)
    assert future.cancel()
    await asyncio.sleep(0)
    assert not begun


async def test_one_that_does_not_end_is_interrupted_and_the_next_goes_on() -> None:
    executor = InTheLoop(SOON)
    with structlog.testing.capture_logs() as told, pytest.raises(Endless, match=r"0\.1 seconds"):
        await taken(executor, for_ever)
    assert [line["event"] for line in told] == ["a workflow does not end its step"]
    assert "for_ever" in told[0]["where"][-1]
    assert await taken(executor, busy, 0.01) == 0.01


async def test_one_that_takes_the_interruption_for_its_own_affair_has_failed_all_the_same() -> None:
    """The SDK's tasks keep what is raised within them; what such an activation answers is not whole."""

    def unmoved() -> str:
        try:
            for_ever()
        except BaseException as error:  # noqa: BLE001 (as a task does)
            return f"kept {type(error).__name__}"

    with pytest.raises(Endless):
        await taken(InTheLoop(SOON), unmoved)


async def test_one_that_goes_on_is_interrupted_again() -> None:
    def twice() -> None:
        try:
            for_ever()
        except BaseException:  # noqa: BLE001 (as careless code does)
            for_ever()

    with structlog.testing.capture_logs() as told, pytest.raises(Endless):
        await taken(InTheLoop(SOON), twice)
    assert [line["interrupted"] for line in told] == [1, 2]


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns as often as they can, so that they meet in every place."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("restless")
async def test_no_interruption_comes_late() -> None:
    """Whatever ends in the very moment in which it would be interrupted: the next one and the loop know nothing."""
    executor = InTheLoop(timedelta(milliseconds=3))
    ended = 0
    with structlog.testing.capture_logs():
        for place in range(800):
            try:
                ended += await taken(executor, busy, 0.0025 + place % 40 * 0.00005) > 0
            except Endless:
                continue
            finally:
                busy(0.0001)
                await asyncio.sleep(0)
    assert 0 < ended < 800, "some ended in time, and some did not"


def test_a_process_held_by_one_that_can_not_be_interrupted_is_given_up() -> None:
    """Its supervisor starts another; a worker that lives and keeps no deadline would be worse."""
    ended = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == GIVEN_UP, ended.stderr
    told = ended.stdout.splitlines()
    assert len([line for line in told if "a workflow does not end its step" in line]) == IN_VAIN
    assert "can't be interrupted: this process ends" in told[-1]


async def test_the_watch_ends_with_what_it_watches() -> None:
    def watches() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name == "activations"}

    before = watches()
    executor = InTheLoop(SOON)
    (mine,) = watches() - before
    assert mine.is_alive()
    del executor
    await asyncio.to_thread(mine.join, 10)
    assert not mine.is_alive()
