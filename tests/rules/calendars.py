"""Calendars to count by: the park's, and invented ones."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from models.policy.calendar import Calendar, CalendarYear, Closure, Span, SpecialDay, Week
from services.policies.china_calendars import china_year

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = ("08:30-12:00", "13:30-18:00")
WORKING = ("monday", "tuesday", "wednesday", "thursday", "friday")


def calendar(spans: Sequence[str] = OFFICE, days: Sequence[str] = WORKING, **more: object) -> Calendar:
    """A calendar with the same working time on each of `days`."""
    week = dict.fromkeys(days, spans)
    return Calendar.model_validate({"name": "test", "week": week, "makeup": spans, **more})


def every_day(*spans: str, zone: str = "Asia/Shanghai") -> Calendar:
    """A calendar with the same working time on every day, and no holidays."""
    return calendar(spans, tuple(Week.model_fields), zone=zone)


#: The park's calendar of the demonstration: office hours on Chinese workdays, 2024 to 2026 as published.
PARK = calendar(years=[china_year(year) for year in (2024, 2025, 2026)])
ALWAYS = every_day("00:00-24:00")


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A moment by its wall time."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


_FIRST = date(2026, 3, 16)
#: Days of a few weeks around Europe's change of the clocks, 2026-03-29.
DAYS = st.integers(0, 27).map(lambda n: _FIRST + timedelta(days=n))
#: Whole minutes in those weeks; UTC suits every zone.
MOMENTS = st.integers(0, 27 * 24 * 60).map(
    lambda n: datetime(2026, 3, 16, tzinfo=ZoneInfo("UTC")) + timedelta(minutes=n)
)


@st.composite
def spans_of_a_day(draw: st.DrawFn) -> tuple[Span, ...]:
    """Up to three spans that neither begin nor end between 00:30 and 03:30, when clocks are changed."""
    hours = draw(st.sets(st.sampled_from([0, *range(7, 49)]), min_size=2, max_size=6).map(sorted))
    pairs = zip(hours[::2], hours[1::2], strict=False)
    return tuple(Span(start=start * 30, end=end * 30) for start, end in pairs)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """A calendar with holidays, make-up workdays, a closure and a special day, in one of several zones."""
    weekday = spans_of_a_day()
    week = Week(**dict(zip(WORKING, draw(st.lists(weekday, min_size=5, max_size=5)), strict=True)))
    free = draw(st.sets(DAYS.filter(lambda day: day.weekday() < 5), max_size=5))
    made_up = draw(st.sets(DAYS.filter(lambda day: day.weekday() >= 5), max_size=3))
    closures = draw(st.lists(DAYS, max_size=1))
    special = draw(st.dictionaries(DAYS, st.one_of(st.just(()), weekday), max_size=2))
    return Calendar(
        name="any",
        zone=draw(st.sampled_from(["Asia/Shanghai", "Europe/London", "Australia/Lord_Howe"])),
        week=week,
        makeup=draw(weekday),
        years=(CalendarYear(year=2026, holidays=tuple(sorted(free)), workdays=tuple(sorted(made_up))),),
        closures=tuple(Closure(since=day, until=day + timedelta(days=2), reason="typhoon") for day in closures),
        special_days=tuple(SpecialDay(day=day, spans=s, reason="special") for day, s in special.items()),
    )
