"""The light of a case now, whether or not the fact of its change has been recorded."""

from collections.abc import Sequence
from datetime import datetime

from models.case import Case, Clock
from models.enums import Light
from rules.deadlines.clocks import light_at


def light(case: Case, now: datetime) -> Light:
    """The light of the case: of an open one, the worst of its stage and whole clocks; of a closed one, red if it missed
    any deadline."""
    if case.clock is None:
        return final_light(late=any(clock.was_late for clock in case.all_clocks))
    return open_light([case.clock, *([case.whole] if case.whole is not None else [])], now)


def final_light(*, late: bool) -> Light:
    """The light of a closed case: red when it missed a deadline, else green."""
    return Light.RED if late else Light.GREEN


def open_light(clocks: Sequence[Clock], now: datetime) -> Light:
    """The worst of the lights of these clocks; grey only when all of them are stopped."""
    shown = {_clock_light(clock, now) for clock in clocks}
    return next(light for light in (Light.RED, Light.YELLOW, Light.GREEN, Light.GREY) if light in shown)


def headline_clock(clocks: Sequence[Clock]) -> Clock:
    """The clock whose deadline people see: the running one that is due first, else the first one, the stage's."""
    running = [(clock.due_at, place) for place, clock in enumerate(clocks) if clock.due_at is not None]
    return clocks[min(running)[1]] if running else clocks[0]


def _clock_light(clock: Clock, now: datetime) -> Light:
    if clock.overdue_at is not None:
        return Light.RED
    if clock.due_at is None:
        return Light.GREY
    return Light.RED if now >= clock.due_at else light_at(clock.plan, now)
