"""Working time by a calendar: how much lies between two moments, and when a given amount has passed.

Instants are aware; inside and in results they are UTC, callers localise. Spans are half open. A span to 24:00 and
one from 00:00 of the next day are continuous. `wall_time` says how daylight saving is read; where it would make spans
overlap (one ends and the next starts in the doubled hour), the later one is shortened: no moment counts twice.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from weakref import ref
from zoneinfo import ZoneInfo

from models.policy.calendar import Calendar, Span
from rules.deadlines.calendar_days import Day, DayKind, exceptions
from rules.deadlines.wall_time import MINUTE, length_of, moment, plain, steady_offsets, to_datetime, to_int

#: How far ahead working time is searched for (our choice): a calendar that has too little of it is an error.
HORIZON_YEARS = 30
#: How many years one timetable keeps; beyond that it is cleared.
_YEARS_KEPT = 200
#: How many calendars are cached by identity, and how many timetables by the content of their calendar.
_CALENDARS_KEPT, _TIMETABLES_KEPT = 4_096, 64


@dataclass(frozen=True, slots=True)
class _Year:
    """The spans of a year in microseconds since the epoch, and its workdays as ordinals with the ends of their work."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    """Working time of the year before each span."""
    total: int
    days: list[int]
    closes: list[int]

    def worked(self, until: int) -> int:
        """The working time of the year before `until`."""
        i = bisect_right(self.starts, until) - 1
        return 0 if i < 0 else self.before[i] + min(until, self.ends[i]) - self.starts[i]


_NONE = timedelta()


class Timetable:
    """The working time of one calendar, built year by year when needed. See `timetable`."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.zone = ZoneInfo(calendar.zone)
        self._published = frozenset(year.year for year in calendar.years if not year.provisional)
        self._exceptions = {day.date.toordinal(): day for day in exceptions(calendar)}
        self._week = tuple(calendar.week.on(weekday) for weekday in range(7))
        self._years: dict[int, _Year] = {}

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time in [start, end); zero when `end` is not after `start`."""
        first, last = to_int(start), to_int(end)
        if last <= first:
            return _NONE
        years = range(self.local(start).year, self.local(end).year + 1)
        counted = 0
        for number in years:
            year = self._year(number)
            counted += year.worked(last) if number == years[-1] else year.total
            counted -= year.worked(first) if number == years[0] else 0
        return timedelta(microseconds=counted)

    def advance(self, start: datetime, span: timedelta) -> datetime:
        """The earliest moment at which `span` of working time has passed since `start`; `start` when it is zero.

        Raises ValueError when that takes longer than `HORIZON_YEARS`.
        """
        if span <= _NONE:
            return start.astimezone(UTC)
        first = self.local(start).year
        wanted = self._year(first).worked(to_int(start)) + length_of(span)
        for number in self._ahead(first):
            year = self._year(number)
            if wanted <= year.total:
                i = bisect_left(year.before, wanted) - 1
                return to_datetime(year.starts[i] + wanted - year.before[i])
            wanted -= year.total
        raise self._too_little(f"{span / timedelta(hours=1):g} h")

    def is_workday(self, day: date) -> bool:
        """Whether any time is worked on `day`."""
        return bool(self.spans_on(day))

    def workday_after(self, day: date, n: int) -> date:
        """The `n`-th workday after `day`, from 1. Raises ValueError when it is more than `HORIZON_YEARS` away."""
        if n < 1:
            raise ValueError("workdays are counted from 1")
        index = bisect_right(self._year(day.year).days, day.toordinal()) + n - 1
        for number in self._ahead(day.year):
            days = self._year(number).days
            if index < len(days):
                return date.fromordinal(days[index])
            index -= len(days)
        raise self._too_little(f"{n} workdays")

    def next_workday(self, day: date) -> date:
        """`day` itself, or the first workday after it. Raises ValueError like `workday_after`."""
        return day if self.is_workday(day) else self.workday_after(day, 1)

    def close_of(self, day: date) -> datetime:
        """The end of the last span of a workday. Raises ValueError for a day of rest."""
        year = self._year(day.year)
        i = bisect_left(year.days, day.toordinal())
        if i == len(year.days) or year.days[i] != day.toordinal():
            raise ValueError(f"{day} is not a workday in calendar “{self.calendar.name}”")
        return to_datetime(year.closes[i])

    def next_close(self, since: datetime) -> datetime:
        """The first end of a workday that is not before `since`. Raises ValueError like `workday_after`."""
        at = to_int(since)
        # Work that ends at 24:00 on New Year's Eve belongs to the old year.
        for number in self._ahead(self.local(to_datetime(at - 1)).year):
            closes = self._year(number).closes
            i = bisect_left(closes, at)
            if i < len(closes):
                return to_datetime(closes[i])
        raise self._too_little("one workday")

    def provisional(self, first: date, last: date) -> bool:
        """Whether the holidays of a year between the two days are missing or provisional."""
        return bool(self.unpublished(first, last))

    def unpublished(self, first: date, last: date) -> tuple[int, ...]:
        """The years between the two days whose holidays are missing or provisional.

        A calendar without any years has no holidays: nothing is missing.
        """
        if not self.calendar.years:
            return ()
        return tuple([year for year in range(first.year, last.year + 1) if year not in self._published])

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """The working time of `day`, in wall time."""
        return self._spans(day.toordinal())

    def explain_day(self, day: date) -> Day:
        """The kind of `day`, with its working time and the reason."""
        ordinal = day.toordinal()
        spans = self._week[(ordinal - 1) % 7]
        return self._exceptions.get(ordinal) or Day(day, DayKind.WORKDAY if spans else DayKind.REST, spans)

    def local(self, instant: datetime) -> datetime:
        """`instant` as wall time of the calendar's zone. Raises ValueError when it is outside the range of dates."""
        try:
            return instant.astimezone(self.zone)
        except OverflowError:
            raise _out_of_reach(instant.year) from None

    def at(self, day: date, wall: timedelta, *, ends: bool) -> datetime:
        """The moment of a wall time since midnight, up to 24:00, as a start or as an end (see `wall_time`)."""
        return moment(self.zone, day, wall, ends=ends)

    def _ahead(self, first: int) -> range:
        return range(first, first + HORIZON_YEARS + 1)

    def _spans(self, ordinal: int) -> tuple[Span, ...]:
        exception = self._exceptions.get(ordinal)
        return self._week[(ordinal - 1) % 7] if exception is None else exception.spans

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        if year is None:
            if len(self._years) >= _YEARS_KEPT:
                self._years.clear()
            year = self._years[number] = self._build(number)
        return year

    def _build(self, number: int) -> _Year:
        if not date.min.year < number < date.max.year:
            raise _out_of_reach(number)
        starts: list[int] = []
        ends: list[int] = []
        before: list[int] = []
        days: list[int] = []
        closes: list[int] = []
        first, last = date(number, 1, 1).toordinal(), date(number, 12, 31).toordinal()
        total, latest = 0, plain(first - 2, 0)
        # The day before matters only for the earliest start of the first day: its end can be in the doubled hour.
        for ordinal, offset in enumerate(steady_offsets(self.zone, first - 1, last), start=first - 1):
            for span in (spans := self._spans(ordinal)):
                start, end = self._moments(ordinal, span, offset)
                start, latest = max(start, latest), max(end, latest)
                if end > start and ordinal >= first:
                    starts.append(start)
                    ends.append(end)
                    before.append(total)
                    total += end - start
            if spans and ordinal >= first:
                days.append(ordinal)
                closes.append(latest)
        return _Year(starts, ends, before, total, days, closes)

    def _moments(self, ordinal: int, span: Span, offset: int | None) -> tuple[int, int]:
        if offset is not None:
            midnight = plain(ordinal, -offset)
            return midnight + span.start * MINUTE, midnight + span.end * MINUTE
        day = date.fromordinal(ordinal)
        start = moment(self.zone, day, timedelta(minutes=span.start), ends=False)
        return to_int(start), to_int(moment(self.zone, day, timedelta(minutes=span.end), ends=True))

    def _too_little(self, wanted: str) -> ValueError:
        return ValueError(
            f"calendar “{self.calendar.name}” has too little working time: not {wanted} within {HORIZON_YEARS} years"
        )


def _out_of_reach(year: int) -> ValueError:
    return ValueError(f"no calendar reaches the year {year}")


#: Timetables by identity, for speed, without keeping a calendar alive; and by content, shared by equal calendars.
_by_identity: dict[int, tuple["ref[Calendar]", Timetable]] = {}
_by_content: dict[Calendar, Timetable] = {}


def timetable(calendar: Calendar) -> Timetable:
    """The timetable of `calendar`, built once for all equal calendars.

    Cached by the identity of the object: hashing a calendar takes longer than computing a deadline.
    """
    known = _by_identity.get(id(calendar))
    if known is not None and known[0]() is calendar:
        return known[1]
    found = _by_content.get(calendar)
    if found is None:
        if len(_by_content) >= _TIMETABLES_KEPT:
            _by_content.clear()
            _by_identity.clear()
        found = _by_content[calendar] = Timetable(calendar)
    if len(_by_identity) >= _CALENDARS_KEPT:
        _by_identity.clear()
    _by_identity[id(calendar)] = ref(calendar), found
    return found
