"""Working time: half-open spans, clocks that are changed, days that are what they are for a reason, and an end."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from models.policy.calendar import Calendar
from rules.deadlines.calendar_days import DayKind
from rules.deadlines.working_time import HORIZON_YEARS, timetable
from services.policies.china_calendars import china_year
from tests.rules.calendars import ALWAYS, MOMENTS, PARK, at, calendar, calendars, every_day

HOUR, MINUTE, NONE = timedelta(hours=1), timedelta(minutes=1), timedelta()
YEAR_2026 = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]


def counts(by: Calendar, moment: datetime) -> bool:
    """The slow truth: whether the wall time of `moment` is in a span of its day."""
    local = moment.astimezone(ZoneInfo(by.zone))
    minute = local.hour * 60 + local.minute
    return any(span.start <= minute < span.end for span in timetable(by).spans_on(local.date()))


@settings(max_examples=50, deadline=None)
@given(calendars(), MOMENTS, st.integers(0, 4 * 24 * 60))
def test_it_agrees_with_counting_minute_by_minute(by: Calendar, start: datetime, minutes: int) -> None:
    counted = sum(counts(by, start + n * MINUTE) for n in range(minutes))
    assert timetable(by).between(start, start + minutes * MINUTE) == counted * MINUTE


@settings(max_examples=50, deadline=None)
@given(calendars(), MOMENTS, MOMENTS, MOMENTS, st.integers(1, 100 * 60))
def test_stretches_add_up_and_an_advance_is_the_earliest_moment(
    by: Calendar, a: datetime, b: datetime, c: datetime, minutes: int
) -> None:
    times = timetable(by)
    a, b, c = sorted((a, b, c))
    assert times.between(a, b) + times.between(b, c) == times.between(a, c)
    span = minutes * MINUTE
    reached = times.advance(a, span)
    assert times.between(a, reached) == span
    assert times.between(a, reached - timedelta.resolution) < span
    half = times.advance(a, span / 2)
    assert times.advance(half, span - span / 2) == reached


def test_spans_are_half_open() -> None:
    times = timetable(PARK)
    assert times.between(at("2026-03-02T12:00"), at("2026-03-02T13:30")) == NONE
    assert times.between(at("2026-03-02T11:59:59.999999"), at("2026-03-02T13:30")) == timedelta.resolution
    assert times.advance(at("2026-03-02T08:30"), 3.5 * HOUR) == at("2026-03-02T12:00"), "not 13:30"
    assert times.advance(at("2026-03-02T12:00"), timedelta.resolution) > at("2026-03-02T13:30")
    assert times.between(at("2026-03-02T13:00"), at("2026-03-02T10:00")) == NONE
    assert times.advance(at("2026-03-01T10:00"), NONE) == at("2026-03-01T10:00"), "also on a Sunday"


def test_a_span_to_midnight_runs_on_into_the_next_day() -> None:
    times = timetable(ALWAYS)
    assert times.advance(at("2026-12-31T23:00"), 2 * HOUR) == at("2027-01-01T01:00")
    assert times.between(at("2026-12-31T23:59"), at("2027-01-01T00:01")) == 2 * MINUTE
    assert times.close_of(date(2026, 12, 31)) == at("2027-01-01T00:00")
    assert times.next_close(at("2027-01-01T00:00")) == at("2027-01-01T00:00"), "midnight is the close of the day before"
    assert times.next_close(at("2027-01-01T00:00:01")) == at("2027-01-02T00:00")


@pytest.mark.parametrize(
    ("zone", "spans", "day", "hours"),
    [
        ("Europe/London", ("00:00-04:00",), "2026-03-29", 3),
        ("Europe/London", ("00:00-04:00",), "2026-10-25", 5),
        ("America/New_York", ("00:00-04:00",), "2026-03-08", 3),
        ("America/New_York", ("00:00-04:00",), "2026-11-01", 5),
        ("Australia/Lord_Howe", ("00:00-04:00",), "2026-10-04", 3.5),
        ("Australia/Lord_Howe", ("00:00-04:00",), "2026-04-05", 4.5),
        # 01:30 does not exist on 29 March: it is read as 02:30, with the offset before the jump.
        ("Europe/London", ("00:30-01:30",), "2026-03-29", 1),
        ("Europe/London", ("01:30-03:00",), "2026-03-29", 0.5),
        ("Europe/London", ("00:30-01:30", "01:30-04:00"), "2026-03-29", 2.5),
        ("Europe/London", ("01:00-02:00",), "2026-03-29", 0),
        # 01:30 happens twice on 25 October: an end is the second, a start the first; nothing counts twice.
        ("Europe/London", ("00:00-01:30",), "2026-10-25", 2.5),
        ("Europe/London", ("01:30-03:00",), "2026-10-25", 2.5),
        ("Europe/London", ("00:00-01:30", "01:30-03:00"), "2026-10-25", 4),
        # Midnight itself happens twice in Havana, and does not exist in Beirut.
        ("America/Havana", ("00:00-24:00",), "2026-11-01", 24),
        ("America/Havana", ("00:00-24:00",), "2026-10-31", 25),
        ("Asia/Beirut", ("00:00-24:00",), "2026-03-29", 23),
    ],
)
def test_changed_clocks_follow_the_one_rule(zone: str, spans: tuple[str, ...], day: str, hours: float) -> None:
    times = timetable(every_day(*spans, zone=zone))
    close = times.close_of(date.fromisoformat(day))
    before = times.close_of(date.fromisoformat(day) - timedelta(days=1))
    assert times.between(before, close) == hours * HOUR


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Havana"])
def test_round_the_clock_counts_every_moment_once_in_any_zone(zone: str) -> None:
    times = timetable(every_day("00:00-24:00", zone=zone))
    start = datetime(2025, 12, 30, tzinfo=UTC)
    for hours in range(0, 24 * 800, 7):
        assert times.advance(start, (hours + 0.5) * HOUR) == start + (hours + 0.5) * HOUR


def test_a_closure_wins_over_everything_and_a_special_day_over_the_year() -> None:
    by = calendar(
        years=[{"year": 2026, "holidays": ["2026-03-02", "2026-03-03"], "workdays": ["2026-02-28", "2026-03-07"]}],
        closures=[{"since": "2026-02-27", "until": "2026-03-02", "reason": "typhoon"}],
        special_days=[
            {"day": "2026-03-02", "spans": ["08:30-12:00"], "reason": "count"},
            {"day": "2026-03-03", "spans": ["08:30-12:00"], "reason": "half day"},
        ],
    )
    times = timetable(by)
    found = {day.day: times.explain_day(day) for day in (date(2026, 3, n) for n in range(1, 9))}
    kinds = [found[n].kind.value for n in range(1, 9)]
    assert kinds == ["closure", "closure", "special", "workday", "workday", "workday", "makeup", "rest"]
    assert times.explain_day(date(2026, 2, 28)).kind is DayKind.CLOSURE, "a make-up workday as well"
    assert (found[2].reason, found[3].reason) == ("typhoon", "half day")
    assert times.close_of(date(2026, 3, 3)) == at("2026-03-03T12:00")
    assert times.next_workday(date(2026, 2, 27)) == date(2026, 3, 3)
    assert times.workday_after(date(2026, 3, 3), 4) == date(2026, 3, 7)
    with pytest.raises(ValueError, match="2026-03-02 is not a workday"):
        times.close_of(date(2026, 3, 2))


def test_2026_has_248_workdays_and_nine_days_off_at_spring_festival() -> None:
    times = timetable(PARK)
    worked = [day for day in YEAR_2026 if times.is_workday(day)]
    assert len(worked) == 248
    assert [f"{day:%m-%d}" for day in worked if times.explain_day(day).kind is DayKind.MAKEUP] == [
        "01-04", "02-14", "02-28", "05-09", "09-20", "10-10"
    ]  # fmt: skip
    longest = max(pairwise(worked), key=lambda pair: pair[1] - pair[0])
    assert longest == (date(2026, 2, 14), date(2026, 2, 24)), "free from 15 to 23 February"


def test_only_a_calendar_with_years_can_lack_one() -> None:
    new_year = date(2026, 12, 31), date(2027, 1, 1)
    assert timetable(PARK).unpublished(*new_year) == (2027,)
    assert timetable(ALWAYS).unpublished(*new_year) == ()
    assert not timetable(PARK).provisional(date(2024, 1, 1), date(2026, 12, 31))
    expected = timetable(calendar(years=[china_year(2026), china_year(2027)]))
    assert expected.unpublished(date(2026, 12, 31), date(2028, 1, 1)) == (2027, 2028)


def test_a_search_for_working_time_ends() -> None:
    years = range(2026, 2026 + HORIZON_YEARS + 2)
    closures = [{"since": f"{year}-01-01", "until": f"{year}-12-31", "reason": "for ever"} for year in years]
    times = timetable(calendar(closures=closures))
    searches: tuple[Callable[[], object], ...] = (
        lambda: times.advance(at("2026-03-01T00:00"), MINUTE),
        lambda: times.workday_after(date(2026, 3, 1), 1),
        lambda: times.next_workday(date(2026, 3, 1)),
        lambda: times.next_close(at("2026-03-01T00:00")),
    )
    for search in searches:
        with pytest.raises(ValueError, match=r"too little working time: not .* within 30 years"):
            search()
    assert times.between(at("2026-03-01T00:00"), at("2056-03-01T00:00")) == NONE
    with pytest.raises(ValueError, match="no calendar reaches the year 9999"):
        times.advance(datetime(9999, 12, 31, 12, tzinfo=UTC), HOUR)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError, match="naive"):
        timetable(PARK).between(datetime(2026, 1, 1), datetime(2026, 1, 2))  # noqa: DTZ001


def test_calendars_that_say_the_same_share_a_timetable() -> None:
    times = timetable(PARK)
    assert timetable(PARK) is times
    assert timetable(Calendar.model_validate(PARK.model_dump(mode="json"))) is times
    assert timetable(PARK.model_copy(update={"zone": "Asia/Tokyo"})) is not times
