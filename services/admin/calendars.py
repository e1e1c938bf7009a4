"""A year of a calendar for people: every day, worked or not, and why."""

from datetime import date, timedelta

from models.base import Frozen
from models.policy.calendar import Calendar
from rules.deadlines.calendar_days import DayKind
from rules.deadlines.working_time import timetable


class CalendarDay(Frozen):
    """A day: its kind and reason, and its spans as "08:30-12:00"."""

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


def build_year(calendar: Calendar, year: int) -> tuple[CalendarMonth, ...]:
    """Return the twelve months of a year."""
    return tuple(_month(calendar, date(year, month, 1)) for month in range(1, 13))


def _month(calendar: Calendar, first: date) -> CalendarMonth:
    times = timetable(calendar)
    next_month = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    days = []
    for offset in range((next_month - first).days):
        day = first + timedelta(days=offset)
        explained = times.explain_day(day)
        days.append(
            CalendarDay(
                day=day,
                kind=explained.kind,
                spans=" ".join(f"{_clock(span.start)}-{_clock(span.end)}" for span in explained.spans),
                reason=explained.reason,
                provisional=times.provisional(day, day),
            )
        )
    padded: list[CalendarDay | None] = [*([None] * first.weekday()), *days]
    padded += [None] * (-len(padded) % 7)
    weeks = tuple(tuple(padded[start : start + 7]) for start in range(0, len(padded), 7))
    return CalendarMonth(first=first, weeks=weeks, workdays=sum(times.is_workday(day.day) for day in days))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
