"""A calendar as people look at it: every day of a year, worked or not, and why."""

from datetime import date, timedelta

from models.base import Frozen
from models.policy.calendar import Calendar
from rules.deadlines.calendar_days import DayKind
from rules.deadlines.working_time import timetable


class CalendarDay(Frozen):
    """A day: why it is as it is, and its spans as "08:30-12:00"."""

    day: date
    kind: DayKind
    spans: str
    reason: str
    provisional: bool


class CalendarMonth(Frozen):
    """A month in weeks from Monday on; None fills the weeks at both ends."""

    first: date
    weeks: tuple[tuple[CalendarDay | None, ...], ...]
    workdays: int


def year_of(calendar: Calendar, year: int) -> tuple[CalendarMonth, ...]:
    """The twelve months."""
    return tuple(_month(calendar, date(year, month, 1)) for month in range(1, 13))


def _month(calendar: Calendar, first: date) -> CalendarMonth:
    times = timetable(calendar)
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    days = []
    for place in range((after - first).days):
        day = first + timedelta(days=place)
        found = times.why(day)
        days.append(
            CalendarDay(
                day=day,
                kind=found.kind,
                spans=" ".join(f"{_clock(span.start)}-{_clock(span.end)}" for span in found.spans),
                reason=found.reason,
                provisional=times.provisional(day, day),
            )
        )
    padded: list[CalendarDay | None] = [*([None] * first.weekday()), *days]
    padded += [None] * (-len(padded) % 7)
    weeks = tuple(tuple(padded[at : at + 7]) for at in range(0, len(padded), 7))
    return CalendarMonth(first=first, weeks=weeks, workdays=sum(times.is_workday(day.day) for day in days))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
