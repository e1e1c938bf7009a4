"""The light of a deadline. Green, yellow from a fraction of the limit on, red once it has passed; grey: stopped."""

from datetime import datetime

from models.case import Case, Clock
from models.words import Light

#: The part of the limit that is left when green turns yellow (our choice; no public rule fixes it).
YELLOW_REST = 0.25


def turns_yellow_at(clock: Clock) -> datetime | None:
    """The moment at which a running clock's light turns yellow; None while it is stopped."""
    if clock.due_at is None:
        return None
    return clock.due_at - (clock.limit + clock.extended) * YELLOW_REST


def light(case: Case, now: datetime) -> Light:
    """The light of the stage the case is in; of a closed case, red if any of its deadlines passed."""
    clock = case.clock
    if clock is None:
        return Light.RED if any(c.overdue_at for c in case.past_clocks) else Light.GREEN
    if clock.overdue_at is not None:
        return Light.RED
    yellow = turns_yellow_at(clock)
    if clock.due_at is None or yellow is None:
        return Light.GREY
    if now >= clock.due_at:
        return Light.RED
    return Light.YELLOW if now >= yellow else Light.GREEN
