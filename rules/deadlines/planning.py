"""The moments at which the steps of a ladder fire if nobody acts. Who is reached is resolved when a step fires."""

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
    """The time of a deadline: the moment of each fraction of its limit from `since` on, and each length's calendar.

    `resumed`: the clock had run before `since`, and the ladder continues from there.
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
    """The plan of a clock whose ladder has fired `last_step` steps already."""
    return Plan(
        calendars=calendars,
        provisional=provisional,
        yellow_at=course.at_fraction(lights.yellow),
        red_at=course.at_fraction(lights.red),
        ceiling_at=ceiling_at,
        rungs=rungs(course, ladder, last_step),
    )


def rungs(course: Timeline, ladder: Ladder, last_step: int = 0) -> tuple[datetime, ...]:
    """The moments of the steps after `last_step`, repeats of the last one included, in rising order.

    A delay counts from the step before it, even if that has fired; after a pause, from the moment of resuming.
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
    """Whether two sequences of steps differ at most in when they begin: one may have been postponed."""
    return len(some) == len(others) and all(
        later - earlier == others[place + 1] - others[place] for place, (earlier, later) in enumerate(pairwise(some))
    )


def postpone(moments: tuple[datetime, ...], until: datetime) -> tuple[datetime, ...]:
    """The steps of a ladder moved so that the first is not before `until`, with the same spacing."""
    if not moments:
        return ()
    later = max(until - moments[0], timedelta())
    return tuple(moment + later for moment in moments)
