"""Why a clock is due when it is: the limit's arithmetic, and where it stood still, went on or was extended."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from models.case import Clock
from models.policy.calendar import Calendar
from rules.deadlines.clocks import terms_of
from rules.deadlines.explain import ExplainedStep, explain
from rules.deadlines.explain_words import Both, hours, joined, moment_words
from rules.deadlines.limits import measured
from rules.deadlines.working_time import timetable

_DUE = Both(" → 到期", " → due")


def explain_clock(clock: Clock, calendar: Calendar) -> tuple[ExplainedStep, ...]:
    """The lines from the clock's start to its deadline; of a stopped clock, to where it stands."""
    terms = terms_of(clock)
    if len(clock.intervals) == 1 and clock.runs and not clock.extended:
        return explain(terms, calendar, clock.intervals[0].start)
    return tuple(_with_pauses(clock, calendar))


def _with_pauses(clock: Clock, calendar: Calendar) -> Iterator[ExplainedStep]:
    terms = terms_of(clock)
    times = timetable(calendar)
    left = clock.limit
    yield _line(Both("时限折算:", "the limit comes to "), hours(left), left=left)
    if clock.extended:
        left += clock.extended
        yield _line(Both("批准延期:", "extended by "), hours(clock.extended), left=left)
    for interval in clock.intervals:
        since = moment_words(times.local(interval.start))
        if interval.end is None:
            rest = joined(Both(" 起继续计时,余 ", ": the clock goes on, "), hours(left), Both("", " left"))
            due = (
                joined(Both(":", ": "), moment_words(times.local(clock.due_at)), _DUE) if clock.due_at else Both("", "")
            )
            yield _line(since, rest, due, left=left)
            return
        counted = measured(terms, calendar, interval.start, interval.end)
        left -= counted
        until = moment_words(times.local(interval.end))
        yield _line(
            since, Both(" 至 ", " to "), until, Both(":计 ", ": "), hours(counted), Both(",随后停表", ", then stopped"),
            left=left,
        )  # fmt: skip


def _line(*parts: Both, left: timedelta) -> ExplainedStep:
    said = joined(*parts)
    return ExplainedStep(said.zh, said.en, left=round(left / timedelta(hours=1), 6))


def local_words(moment: datetime, calendar: Calendar) -> Both:
    """A moment in the calendar's zone, with its weekday."""
    return moment_words(timetable(calendar).local(moment))
