"""The processor time of each part of a system: of its process, of its children, and of those that have ended."""

import os
import subprocess
import sys
from pathlib import Path

from infra.embedded.lock import FILE
from services.measure.processor_time import parts_of, times_between, times_of

#: Works in itself, in a child that ends and in one that stays; then it waits.
WORKING = """
import subprocess, sys, time
busy = "import time\\nwhile time.process_time() < 0.3: pass\\n"
subprocess.run([sys.executable, "-c", busy], check=True)
stays = subprocess.Popen([sys.executable, "-c", busy + "print(flush=True); input()"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
stays.stdout.readline()
while time.process_time() < 0.3: pass
print("done", flush=True)
sys.stdin.readline()
stays.communicate(b"\\n")
"""


def test_a_part_counts_its_process_and_all_its_children(tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    script.write_text("input()\n" + WORKING)
    (tmp_path / FILE).write_text(f"{os.getpid()}\n")
    with subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as working:
        assert working.stdin is not None
        assert working.stdout is not None
        parts = parts_of(tmp_path)
        assert [process.pid for process in parts["worker"]] == [working.pid]
        before = times_of(parts)
        working.stdin.write(b"\n")
        working.stdin.flush()
        assert working.stdout.readline() == b"done\n"
        took = times_between(before, times_of(parts))
        working.communicate(b"\n")
    assert took["worker"] >= 0.8, "each of the three worked for 0.3 s"
    assert took["client"] < took["worker"], "what we started is not counted as ours"


def test_without_a_system_there_is_only_the_client(tmp_path: Path) -> None:
    assert set(parts_of(tmp_path)) == {"client"}
