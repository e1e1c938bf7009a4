"""Requests made up from the OpenAPI document, as each role: `python -m tests.hostile.fuzz SECONDS` (`make fuzz`).

schemathesis sends what the document allows and what it does not, and follows links: it reports a case, and gives the
commands of cases to what it has reported. No answer may be a fault of ours (5xx).
"""

import logging
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import structlog

from infra.metrics import REQUESTS
from tests.servers import running_servers
from tests.ui.site import Site, running_site

ROOT = str(Path(__file__).parents[2])
ROLES = ("worker", "labour_handler", "duty", "admin")
#: What ends the sessions with which the requests are made.
NOT_ASKED = r"/auth/|/me/(sessions|password|second-factor|tokens)|/admin/people/"


@dataclass(frozen=True)
class Fuzzed:
    """What one run sent: how many answers of each status, and the routes that answered with a fault of ours."""

    statuses: Counter[str]
    faults: dict[str, int]

    @property
    def requests(self) -> int:
        """How many requests were answered."""
        return sum(self.statuses.values())


def fuzz(site: Site, username: str, seconds: int) -> Fuzzed:
    """Send requests as `username` for about `seconds`. Raises RuntimeError where schemathesis could not run."""
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{site.url}/openapi.json",
        "-H", f"Authorization: Bearer {site.token(username)}", "--phases", "coverage,fuzzing,stateful",
        "--checks", "not_a_server_error", "--max-time", str(seconds), "-n", "8", "--workers", "2",
        "--exclude-path-regex", NOT_ASKED, "--generation-database", "none", "--request-timeout", "20",
        "--continue-on-failure", "--no-shrink", "--warnings", "off", "--no-color",
    ]  # fmt: skip
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.hostile.fuzz_hooks", "NO_PROXY": "*", "PYTHONPATH": ROOT}
    site.harness.app.openapi()  # made once; it takes longer than schemathesis waits on a busy machine
    before = _answered()
    with tempfile.TemporaryDirectory() as place:  # it writes what it remembers into its working directory
        done = subprocess.run(
            command, env=environment, cwd=place, capture_output=True, text=True, check=False, timeout=seconds * 3 + 60
        )
    after = _answered()
    if done.returncode not in (0, 1):
        raise RuntimeError(f"schemathesis did not run: {done.stdout[-2_000:]}{done.stderr[-2_000:]}")
    statuses: Counter[str] = Counter()
    faults: dict[str, int] = {}
    for (method, route, status), count in (after - before).items():
        statuses[status] += count
        if status.startswith("5"):
            faults[f"{status} {method} {route}"] = count
    return Fuzzed(statuses, faults)


def _answered() -> Counter[tuple[str, str, str]]:
    """How many requests this process has answered, by method, route and status."""
    (family,) = REQUESTS.collect()
    return Counter({
        (one.labels["method"], one.labels["route"], one.labels["status"]): int(one.value)
        for one in family.samples if one.name.endswith("_count")
    })  # fmt: skip


def main(seconds: int) -> int:
    """Run each role for `seconds`; return 1 where a fault was found."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found = 0
    with tempfile.TemporaryDirectory() as place, running_servers() as servers:
        for username in ROLES:
            folder = Path(place, username)
            folder.mkdir()
            with running_site(servers, folder) as site:
                run = fuzz(site, username, seconds)
            found += len(run.faults)
            print(f"{username}: {run.requests} requests, {dict(sorted(run.statuses.items()))} {run.faults or ''}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300))
