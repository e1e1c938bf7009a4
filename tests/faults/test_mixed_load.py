"""Two minutes of the mixed load under faults; `make soak` runs it for an hour. `GRIDLOOP_TEST_SEED` repeats a run."""

import os
import random
from pathlib import Path

import pytest

from tests.faults.load.faults import Kind, draw_faults
from tests.faults.load.run import run_load

pytestmark = [pytest.mark.faults]

SECONDS = 120.0


def test_a_seed_always_draws_the_same_faults_of_every_kind() -> None:
    drawn = draw_faults(7, 600)
    assert drawn == draw_faults(7, 600) != draw_faults(8, 600)
    assert {fault.kind for fault in draw_faults(9, SECONDS)} == set(Kind)
    left = draw_faults(7, 600, frozenset({Kind.FILL_DISK}))
    assert left == [fault for fault in drawn if fault.kind is not Kind.FILL_DISK]


@pytest.mark.timeout(900)
async def test_nothing_acknowledged_is_lost_doubled_or_forged_whatever_fails(tmp_path: Path) -> None:
    seed = int(os.environ.get("GRIDLOOP_TEST_SEED") or random.SystemRandom().randrange(2**31))
    report = await run_load(seed, SECONDS, tmp_path / "faults.jsonl", people=8)
    print(*report.lines(), sep="\n")
    assert report.faulty == [], report.lines()
    ends = report.ledger.counts()
    assert ends["report"]["acknowledged"] >= 5
    assert ends["command"]["acknowledged"] >= 10
    assert report.faults.total() >= 6
    assert report.findings.facts > 50
    assert report.outgoing["event delivered"] >= 10
    assert sum(count for end, count in report.outgoing.items() if end.startswith("handover")) >= 5
