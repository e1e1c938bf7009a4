"""How our processes end: with their exit status and all they had to say, before the interpreter is taken apart."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Said while the interpreter is taken apart, and at no other time.
_WITNESS = """
import os, sys
class Witness:
    def __del__(self, write=os.write):
        write(1, b"taken apart")
sys.witness = Witness()
"""
_PROGRAM = (
    _WITNESS
    + """
import atexit, threading, time
from infra.process_end import ending_early
def late():
    time.sleep(0.1)  # still running when the program has ended
    print("thread", end=" ")
with ending_early():
    threading.Thread(target=late).start()
    atexit.register(print, "atexit", end=" ")
    {body}
"""
)


def run(code: str, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        ("pass", 0, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit(-1)", 255, ""),
        ("sys.exit('no such case')", 1, "no such case\n"),
        ("raise KeyError('lost')", 1, "KeyError: 'lost'\n"),
        ("raise KeyboardInterrupt", 130, "KeyboardInterrupt\n"),
    ],
)
def test_a_process_ends_with_its_status_threads_and_output(body: str, status: int, complaint: str) -> None:
    ended = run(_PROGRAM.replace("{body}", body))
    assert (ended.returncode, ended.stdout) == (status, "thread atexit ")
    assert ended.stderr.endswith(complaint)
    assert bool(ended.stderr) == bool(complaint)


def test_output_that_cannot_be_written_is_a_failure() -> None:
    code = _PROGRAM.replace("{body}", "print('answer'); os.close(1); os.open('/dev/full', os.O_WRONLY)")
    assert run(code).returncode == 120


@pytest.mark.parametrize("program", ["starter.py --help", "worker.py", "api/__main__.py", "web/__main__.py"])
def test_the_programs_end_so(program: str) -> None:
    """The worker and the API end here at once, because a setting is wrong."""
    file, *words = program.split()
    start = (
        "import runpy; sys.argv[:] = sys.argv[1:]; sys.path.insert(0, '.'); os.environ['GRIDLOOP_WEB_PORT'] = 'x'\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    ended = run(_WITNESS + start, file, *words)
    assert ended.returncode == (0 if words else 78), ended.stderr
    assert "taken apart" not in ended.stdout


def test_what_is_taken_apart_is_seen() -> None:
    assert run(_WITNESS + "sys.exit(3)").stdout == "taken apart"
