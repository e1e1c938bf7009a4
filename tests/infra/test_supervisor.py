"""The supervisor restarts its children, reports what happens, and leaves none running."""

import asyncio
import contextlib
import gzip
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.embedded.child import LOG_LIMIT, Child, ChildFailed, Run, remove_old_logs, rotate_log
from infra.embedded.supervisor import Supervisor, restart_delay
from infra.embedded.waiting import wait_until
from tests.servers import ROOT

#: Writes its process id into a file, then waits; ends with status 0 on the stop signal.
STEADY = """
import os, pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
print("a line of output", flush=True)
while True:
    signal.pause()
"""
STUBBORN = STEADY.replace("lambda *_: sys.exit(0)", "signal.SIG_IGN")


def alive(pid: int) -> bool:
    """Whether the process still runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


class SupervisorHarness:
    """A supervisor, its messages, and children that write their process id into a file."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.said: list[str] = []
        self.supervisor = Supervisor(place / "logs", self.said.append)

    def child(self, name: str, script: str = STEADY, *, grace: float = 10, ready_seconds: float = 20) -> Child:
        """A Python child that is ready when it has written its own process id."""

        async def ready(run: Run) -> bool:
            return self.pid(name) == run.pid

        command: Sequence[str] = [sys.executable, "-I", "-c", script, str(self.place / name)]
        return Child(
            name=name,
            command=command,
            ready=ready,
            environment=dict(os.environ),
            directory=self.place,
            grace_seconds=grace,
            ready_seconds=ready_seconds,
        )

    def pid(self, name: str) -> int:
        """The process id that the child last wrote; 0 before that."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int((self.place / name).read_text())
        return 0

    async def wait_for_line(self, line: str) -> None:
        """Wait until the supervisor has reported `line`."""
        await wait_until(lambda: line in self.said, seconds=20, what=f"{line!r} in {self.said}")


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[SupervisorHarness]:
    made = SupervisorHarness(tmp_path)
    yield made
    await made.supervisor.stop()


async def test_a_child_that_dies_is_restarted_and_reported(harness: SupervisorHarness) -> None:
    await harness.supervisor.start(harness.child("one"))
    first = harness.pid("one")
    os.kill(first, signal.SIGKILL)

    await harness.wait_for_line("one is back")
    assert harness.said == ["one ended (killed by SIGKILL); starting it again", "one is back"]
    assert alive(harness.pid("one"))
    assert harness.pid("one") != first


async def test_a_child_that_keeps_dying_is_restarted_after_longer_delays(harness: SupervisorHarness) -> None:
    await harness.supervisor.start(harness.child("one"))
    os.kill(harness.pid("one"), signal.SIGKILL)
    await harness.wait_for_line("one is back")
    os.kill(harness.pid("one"), signal.SIGKILL)
    await harness.wait_for_line("one ended (killed by SIGKILL); starting it again in 1 s")
    assert [restart_delay(deaths) for deaths in range(1, 9)] == [0, 1, 2, 4, 8, 16, 30, 30]


async def test_all_stop_in_reverse_order_one_after_the_other(harness: SupervisorHarness) -> None:
    for name in ("first", "second", "third"):
        await harness.supervisor.start(harness.child(name))
    pids = [harness.pid(name) for name in ("first", "second", "third")]

    await harness.supervisor.stop()
    assert harness.said == ["third stopped", "second stopped", "first stopped"]
    assert not any(alive(pid) for pid in pids)


async def test_a_child_that_ignores_its_stop_signal_is_killed(harness: SupervisorHarness) -> None:
    await harness.supervisor.start(harness.child("mule", STUBBORN, grace=0.3))
    pid = harness.pid("mule")
    await harness.supervisor.stop()
    assert harness.said == ["mule stopped (by force)"]
    assert not alive(pid)


async def test_a_child_that_ends_while_starting_is_reported_with_its_log(harness: SupervisorHarness) -> None:
    child = harness.child("broken", "print('no such setting'); raise SystemExit(3)")
    with pytest.raises(ChildFailed, match=r"(?s)broken ended while starting \(exit status 3\).*no such setting"):
        await harness.supervisor.start(child)


async def test_a_child_that_does_not_become_ready_is_reported_and_stopped(harness: SupervisorHarness) -> None:
    child = harness.child("mute", "import signal; signal.pause()", ready_seconds=0.5)
    with pytest.raises(ChildFailed, match=r"mute was not ready within 0\.5 s"):
        await harness.supervisor.start(child)
    await harness.supervisor.stop()
    assert harness.said == ["mute stopped"]


async def test_output_goes_to_the_log(harness: SupervisorHarness) -> None:
    await harness.supervisor.start(harness.child("one"))
    log = harness.place / "logs" / "one.log"
    await wait_until(lambda: "a line of output" in log.read_text(), seconds=10, what="the line")
    assert log.stat().st_mode & 0o077 == 0


def test_logs_are_packed_by_day_and_length_and_kept_for_months(tmp_path: Path) -> None:
    log, now = tmp_path / "web.log", datetime.now(UTC)
    rotate_log(log, now)  # there is none yet
    log.write_text("today\n")
    rotate_log(log, now)
    assert log.read_text() == "today\n"
    os.utime(log, (now.timestamp() - 86_400,) * 2)
    rotate_log(log, now)
    (packed,) = tmp_path.glob("web.log.*.gz")
    assert (log.read_text(), gzip.decompress(packed.read_bytes())) == ("", b"today\n")
    assert stat.S_IMODE(packed.stat().st_mode) == 0o600
    with log.open("a") as writer:  # the child keeps it open
        writer.write("x" * (LOG_LIMIT + 1))
        writer.flush()
        rotate_log(log, now + timedelta(seconds=1))
        writer.write("goes on")
    assert log.read_text() == "goes on"
    log.write_text("")
    assert len(list(tmp_path.glob("web.log.*.gz"))) == 2
    rotate_log(log, now + timedelta(seconds=2), always=True)
    assert len(list(tmp_path.glob("web.log.*.gz"))) == 2, "an empty log is not packed"
    os.utime(packed, (now.timestamp() - 184 * 86_400,) * 2)
    remove_old_logs(tmp_path, now, 183)
    assert packed not in list(tmp_path.iterdir())
    assert len(list(tmp_path.glob("web.log.*.gz"))) == 1
    assert log.exists()


async def test_stopping_during_the_pause_before_a_restart_ends_it(harness: SupervisorHarness) -> None:
    await harness.supervisor.start(harness.child("one"))
    os.kill(harness.pid("one"), signal.SIGKILL)
    await harness.wait_for_line("one is back")
    last = harness.pid("one")
    os.kill(last, signal.SIGKILL)
    await harness.wait_for_line("one ended (killed by SIGKILL); starting it again in 1 s")
    await harness.supervisor.stop()
    assert harness.pid("one") == last
    assert not alive(last)


PARENT = """
import asyncio, pathlib, sys
from tests.infra.test_supervisor import SupervisorHarness

async def main():
    harness = SupervisorHarness(pathlib.Path(sys.argv[1]))
    for name in ("one", "two"):
        await harness.supervisor.start(harness.child(name))
    print("started", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_children_die_with_a_killed_parent(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert await asyncio.to_thread(parent.stdout.readline) == "started\n"
        pids = [int((tmp_path / name).read_text()) for name in ("one", "two")]
        assert all(alive(pid) for pid in pids)
        parent.kill()
    await wait_until(lambda: not any(alive(pid) for pid in pids), seconds=10, what="the children's end")
