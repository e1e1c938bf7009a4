"""The light of a case as it is now, to the second, whether or not the fact of its change is on record yet."""

from collections.abc import Sequence
from datetime import datetime

from models.case import Case, Clock
from models.enums import Light
from rules.deadlines.clocks import light_at


def light(case: Case, now: datetime) -> Light:
    """The light of an open case, by the clocks of its stage and of the whole; of a closed case, red if any of its
    deadlines passed."""
    if case.clock is None:
        return final_light(late=any(clock.was_late for clock in case.all_clocks))
    return open_light([case.clock, *([case.whole] if case.whole is not None else [])], now)


def final_light(*, late: bool) -> Light:
    """The light of a closed case: whether any deadline of it passed."""
    return Light.RED if late else Light.GREEN


def open_light(clocks: Sequence[Clock], now: datetime) -> Light:
    """The worst of the lights of these clocks; grey only when all of them stand still."""
    shown = {_clock_light(clock, now) for clock in clocks}
    return next(light for light in (Light.RED, Light.YELLOW, Light.GREEN, Light.GREY) if light in shown)


def headline_clock(clocks: Sequence[Clock]) -> Clock:
    """The clock whose deadline people see: the earliest that runs, else that of the stage, which comes first."""
    running = [(clock.due_at, place) for place, clock in enumerate(clocks) if clock.due_at is not None]
    return clocks[min(running)[1]] if running else clocks[0]


def _clock_light(clock: Clock, now: datetime) -> Light:
    if clock.overdue_at is not None:
        return Light.RED
    if clock.due_at is None:
        return Light.GREY
    return Light.RED if now >= clock.due_at else light_at(clock.plan, now)
