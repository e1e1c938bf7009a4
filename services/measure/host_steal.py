"""How much of the machine the host took away while something was measured: on shared machines it explains a figure."""

from dataclasses import dataclass, field

import psutil


def _ticks() -> tuple[float, float]:
    times = psutil.cpu_times()
    return float(getattr(times, "steal", 0.0)), float(sum(times))


@dataclass(frozen=True)
class Stolen:
    """Begins to watch when it is made."""

    _before: tuple[float, float] = field(default_factory=_ticks)

    def so_far(self) -> float:
        """The part of all processor time, 0 to 1, that the host has kept to itself since."""
        stolen, whole = (after - before for after, before in zip(_ticks(), self._before, strict=True))
        return stolen / whole if whole > 0 else 0.0
