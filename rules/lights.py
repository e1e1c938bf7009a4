"""The light of a case as it is now, to the second, whether or not the fact of its change is on record yet."""

from datetime import datetime

from models.case import Case
from models.words import Light
from rules.clocks import light_at


def light(case: Case, now: datetime) -> Light:
    """The light of the stage the case is in; of a closed case, red if any of its deadlines passed."""
    clock = case.clock
    if clock is None:
        return Light.RED if any(c.overdue_at for c in case.past_clocks) else Light.GREEN
    if clock.overdue_at is not None:
        return Light.RED
    if clock.due_at is None:
        return Light.GREY
    return Light.RED if now >= clock.due_at else light_at(clock.plan, now)
