"""`python -m tests.faults.load`: the load for SOAK_MINUTES (60) with SEED (drawn and printed). Exits with 1 when
anything was lost, doubled or forged, or is otherwise wrong."""

import asyncio
import os
import random
import sys
from pathlib import Path

from infra.process_end import ending_early
from tests.faults.load.run import run_load


def main() -> int:
    """Run, print the report, and return the exit status."""
    minutes = float(os.environ.get("SOAK_MINUTES") or 60)
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**31))
    log = Path(os.environ.get("SOAK_LOG") or f"/tmp/gridloop-soak-{seed}.jsonl")
    log.unlink(missing_ok=True)
    print(f"SEED={seed} SOAK_MINUTES={minutes:g}; faults are written to {log}", flush=True)
    report = asyncio.run(run_load(seed, minutes * 60, log, disk=6144, say=lambda line: print(line, flush=True)))
    print(*report.lines(), sep="\n")
    print(*report.faulty[:200], sep="\n")
    return 1 if report.faulty else 0


if __name__ == "__main__":
    with ending_early():
        sys.exit(main())
