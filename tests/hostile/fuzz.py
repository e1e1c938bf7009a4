"""Requests made up from the OpenAPI document, as each role: `python -m tests.hostile.fuzz SECONDS` (`make fuzz`).

schemathesis sends what the document allows and what it does not, and follows links: it reports a case, and gives the
commands of cases to what it has reported. Each operation is asked by one role after the other. No answer may be a fault
of ours (5xx).
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import structlog

from infra.database import transaction
from infra.metrics import REQUESTS
from models.enums import Role
from tests.builders import FIRE, GRID, Holder, add_people
from tests.hostile.fuzz_hooks import COUNTS, TOKENS
from tests.servers import running_servers
from tests.ui.site import Site, running_site

ROOT = str(Path(__file__).parents[2])
#: Somebody of each role, by user name; the tiny park has none of the last two.
PEOPLE = {
    Role.GRID_WORKER: "worker", Role.DUTY_OFFICER: "duty", Role.HANDLER: "labour_handler",
    Role.DEPARTMENT_HEAD: "labour_head", Role.SUPERVISOR: "supervisor", Role.ADMIN: "admin",
    Role.REPORTER: "reporter", Role.VOLUNTEER: "volunteer", Role.REVIEWER: "reviewer", Role.KEEPER: "keeper",
    Role.AUDITOR: "auditor", Role.LIAISON: "liaison", Role.HELPER: "helper",
}  # fmt: skip
MORE = (
    Holder("liaison", "联络员", Role.LIAISON, grid=GRID),
    Holder("helper", "协管员", Role.HELPER, department=FIRE),
)
#: The phases of schemathesis that are run together, with their share of the time: the first would take all of it.
PHASES = {"coverage,fuzzing": 0.5, "stateful": 0.5}
#: What ends the sessions with which the requests are made.
NOT_ASKED = r"/auth/|/me/(sessions|password|second-factor|tokens)|/admin/people/"


@dataclass(frozen=True)
class Fuzzed:
    """What one run sent: how many requests each role, how many answers of each status, and the routes that answered
    with a fault of ours.
    """

    by_role: dict[str, int]
    statuses: Counter[str]
    faults: dict[str, int]

    @property
    def requests(self) -> int:
        """How many requests were answered."""
        return sum(self.statuses.values())


def fuzz(site: Site, seconds: int) -> Fuzzed:
    """Send requests as each role for about `seconds` in all. Raises RuntimeError where schemathesis could not run."""
    site.run(_add_more(site))
    site.harness.app.openapi()  # made once; it takes longer than schemathesis waits on a busy machine
    before = _answered()
    by_role: Counter[str] = Counter()
    for phases, share in PHASES.items():
        by_role.update(_run(site, phases, round(seconds * share)))
    statuses: Counter[str] = Counter()
    faults: dict[str, int] = {}
    for (method, route, status), count in (_answered() - before).items():
        statuses[status] += count
        if status.startswith("5"):
            faults[f"{status} {method} {route}"] = count
    return Fuzzed(by_role, statuses, faults)


def _run(site: Site, phases: str, seconds: int) -> dict[str, int]:
    """Run schemathesis once; return how many requests each role sent."""
    tokens = {role.value: site.token(username) for role, username in PEOPLE.items()}
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{site.url}/openapi.json",
        "-H", f"Authorization: Bearer {tokens[Role.ADMIN.value]}", "--phases", phases,
        "--checks", "not_a_server_error", "--max-time", str(seconds), "-n", str(len(PEOPLE)), "--workers", "2",
        "--exclude-path-regex", NOT_ASKED, "--generation-database", "none", "--request-timeout", "20",
        "--continue-on-failure", "--no-shrink", "--warnings", "off", "--no-color",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as place:  # it writes what it remembers into its working directory
        counts = Path(place, "counts.json")
        environment = {
            **os.environ, "SCHEMATHESIS_HOOKS": "tests.hostile.fuzz_hooks", "NO_PROXY": "*", "PYTHONPATH": ROOT,
            TOKENS: json.dumps(tokens), COUNTS: str(counts),
        }  # fmt: skip
        done = subprocess.run(
            command, env=environment, cwd=place, capture_output=True, text=True, check=False, timeout=seconds * 3 + 60
        )
        if done.returncode not in (0, 1):
            raise RuntimeError(f"schemathesis did not run: {done.stdout[-2_000:]}{done.stderr[-2_000:]}")
        sent: dict[str, int] = json.loads(counts.read_text())
        return sent


async def _add_more(site: Site) -> None:
    async with transaction(site.harness.engine) as connection:
        await add_people(connection, *MORE)


def _answered() -> Counter[tuple[str, str, str]]:
    """How many requests this process has answered, by method, route and status."""
    (family,) = REQUESTS.collect()
    return Counter({
        (one.labels["method"], one.labels["route"], one.labels["status"]): int(one.value)
        for one in family.samples if one.name.endswith("_count")
    })  # fmt: skip


def main(seconds: int) -> int:
    """Run for `seconds`; return 1 where a fault was found."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with (
        tempfile.TemporaryDirectory() as place,
        running_servers() as servers,
        running_site(servers, Path(place)) as site,
    ):
        run = fuzz(site, seconds)
    print(f"{run.requests} requests, {dict(sorted(run.statuses.items()))} {run.faults or ''}")
    print(", ".join(f"{role}: {count}" for role, count in run.by_role.items()))
    return 1 if run.faults else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300))
