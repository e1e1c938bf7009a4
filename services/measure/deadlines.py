"""Measure what a deadline costs: 60 of each unit by the park's calendar, warm and with nothing built yet."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median

from models.enums import LimitUnit
from models.policy.calendar import Calendar
from models.policy.limits import Length
from rules.deadlines.limits import deadline

#: 60 working days, in each unit.
AMOUNTS = {
    LimitUnit.URGENT_HOUR: 60 * 24,
    LimitUnit.WORK_HOUR: 60 * 8,
    LimitUnit.WORK_DAY_8H: 60,
    LimitUnit.LEGAL_WORK_DAY: 60,
    LimitUnit.NATURAL_DAY: 60,
}
_START = datetime(2026, 1, 5, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Cost:
    """Microseconds per deadline of 60 working days in a unit.

    `warm`: the median of rounds over starts spread over a year. `cold`: the first deadline by a calendar that this
    process has not used before, with its years still to be built; the median of some.
    """

    unit: LimitUnit
    warm: float
    cold: float


def measure_deadlines(calendar: Calendar, *, rounds: int = 200, starts: int = 40) -> tuple[Cost, ...]:
    """Return the cost of each unit by `calendar`. Rounds are short, so that a busy machine disturbs few of them."""
    lengths = [Length(amount=AMOUNTS[unit], unit=unit, moves_on=True) for unit in LimitUnit]
    return tuple(
        Cost(length.unit, _warm(length, calendar, rounds, starts), _cold(length, calendar)) for length in lengths
    )


def _warm(length: Length, calendar: Calendar, rounds: int, starts: int) -> float:
    moments = [_START + timedelta(hours=211 * n) for n in range(starts)]

    def work() -> None:
        for start in moments:
            deadline(length, calendar, start)

    work()
    return median(_microseconds(work) for _ in range(rounds)) / starts


def _cold(length: Length, calendar: Calendar) -> float:
    # A calendar of another name has another cache key, so nothing is built for it yet.
    fresh_calendars = [calendar.model_copy(update={"name": f"cold-{length.unit}-{n}"}) for n in range(5)]
    return median(
        _microseconds(partial(deadline, length, fresh_calendar, _START)) for fresh_calendar in fresh_calendars
    )


def _microseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e6
