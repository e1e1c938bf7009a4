"""Run tests that failed once more, one after another: `python -m tests.again STATUS FOLDER...`.

STATUS is that of the run in which they failed. Tests start servers, processes and browsers, talk over sockets and
wait, on a machine that others use too. Those below FOLDERs do nothing of it: what failed there has failed. A test that
passes now is named as unsteady, and its first failure stands above: it wants mending.
"""

import json
import subprocess
import sys
from pathlib import Path

#: More failures than that are no accident (our choice).
MOST = 5
_FAILED = Path(".pytest_cache/v/cache/lastfailed")


def run_again(status: int, pure: list[str]) -> int:
    """Return the exit status of both runs together: 0 when every test passed in one of them.

    `pure`: the folders whose tests have no second run.
    """
    if status != 1:  # pytest's: some tests failed; others mean that the run itself was broken off
        return status
    failed = sorted(json.loads(_FAILED.read_text("utf-8")))
    steady = [test for test in failed if test.startswith(tuple(f"{folder}/" for folder in pure))]
    if steady or not 0 < len(failed) <= MOST:
        return status
    print(f"\nOnce more, by themselves: {len(failed)} of the tests that failed", flush=True)
    again = subprocess.run([sys.executable, "-m", "pytest", *failed], check=False).returncode
    if again == 0:
        print("Unsteady, failed once and passed once:", *failed, sep="\n  ", flush=True)
    return again


if __name__ == "__main__":
    sys.exit(run_again(int(sys.argv[1]), sys.argv[2:]))
