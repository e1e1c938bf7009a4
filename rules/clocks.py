"""Clocks: lists of running intervals. Elapsed time is a pure function of them, never a stored counter.

Limits here are spans of natural time.
"""

from datetime import datetime, timedelta

from models.case import Case, Clock, Interval
from models.facts import Due
from models.policy import Policy
from models.words import Stage


def start(policy: Policy, category: str, stage: Stage, at: datetime) -> Due:
    """The clock that `stage` starts at `at`, by the category's standard."""
    found = policy.category(category)
    assert found is not None, "a case is received only in a category of its policy"
    limit = found.limits.of(stage)
    return Due(stage=stage, limit=limit.span, source=limit.source, started_at=at, due_at=at + limit.span)


def begun(due: Due, round_: int) -> Clock:
    """The clock that the fact `due` started."""
    return Clock(
        stage=due.stage,
        round=round_,
        limit=due.limit,
        source=due.source,
        intervals=(Interval(start=due.started_at),),
        due_at=due.due_at,
    )


def elapsed(clock: Clock, now: datetime) -> timedelta:
    """How much time has counted up to `now`."""
    return sum(((i.end or max(now, i.start)) - i.start for i in clock.intervals), timedelta())


def due_if_resumed(clock: Clock, at: datetime) -> datetime:
    """The deadline of a stopped clock that goes on at `at`: it continues where it stopped."""
    return at + clock.limit + clock.extended - elapsed(clock, at)


def due_with_limit(clock: Clock, limit: timedelta) -> datetime | None:
    """The deadline of the clock under another limit; None while it is stopped."""
    return None if clock.due_at is None else clock.due_at - clock.limit + limit


def stopped(clock: Clock, at: datetime) -> Clock:
    """The clock with its running interval closed at `at`, and no deadline until it goes on."""
    if not clock.runs:
        return clock
    *before, last = clock.intervals
    closed = Interval(start=last.start, end=max(at, last.start))
    return clock.model_copy(update={"intervals": (*before, closed), "due_at": None})


def resumed(clock: Clock, since: datetime, due_at: datetime) -> Clock:
    """The clock running again from `since`, to the deadline that the fact names."""
    return clock.model_copy(update={"intervals": (*clock.intervals, Interval(start=since)), "due_at": due_at})


def ended(clock: Clock, at: datetime) -> Clock:
    """The clock of a stage that is over; its last deadline stays readable."""
    return stopped(clock, at).model_copy(update={"due_at": clock.due_at, "ended_at": at})


def is_overdue(case: Case) -> bool:
    """Whether the deadline of the stage the case is in has passed."""
    return case.clock is not None and case.clock.overdue_at is not None
