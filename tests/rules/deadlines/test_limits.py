"""Deadlines: the published oracles, the traps, and laws that hold for every calendar, pause and extension."""

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings, strategies as st
from pydantic import ValidationError

from models.enums import LimitUnit
from models.policy.calendar import Calendar
from models.policy.limits import Length
from rules.deadlines.explain import explain
from rules.deadlines.limits import advance, deadline, measure, round_up, touches_provisional
from rules.deadlines.working_time import timetable
from services.policies.china_calendars import china_year
from tests.rules.calendars import ALWAYS, DAYS, MOMENTS, PARK, SHANGHAI, at, calendar, calendars
from tests.rules.deadlines.test_working_time import MINUTE, NONE, counts

DAY = timedelta(days=1)
WORKING_UNITS = (LimitUnit.WORK_HOUR, LimitUnit.WORK_DAY_8H, LimitUnit.LEGAL_WORK_DAY)


def length(amount: float, unit: str, moves_on: bool = False) -> Length:
    return Length(amount=amount, unit=LimitUnit(unit), moves_on=moves_on)


def due(start: str, amount: float, unit: str, by: Calendar = PARK, *, moves_on: bool = False) -> str:
    """The wall time of a deadline in the park."""
    found = deadline(length(amount, unit, moves_on), by, at(start))
    return found.astimezone(SHANGHAI).replace(tzinfo=None).isoformat()


def unsure(of: Length, by: Calendar, start: datetime) -> bool:
    """Whether its deadline may still move."""
    return touches_provisional(of, by, start, deadline(of, by, start))


def told(start: str, amount: float, unit: str, by: Calendar = PARK, *, moves_on: bool = False) -> list[str]:
    """The arithmetic in English."""
    return [step.en for step in explain(length(amount, unit, moves_on), by, at(start))]


@pytest.mark.parametrize(
    ("start", "amount", "unit", "moves_on", "expected"),
    [
        ("2026-02-13T16:00", 4, "work_hour", False, "2026-02-14T10:30:00"),
        ("2026-02-13T16:00", 5, "legal_work_day", False, "2026-02-27T18:00:00"),
        ("2026-09-24T17:00", 5, "legal_work_day", False, "2026-10-09T18:00:00"),
        ("2026-09-18T10:00", 15, "natural_day", False, "2026-10-03T23:59:59"),
        ("2026-09-18T10:00", 15, "natural_day", True, "2026-10-08T23:59:59"),
        ("2026-02-13T16:00", 4, "urgent_hour", False, "2026-02-13T20:00:00"),
    ],
)
def test_the_oracles_hold(start: str, amount: float, unit: str, moves_on: bool, expected: str) -> None:
    assert due(start, amount, unit, moves_on=moves_on) == expected


def test_trap_a_year_without_calendar_is_provisional_and_does_not_crash() -> None:
    for unit in WORKING_UNITS:
        assert unsure(length(60, unit), PARK, at("2026-11-22T10:00")) == (unit != "work_hour")
        assert not unsure(length(5, unit), PARK, at("2026-11-22T10:00"))
    assert due("2026-11-22T10:00", 60, "legal_work_day") == "2027-02-12T18:00:00", "2027 without any holidays"
    expected = calendar(years=[china_year(2026), china_year(2027)])
    assert due("2026-11-22T10:00", 60, "legal_work_day", expected) == "2027-02-19T18:00:00"
    assert unsure(length(60, "legal_work_day"), expected, at("2026-11-22T10:00"))


def test_natural_time_is_provisional_only_where_a_holiday_could_move_it() -> None:
    start = at("2026-12-20T10:00")
    assert not unsure(length(1_000, "urgent_hour"), PARK, start)
    assert not unsure(length(30, "natural_day"), PARK, start)
    assert unsure(length(30, "natural_day", moves_on=True), PARK, start)
    assert not unsure(length(10, "natural_day", moves_on=True), PARK, start)
    round_the_clock = deadline(length(11, "legal_work_day"), ALWAYS, start)
    assert round_the_clock == at("2027-01-01T00:00"), "24:00 of the old year"


def test_a_deadline_at_midnight_of_the_old_year_does_not_touch_the_new() -> None:
    by = ALWAYS.model_copy(update={"years": PARK.years})
    assert not unsure(length(11, "legal_work_day"), by, at("2026-12-20T10:00"))
    assert not unsure(length(14, "work_hour"), by, at("2026-12-31T10:00"))
    assert unsure(length(14.01, "work_hour"), by, at("2026-12-31T10:00"))


def test_trap_a_make_up_saturday_is_worked() -> None:
    assert due("2026-02-13T17:00", 1, "legal_work_day") == "2026-02-14T18:00:00"
    assert due("2026-02-06T17:00", 1, "legal_work_day") == "2026-02-09T18:00:00", "an ordinary Saturday is not"
    assert due("2026-02-14T12:00", 1, "work_hour") == "2026-02-14T14:30:00"


def test_trap_a_deadline_on_a_holiday_moves_on_only_by_its_rule() -> None:
    assert due("2026-02-10T09:00", 7, "natural_day") == "2026-02-17T23:59:59"
    assert due("2026-02-10T09:00", 7, "natural_day", moves_on=True) == "2026-02-24T23:59:59"
    assert due("2026-02-10T09:00", 4, "natural_day", moves_on=True) == "2026-02-14T23:59:59", "a make-up Saturday"


def test_trap_eight_hours_are_not_a_legal_day() -> None:
    assert due("2026-03-04T10:00", 1, "work_day_8h") == "2026-03-05T10:00:00"
    assert due("2026-03-04T10:00", 1, "legal_work_day") == "2026-03-05T18:00:00"
    assert due("2026-03-04T08:30", 1, "work_day_8h") == "2026-03-04T18:00:00"
    short = calendar(["09:00-12:00"])
    assert due("2026-03-04T09:00", 1, "work_day_8h", short) == "2026-03-06T11:00:00"
    assert due("2026-03-04T09:00", 1, "legal_work_day", short) == "2026-03-05T12:00:00"


def test_a_typhoon_puts_off_working_deadlines_only() -> None:
    closed = PARK.model_copy(
        update={
            "closures": calendar(closures=[{"since": "2026-07-08", "until": "2026-07-09", "reason": "台风"}]).closures
        }
    )
    assert due("2026-07-07T17:00", 2, "work_hour", closed) == "2026-07-10T09:30:00"
    assert due("2026-07-07T17:00", 1, "legal_work_day", closed) == "2026-07-10T18:00:00"
    assert due("2026-07-07T17:00", 1, "natural_day", closed) == "2026-07-08T23:59:59"
    assert "2026-07-08 Wednesday – 2026-07-09 Thursday (2 days) (closed: 台风)" in told(
        "2026-07-07T17:00", 2, "work_hour", closed
    )


@pytest.mark.parametrize(
    ("amount", "unit", "reason"),
    [
        (0, "work_hour", "greater than 0"),
        (-1, "natural_day", "greater than 0"),
        (float("nan"), "work_hour", "greater than 0"),
        (10_000, "natural_day", "too long: 3650 at most"),
        (10_000, "legal_work_day", "too long: 2500 at most"),
        (1.5, "legal_work_day", "counts whole days, not 1.5"),
        (1, "fortnight", "'urgent_hour', 'work_hour', 'work_day_8h', 'legal_work_day' or 'natural_day'"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(amount: float, unit: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Length.model_validate({"amount": amount, "unit": unit})


def test_a_limit_that_no_calendar_can_hold_is_refused() -> None:
    by = calendar(["09:00-09:30"], ["monday"])
    for unit in WORKING_UNITS:
        with pytest.raises(ValueError, match="calendar “test” has too little working time"):
            deadline(length(2_000, unit), by, at("2026-01-01T00:00"))
    for unit in LimitUnit:
        with pytest.raises(ValueError, match="no calendar reaches"):
            deadline(length(48, unit), PARK, datetime(9999, 12, 31, tzinfo=SHANGHAI))


# --- Laws


@st.composite
def lengths(draw: st.DrawFn, units: tuple[LimitUnit, ...] = tuple(LimitUnit)) -> Length:
    unit = draw(st.sampled_from(units))
    halves = 2 if unit in {LimitUnit.LEGAL_WORK_DAY, LimitUnit.NATURAL_DAY} else 1
    amount = draw(st.integers(1, 20)) * halves / 2
    return Length(amount=amount, unit=unit, moves_on=draw(st.booleans()))


@settings(max_examples=40, deadline=None)
@given(lengths(), calendars(), MOMENTS)
def test_a_deadline_is_settled_and_is_reached_by_its_own_measure(one: Length, by: Calendar, start: datetime) -> None:
    end = deadline(one, by, start)
    assert end > start
    assert round_up(one, by, end) == end
    assert round_up(one, by, advance(one, by, start, measure(one, by, start, end))) == end


@settings(max_examples=40, deadline=None)
@given(lengths(), calendars(), MOMENTS, MOMENTS)
def test_a_longer_limit_or_a_later_start_is_never_due_earlier(
    one: Length, by: Calendar, start: datetime, later: datetime
) -> None:
    start, later = sorted((start, later))
    end = deadline(one, by, start)
    assert deadline(one, by, later) >= end
    longer = one.model_copy(update={"amount": one.amount + 1})
    # Days of rest may gather several natural deadlines on one workday.
    assert deadline(longer, by, start) >= end + timedelta(seconds=not one.moves_on)
    assert round_up(one, by, later) >= later
    assert round_up(one, by, later) >= round_up(one, by, start)


@settings(max_examples=40, deadline=None)
@given(lengths(), calendars(), MOMENTS, DAYS)
def test_a_holiday_never_makes_a_deadline_earlier_nor_a_make_up_day_later(
    one: Length, by: Calendar, start: datetime, day: date
) -> None:
    (year,) = by.years
    assume(day not in year.holidays and day not in year.workdays)
    end = deadline(one, by, start)

    def with_one_more(what: str) -> Calendar:
        changed = year.model_copy(update={what: (*getattr(year, what), day)})
        return by.model_copy(update={"years": (changed,)})

    assert deadline(one, with_one_more("holidays"), start) >= end
    if not timetable(by).is_workday(day):
        assert deadline(one, with_one_more("workdays"), start) <= end


# --- Pause, resume, extend: the slow truth, minute by minute and day by day


class SlowClock:
    """A clock that walks. What it owes is run off in minutes that count."""

    def __init__(self, one: Length, by: Calendar, start: datetime) -> None:
        self.one, self.by, self.now = one, by, start
        self.runs = True
        self.owed = self._of(start, deadline(one, by, start))

    def _counts(self, moment: datetime) -> bool:
        return self.one.unit not in WORKING_UNITS or counts(self.by, moment)

    def _of(self, start: datetime, end: datetime) -> timedelta:
        owed = NONE
        while start < end:
            owed += min(MINUTE, end - start) if self._counts(start) else NONE
            start += MINUTE
        return owed

    def wait(self, minutes: int) -> None:
        for _ in range(minutes):
            self.owed -= MINUTE if self.runs and self._counts(self.now) else NONE
            self.now += MINUTE

    def due(self) -> datetime:
        """Where the unit lets the deadline fall, once all that is owed has run off."""
        moment, owed = self.now, self.owed
        while owed > NONE:
            if self._counts(moment):
                if owed <= MINUTE:
                    moment += owed
                    break
                owed -= MINUTE
            moment += MINUTE
        return self._settled(moment)

    def _settled(self, moment: datetime) -> datetime:
        if self.one.unit not in {LimitUnit.LEGAL_WORK_DAY, LimitUnit.NATURAL_DAY}:
            return moment
        times = timetable(self.by)
        legal = self.one.unit is LimitUnit.LEGAL_WORK_DAY
        day = times.local(moment).date() - DAY
        while True:
            if not (legal or self.one.moves_on) or times.spans_on(day):
                wall = timedelta(minutes=times.spans_on(day)[-1].end) if legal else timedelta(days=1, seconds=-1)
                end = datetime(day.year, day.month, day.day, tzinfo=times.zone) + wall
                if end >= moment:
                    return end
            day += DAY


_DEEDS = st.lists(st.tuples(st.sampled_from(["toggle", "extend"]), st.integers(0, 3 * 24 * 60)), max_size=6)


@settings(max_examples=30, deadline=None)
@given(lengths(), calendars(), MOMENTS, _DEEDS)
def test_pauses_and_extensions_in_any_order_agree_with_a_clock_that_walks(
    one: Length, by: Calendar, start: datetime, deeds: list[tuple[str, int]]
) -> None:
    slow = SlowClock(one, by, start)
    total, intervals, since = slow.owed, [], start
    assert total == measure(one, by, start, deadline(one, by, start))
    for deed, minutes in [*deeds, ("stop", 60)]:
        slow.wait(minutes)
        if deed == "extend":
            total += 90 * MINUTE
            slow.owed += 90 * MINUTE
        elif slow.runs:
            intervals.append((since, slow.now))
            slow.runs = False
        elif deed == "toggle":
            since, slow.runs = slow.now, True
    # Whatever came before, the clock goes on now: where it stopped.
    elapsed = sum((measure(one, by, *interval) for interval in intervals), NONE)
    assert total - elapsed == slow.owed
    assert round_up(one, by, advance(one, by, slow.now, total - elapsed)) == slow.due()


# --- Explanations


def test_every_line_is_told_when_the_days_are_few() -> None:
    assert told("2026-02-13T16:00", 4, "work_hour") == [
        "2026-02-13 Friday 16:00–18:00: 2 h; 2 h left",
        "2026-02-14 Saturday (make-up workday) 08:30–10:30: 2 h → due",
    ]
    assert told("2026-02-13T18:30", 1.5, "work_day_8h") == [
        "1.5 days of 8 work hours: 12 h",
        "2026-02-13 Friday: no working time is left on this day",
        "2026-02-14 Saturday (make-up workday) 08:30–12:00, 13:30–18:00: 8 h; 4 h left",
        "2026-02-15 Sunday – 2026-02-23 Monday (9 days) (holiday)",
        "2026-02-24 Tuesday 08:30–12:00, 13:30–14:00: 4 h → due",
    ]


def test_ordinary_days_are_told_in_one_line_when_they_are_many_but_never_the_others() -> None:
    assert told("2026-09-14T10:00", 18, "legal_work_day") == [
        "2026-09-14 Monday: the day of the start is not counted",
        "2026-09-15 Tuesday: day 1 of 18; 17 days left",
        "2026-09-16 Wednesday – 2026-09-19 Saturday (4 days): 3 workdays (days of rest left out); 14 days left",
        "2026-09-20 Sunday (make-up workday): day 5 of 18; 13 days left",
        "2026-09-21 Monday – 2026-09-24 Thursday (4 days): 4 workdays; 9 days left",
        "2026-09-25 Friday – 2026-09-27 Sunday (3 days) (holiday)",
        "2026-09-28 Monday – 2026-09-30 Wednesday (3 days): 3 workdays; 6 days left",
        "2026-10-01 Thursday – 2026-10-07 Wednesday (7 days) (holiday)",
        "2026-10-08 Thursday – 2026-10-09 Friday (2 days): 2 workdays; 4 days left",
        "2026-10-10 Saturday (make-up workday): day 15 of 18; 3 days left",
        "2026-10-11 Sunday – 2026-10-13 Tuesday (3 days): 2 workdays (days of rest left out); 1 day left",
        "2026-10-14 Wednesday: day 18 of 18, close of work 18:00 → due",
    ]


def test_a_natural_deadline_tells_what_it_moves_over() -> None:
    assert told("2026-09-18T10:00", 15, "natural_day", moves_on=True) == [
        "2026-09-18 Friday: the day of the start is not counted",
        "2026-09-19 Saturday – 2026-10-03 Saturday (15 days): 15 days",
        "2026-10-03 Saturday – 2026-10-07 Wednesday (5 days) (holiday): the deadline moves on",
        "2026-10-08 Thursday: the next workday, until 23:59:59 → due",
    ]
    assert told("2026-02-13T16:00", 2.25, "urgent_hour") == [
        "2026-02-13 Friday 16:00 + 2 h 15 min round the clock: 2026-02-13 Friday 18:15 → due"
    ]


def test_a_provisional_deadline_tells_which_year_is_missing() -> None:
    *_, last = explain(length(60, "legal_work_day"), PARK, at("2026-11-22T10:00"))
    assert last.en == "no arrangement is published for 2027: provisional, to be recomputed once it is"
    assert last.zh == "2027 年的放假安排尚未公布:本期限为暂定,公布后重算"


@settings(max_examples=30, deadline=None)
@given(lengths(WORKING_UNITS), calendars(), MOMENTS)
def test_what_is_counted_line_by_line_is_the_limit_and_nothing_is_left(
    one: Length, by: Calendar, start: datetime
) -> None:
    steps = explain(one, by, start)
    each = 8 if one.unit is LimitUnit.WORK_DAY_8H else 1
    assert sum(step.counted or 0 for step in steps) == pytest.approx(one.amount * each)
    assert steps[-1].left == 0
    assert steps[-1].en.endswith(" → due")
    days = [step for step in steps if step.date is not None and step.until is not None]
    assert all(a.until + DAY == b.date for a, b in pairwise(days) if a.until and b.date), "no day is left out"
