"""From a ladder to moments: when each step will fire if nobody acts. Who is reached is only asked when it does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from models.plan import Plan
from models.policy.calendar import Calendar
from models.policy.limits import Length
from models.policy.standard import Ladder, LightRule
from rules.deadlines.limits import deadline


@dataclass(frozen=True)
class Timeline:
    """How a deadline's time runs: `at_fraction` of its limit, from `since` on, with the calendar of each length.

    `resumed`: time had run before `since`, and the ladder goes on from there.
    """

    at_fraction: Callable[[float], datetime]
    since: datetime
    calendar_of: Callable[[Length], Calendar]
    resumed: bool = False


def plan(
    course: Timeline,
    ladder: Ladder,
    lights: LightRule,
    last_step: int,
    *,
    calendars: int,
    provisional: bool,
    ceiling_at: datetime | None,
) -> Plan:
    """The moments ahead of a clock whose ladder has fired `last_step` steps already."""
    return Plan(
        calendars=calendars,
        provisional=provisional,
        yellow_at=course.at_fraction(lights.yellow),
        red_at=course.at_fraction(lights.red),
        ceiling_at=ceiling_at,
        rungs=rungs(course, ladder, last_step),
    )


def rungs(course: Timeline, ladder: Ladder, last_step: int = 0) -> tuple[datetime, ...]:
    """The moments of the steps after `last_step`, repeats of the last one included; none is before the one before.

    A delay is counted from the step before it, also from one that has fired; after a pause, from where time goes on.
    """
    left_out = last_step if course.resumed else 0
    moments: list[datetime] = []
    at = course.since
    for rung in ladder.rungs[left_out:]:
        if rung.fraction is not None:
            at = max(at, course.at_fraction(rung.fraction))
        elif rung.after is not None:
            at = deadline(rung.after, course.calendar_of(rung.after), at)
        moments.append(at)
    if ladder.rungs and ladder.repeat is not None:
        fired_again = max(left_out - len(ladder.rungs), 0)
        for _ in range(ladder.repeat.times - fired_again):
            at = deadline(ladder.repeat.every, course.calendar_of(ladder.repeat.every), at)
            moments.append(at)
    return tuple(moments[last_step - left_out :])


def same_spacing(some: tuple[datetime, ...], others: tuple[datetime, ...]) -> bool:
    """Whether two courses of a ladder differ at most in when they begin: one may have stood still for a while."""
    return len(some) == len(others) and all(
        later - earlier == others[place + 1] - others[place] for place, (earlier, later) in enumerate(pairwise(some))
    )


def postpone(moments: tuple[datetime, ...], until: datetime) -> tuple[datetime, ...]:
    """The steps of a ladder that stood still until then: none before it, and as far apart as they were."""
    if not moments:
        return ()
    later = max(until - moments[0], timedelta())
    return tuple(moment + later for moment in moments)
