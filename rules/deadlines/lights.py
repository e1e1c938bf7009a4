"""The light of a case as it is now, to the second, whether or not the fact of its change is on record yet."""

from datetime import datetime

from models.case import Case, Clock
from models.enums import Light
from rules.deadlines.clocks import light_at


def light(case: Case, now: datetime) -> Light:
    """The light of the stage the case is in; of a closed case, red if any of its deadlines passed."""
    if case.clock is None:
        return final_light(late=any(clock.overdue_at for clock in case.past_clocks))
    return clock_light(case.clock, now)


def final_light(*, late: bool) -> Light:
    """The light of a closed case: whether any of its stages' deadlines passed."""
    return Light.RED if late else Light.GREEN


def clock_light(clock: Clock, now: datetime) -> Light:
    """The light of an open case, by the clock of its stage."""
    if clock.overdue_at is not None:
        return Light.RED
    if clock.due_at is None:
        return Light.GREY
    return Light.RED if now >= clock.due_at else light_at(clock.plan, now)
