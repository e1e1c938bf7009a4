"""The arithmetic of a limit: its deadline by a calendar, in five units that are never mixed.

- `urgent_hour`: hours that run day and night.
- `work_hour`: only working time counts.
- `work_day_8h`: eight work hours each; such a deadline may fall at midday.
- `legal_work_day`: the day of the start is not counted; the last workday ends with its working time
  (民法典 §201, §203).
- `natural_day`: the day of the start is not counted; the last day ends at 24:00 (民法典 §201, §203). The deadline
  is given as 23:59:59, its last second, which keeps the date that people quote (our choice). With `moves_on`, a
  deadline on a day of rest moves to the next workday (§203).

Days are days of the calendar's zone; results are UTC. The *measure* of a unit is the time that pauses stop: working
time for the working units, natural time for the others. After a pause the rest is counted on and then rounded up to a
moment at which the unit allows a deadline.

Every function here raises ValueError for a moment that no calendar reaches and for a calendar with too little working
time.
"""

from datetime import UTC, date, datetime, timedelta

from models.enums import LimitUnit
from models.policy.calendar import Calendar
from models.policy.limits import NATURAL, Length
from rules.deadlines.working_time import Timetable, timetable

#: The hours of a workday in `work_day_8h`, whatever the calendar's workdays are.
HOURS_A_DAY = 8
#: The end of a natural day (our choice, see above).
LAST_SECOND = timedelta(hours=23, minutes=59, seconds=59)
_DAY, _TICK = timedelta(days=1), timedelta.resolution
# Looked up once: finding a member of an enumeration takes longer than comparing it.
_URGENT_HOUR, _LEGAL_WORK_DAY = LimitUnit.URGENT_HOUR, LimitUnit.LEGAL_WORK_DAY
_NATURAL_DAY, _WORK_DAY_8H = LimitUnit.NATURAL_DAY, LimitUnit.WORK_DAY_8H


def deadline(length: Length, calendar: Calendar, start: datetime) -> datetime:
    """The deadline, in UTC, of a limit that starts at `start`; `touches_provisional` says whether it is certain."""
    try:
        return _deadline(length, timetable(calendar), start)
    except OverflowError:
        raise ValueError(f"no calendar reaches {length.amount:g} {length.unit} after {start}") from None


def _deadline(length: Length, times: Timetable, start: datetime) -> datetime:
    unit = length.unit
    if unit is _URGENT_HOUR:
        return start.astimezone(UTC) + timedelta(hours=length.amount)
    if unit is _LEGAL_WORK_DAY:
        return times.close_of(times.workday_after(times.local(start).date(), int(length.amount)))
    if unit is _NATURAL_DAY:
        return _end_of_day(length, times, times.local(start).date() + int(length.amount) * _DAY)
    return times.advance(start, work_time(length))


def _end_of_day(length: Length, times: Timetable, day: date) -> datetime:
    """The end of a natural day, or of the next workday when the length has `moves_on`."""
    return times.at(times.next_workday(day) if length.moves_on else day, LAST_SECOND, ends=True)


def work_time(length: Length) -> timedelta:
    """The working time of a length in work hours or in days of eight of them."""
    return timedelta(hours=length.amount * (HOURS_A_DAY if length.unit is _WORK_DAY_8H else 1))


def measure(length: Length, calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """The time in [start, end) in the measure of `length`; zero when `end` is not after `start`."""
    if length.unit in NATURAL:
        return max(end.astimezone(UTC) - start.astimezone(UTC), timedelta())
    return timetable(calendar).between(start, end)


def advance(length: Length, calendar: Calendar, since: datetime, rest: timedelta) -> datetime:
    """The moment at which `rest`, in the measure of `length`, has passed since `since`; `since` when `rest` is zero."""
    if length.unit not in NATURAL:
        return timetable(calendar).advance(since, rest)
    try:
        return since.astimezone(UTC) + max(rest, timedelta())
    except OverflowError:
        raise ValueError(f"no calendar reaches {rest} after {since}") from None


def round_up(length: Length, calendar: Calendar, moment: datetime) -> datetime:
    """The first moment, not before `moment`, at which the unit of `length` allows a deadline."""
    times = timetable(calendar)
    if length.unit is _LEGAL_WORK_DAY:
        return times.next_close(moment)
    if length.unit is _NATURAL_DAY:
        day = times.local(moment).date()
        end = _end_of_day(length, times, day)
        return end if end >= moment else _end_of_day(length, times, day + _DAY)
    return moment.astimezone(UTC)


def touches_provisional(length: Length, calendar: Calendar, start: datetime, due_at: datetime) -> bool:
    """Whether a limit from `start` to `due_at` depends on a year whose holidays are not published."""
    return bool(unpublished_years(length, calendar, start, due_at))


def unpublished_years(length: Length, calendar: Calendar, start: datetime, due_at: datetime) -> tuple[int, ...]:
    """The years without published holidays on which a limit from `start` to `due_at` depends.

    None for urgent hours; for natural days only with `moves_on`, and only by the days of rest that they moved over.
    """
    if not calendar.years or length.unit is _URGENT_HOUR:
        return ()
    if length.unit is _NATURAL_DAY and not length.moves_on:
        return ()
    times = timetable(calendar)
    first = times.local(start).date()
    # A deadline at 24:00 belongs to the day that ends, not to the next.
    last = times.local(due_at - _TICK).date()
    if length.unit is _NATURAL_DAY:
        first = _earliest_moved_from(times, first, last)
    elif length.unit is _LEGAL_WORK_DAY:
        first = min(first + _DAY, last)
    return times.unpublished(first, last)


def _earliest_moved_from(times: Timetable, first: date, last: date) -> date:
    """The earliest day from which a natural deadline on `last` may have moved on."""
    while last - _DAY > first and not times.is_workday(last - _DAY):
        last -= _DAY
    return last
