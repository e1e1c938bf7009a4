"""The calculation of a clock: the time that its intervals count, its deadline and its plan.

The clocks themselves, and what facts change about them, are in `rules.deadlines.clocks`.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from models.case import Interval
from models.context import Context
from models.enums import Stage
from models.plan import Plan
from models.policy.calendar import Calendar
from models.policy.limits import Length, Limit
from models.policy.standard import Standard
from rules.deadlines.limits import advance, deadline, measure, round_up, touches_provisional
from rules.deadlines.planning import Timeline, plan
from rules.deadlines.standards import NO_LADDER


def calendar_of(length: Length, ctx: Context) -> Calendar:
    """The calendar that counts `length`: the version in force now, else the one of the case's own policy."""
    name = length.calendar or ctx.policy.calendars[0].name
    found = next((calendar for calendar in ctx.calendars if calendar.name == name), None)
    return found or ctx.policy.calendar(name) or ctx.policy.calendars[0]


class ClockCalculation:
    """A clock's limit counted over its intervals by the calendars in force: its length, the time spent, the deadline.

    `more` is the extension granted before extensions were moments. `granted` is the moment of the last extension and
    when it was granted: the deadline is that moment, moved on by the pauses since, unless the limit itself ends later.
    No deadline is after the ceiling.
    """

    def __init__(
        self,
        ctx: Context,
        terms: Limit,
        intervals: tuple[Interval, ...],
        more: timedelta = timedelta(),
        granted: tuple[datetime, datetime] | None = None,
    ) -> None:
        self._ctx = ctx
        self._terms = terms
        self._calendar = calendar_of(terms, ctx)
        self._intervals = intervals
        started = intervals[0].start
        first = deadline(terms, self._calendar, started)
        self.limit = measure(terms, self._calendar, started, first)
        self.provisional = touches_provisional(terms, self._calendar, started, first)
        self._since = intervals[-1].start
        self._spent = counted_time(terms, self._calendar, intervals[:-1], self._since)
        self._total = self.limit + (more if granted is None else timedelta())
        untouched = len(intervals) == 1 and self._total == self.limit
        due_at = first if untouched else self._deadline_after(self._total)
        if granted is not None:
            due_at = max(due_at, *(moment for _, moment in granted_moments(terms, self._calendar, intervals, *granted)))
        self.ceiling_at = self._ceiling(first)
        # A limit longer than its own ceiling is a fault of the policy; its rehearsal has to see the deadline as it is.
        as_published = untouched and granted is None
        capped = self.ceiling_at is not None and due_at > self.ceiling_at and not as_published
        self.due_at = self.ceiling_at if capped and self.ceiling_at is not None else due_at
        if capped or granted is not None:
            self._total = self._spent + measure(terms, self._calendar, self._since, self.due_at)
        if self.due_at != first:
            self.provisional |= touches_provisional(terms, self._calendar, self._since, max(self.due_at, self._since))

    def with_deadline(self, due_at: datetime) -> "ClockCalculation":
        """Set another deadline and return this calculation."""
        self.due_at = due_at
        return self

    def _deadline_after(self, total: timedelta) -> datetime:
        rest = total - self._spent
        return round_up(
            self._terms, self._calendar, advance(self._terms, self._calendar, self._since, max(rest, timedelta()))
        )

    def _ceiling(self, first: datetime) -> datetime | None:
        """The latest deadline that the limit allows, counted from the clock's own start; None when there is none.

        Pauses do not move the ceiling of a statutory limit, which without a named ceiling is its own deadline. They
        move the ceiling of any other limit.
        """
        ceiling = self._terms.ceiling
        if ceiling is None:
            return first if self._terms.is_statutory else None
        calendar, began = calendar_of(ceiling, self._ctx), self._intervals[0].start
        end = deadline(ceiling, calendar, began)
        if self._terms.is_statutory or len(self._intervals) == 1:
            return end
        rest = measure(ceiling, calendar, began, end) - counted_time(
            ceiling, calendar, self._intervals[:-1], self._since
        )
        return round_up(ceiling, calendar, advance(ceiling, calendar, self._since, max(rest, timedelta())))

    def at_fraction(self, fraction: float) -> datetime:
        """When that fraction of the limit, with extensions, has been counted; above 1, counted from the deadline."""
        if fraction == 1:
            return self.due_at
        if fraction > 1:
            return advance(self._terms, self._calendar, self.due_at, self._total * (fraction - 1))
        rest = self._total * fraction - self._spent
        return min(advance(self._terms, self._calendar, self._since, max(rest, timedelta())), self.due_at)

    def plan(self, standard: Standard, stage: Stage | None, last_step: int = 0) -> Plan:
        """The plan of what time does to the clock from here on: lights and ladder steps."""
        ladder = self._ctx.policy.ladder(standard.ladder) or NO_LADDER
        resumed = len(self._intervals) > 1
        course = Timeline(self.at_fraction, self._since, lambda length: calendar_of(length, self._ctx), resumed)
        return plan(
            course,
            ladder,
            standard.lights,
            last_step,
            calendars=self._ctx.calendars_version,
            provisional=self.provisional,
            ceiling_at=self.ceiling_at,
        )


def granted_moments(
    length: Length, calendar: Calendar, intervals: tuple[Interval, ...], granted: datetime, at: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The moment granted at `at`, and the later moments to which stops have moved it: (when it stopped, the moment).

    The first is the grant itself. The time left when the clock stops is the time left when it resumes.
    """
    yield at, granted
    for before, after in pairwise(intervals):
        if before.end is None or before.end < at or granted <= before.end:
            continue
        rest = measure(length, calendar, before.end, granted)
        granted = round_up(length, calendar, advance(length, calendar, after.start, rest))
        yield before.end, granted


def counted_time(length: Length, calendar: Calendar, intervals: Iterable[Interval], now: datetime) -> timedelta:
    """The time of the intervals up to `now`, in the measure of `length`."""
    return sum(
        (measure(length, calendar, i.start, i.end or max(now, i.start)) for i in intervals),
        timedelta(),
    )
