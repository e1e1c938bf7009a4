"""Measure how much processor time the host took from the machine; on shared machines it can explain a figure."""

from dataclasses import dataclass, field

import psutil


def _ticks() -> tuple[float, float]:
    times = psutil.cpu_times()
    return float(getattr(times, "steal", 0.0)), float(sum(times))


@dataclass(frozen=True)
class HostSteal:
    """Measures from its creation on."""

    _before: tuple[float, float] = field(default_factory=_ticks)

    def share_so_far(self) -> float:
        """Return the share of all processor time, 0 to 1, that the host has taken since."""
        stolen, whole = (after - before for after, before in zip(_ticks(), self._before, strict=True))
        return stolen / whole if whole > 0 else 0.0
