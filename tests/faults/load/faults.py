"""The faults: drawn from a seed before the run begins, so that a run can be repeated, and logged as they happen."""

import random
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What is done to the system."""

    KILL = "kill"
    PAUSE = "pause"
    CUT = "cut"
    STALL = "stall"
    DELAY = "delay"
    FILL_DISK = "fill_disk"
    SKEW = "skew"


#: Processes of `up`, and a second worker and a second API that reach the stores through wires, as on another machine.
NEAR, FAR = ("worker-1", "web", "temporal", "postgres"), ("far-worker", "far-web")
#: A server process of PostgreSQL for one connection.
BACKEND = "postgres-backend"
WIRES = ("far-worker:postgres", "far-worker:temporal", "far-web:postgres", "far-web:temporal")
_WEIGHTS = {
    Kind.KILL: 30, Kind.PAUSE: 25, Kind.CUT: 12, Kind.STALL: 12, Kind.DELAY: 9, Kind.FILL_DISK: 5, Kind.SKEW: 7,
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One fault: `at` seconds after the start, for `seconds`. `offset`: by how many seconds a clock is wrong."""

    at: float
    kind: Kind
    target: str
    seconds: float = 0.0
    offset: int = 0

    def as_json(self) -> dict[str, Any]:
        """The fault for the log."""
        return asdict(self)


def draw_faults(seed: int, seconds: float, without: frozenset[Kind] = frozenset()) -> list[Fault]:
    """Return the faults of a run. The same seed gives the same faults; those of the kinds `without` are left out.

    The first six are one of each sort, so that a short run has them all; the last tenth of the run is left in peace.
    """
    luck = random.Random(seed)
    faults, at = [], 4.0
    first = [Kind.KILL, Kind.SKEW, Kind.PAUSE, Kind.FILL_DISK, Kind.CUT, Kind.STALL, Kind.DELAY]
    luck.shuffle(first)
    while at < seconds * 0.9:
        kind = first.pop() if first else luck.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        fault = _draw(kind, at, luck)
        if kind not in without:
            faults.append(fault)
        at += luck.uniform(2.0, 8.0)
    return faults


def _draw(kind: Kind, at: float, luck: random.Random) -> Fault:
    at = round(at, 2)
    if kind is Kind.KILL:
        return Fault(at, kind, luck.choice([*NEAR, *NEAR, *FAR, BACKEND]))
    if kind is Kind.PAUSE:
        return Fault(at, kind, luck.choice([*NEAR, *FAR]), round(luck.uniform(0.5, 12.0), 2))
    if kind is Kind.FILL_DISK:
        return Fault(at, kind, "data directory", round(luck.uniform(2.0, 8.0), 2))
    if kind is Kind.SKEW:
        return Fault(at, kind, "far-worker", offset=luck.choice([-7200, -600, -90, 45, 300, 3600]))
    return Fault(at, kind, luck.choice(WIRES), round(luck.uniform(1.0, 15.0), 2))
