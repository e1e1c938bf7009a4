"""The arithmetic of a deadline, line by line, for people: which days count, which do not, and why."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby

from models.enums import LimitUnit
from models.policy.calendar import Calendar
from models.policy.limits import Length
from rules.deadlines.calendar_days import Day, DayKind
from rules.deadlines.explain_texts import (
    NOTHING,
    Bilingual,
    day_note,
    days,
    hours,
    join,
    moment_text,
    period,
    time_text,
)
from rules.deadlines.limits import HOURS_A_DAY, deadline, unpublished_years, work_time
from rules.deadlines.working_time import Timetable, timetable

#: With more days than this (our choice), a run of ordinary days is one line.
_DAY_BY_DAY = 12
_DAY = timedelta(days=1)
_Date = date
_DUE = Bilingual(" → 到期", " → due")
_NOT_COUNTED = Bilingual("起算当日不计", "the day of the start is not counted")


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """One line of the arithmetic, in both languages, for the days `date` to `until`.

    `counted` and `left` are hours, or days for units that count whole days; None where nothing is counted.
    """

    zh: str
    en: str
    date: _Date | None = None
    until: _Date | None = None
    counted: float | None = None
    left: float | None = None


@dataclass(frozen=True, slots=True)
class _CountedDay:
    """A day, how much of it counts (hours or days), and the text for it."""

    day: Day
    amount: timedelta
    text: Bilingual = NOTHING


def explain(length: Length, calendar: Calendar, start: datetime) -> tuple[ExplainedStep, ...]:
    """The steps by which `limits.deadline` reaches its result, from start to deadline. Raises ValueError as it does."""
    times = timetable(calendar)
    due_at = deadline(length, calendar, start)
    match length.unit:
        case LimitUnit.URGENT_HOUR:
            steps = [_urgent_hours(length, times, start, due_at)]
        case LimitUnit.WORK_HOUR | LimitUnit.WORK_DAY_8H:
            steps = list(_work_hours(length, times, start, due_at))
        case LimitUnit.LEGAL_WORK_DAY:
            steps = list(_legal_days(length, times, start, due_at))
        case LimitUnit.NATURAL_DAY:
            steps = list(_natural_days(length, times, start, due_at))
    if years := unpublished_years(length, calendar, start, due_at):
        listed = ", ".join(map(str, years))
        zh = f"{listed} 年的放假安排尚未公布:本期限为暂定,公布后重算"
        en = f"no arrangement is published for {listed}: provisional, to be recomputed once it is"
        steps.append(ExplainedStep(zh, en))
    return tuple(steps)


def _urgent_hours(length: Length, times: Timetable, start: datetime, due_at: datetime) -> ExplainedStep:
    since, until = times.local(start), times.local(due_at)
    span = hours(due_at - start)
    text = join(moment_text(since), Bilingual(f" 起连续 {span.zh},全天计时:", f" + {span.en} round the clock: "))
    text = join(text, moment_text(until), _DUE)
    return ExplainedStep(text.zh, text.en, since.date(), until.date(), _in_hours(due_at - start), 0)


def _work_hours(length: Length, times: Timetable, start: datetime, due_at: datetime) -> Iterator[ExplainedStep]:
    total = work_time(length)
    if length.unit is LimitUnit.WORK_DAY_8H:
        zh = f"{length.amount:g} 天,每天 {HOURS_A_DAY} 个工作小时:共 {hours(total).zh}"
        en = f"{length.amount:g} days of {HOURS_A_DAY} work hours: {hours(total).en}"
        yield ExplainedStep(zh, en, left=_in_hours(total))
    first = times.local(start).date()
    last = max(first, times.local(due_at - timedelta.resolution).date())
    yield from _day_steps(times, [_hours_on(times, day, start, due_at) for day in _range(first, last)], total, hours)


def _hours_on(times: Timetable, day: date, start: datetime, due_at: datetime) -> _CountedDay:
    """The working time of `day` within [start, due_at), and its spans in wall time."""
    explained = times.explain_day(day)
    since = max(start, times.at(day, timedelta(), ends=False))
    until = min(due_at, times.at(day + _DAY, timedelta(), ends=False))
    amount = times.between(since, until)
    if not explained.spans:
        return _CountedDay(explained, amount)
    stretches = []
    for span in explained.spans:
        begins = max(start, times.at(day, timedelta(minutes=span.start), ends=False))
        ends = min(due_at, times.at(day, timedelta(minutes=span.end), ends=True))
        if begins < ends:
            stretches.append(f"{time_text(times.local(begins), day)}–{time_text(times.local(ends), day)}")
    if not amount:
        return _CountedDay(explained, amount, Bilingual(":当日已无工作时间", ": no working time is left on this day"))
    listed = ", ".join(stretches)
    return _CountedDay(explained, amount, join(Bilingual(f" {listed}:", f" {listed}: "), hours(amount)))


def _legal_days(length: Length, times: Timetable, start: datetime, due_at: datetime) -> Iterator[ExplainedStep]:
    first, last = times.local(start).date(), times.local(due_at - timedelta.resolution).date()
    yield _day_step(first, _NOT_COUNTED, length.amount)
    total, number = int(length.amount), 0
    counted = []
    for day in _range(first + _DAY, last):
        explained = times.explain_day(day)
        if not explained.spans:
            counted.append(_CountedDay(explained, timedelta()))
            continue
        number += 1
        text = Bilingual(f":第 {number} 天,共 {total} 天", f": day {number} of {total}")
        if number == total:
            close = time_text(times.local(due_at), day)
            text = join(text, Bilingual(f",{close} 下班", f", close of work {close}"))
        counted.append(_CountedDay(explained, _DAY, text))
    yield from _day_steps(times, counted, total * _DAY, days)


def _natural_days(length: Length, times: Timetable, start: datetime, due_at: datetime) -> Iterator[ExplainedStep]:
    first, due = times.local(start).date(), times.local(due_at).date()
    last = first + int(length.amount) * _DAY
    yield _day_step(first, _NOT_COUNTED, length.amount)
    end = time_text(times.local(due_at), due)
    text = join(period(first + _DAY, last), Bilingual(":共 ", ": "), days(last - first))
    if due == last:
        text = join(text, Bilingual(f",当日 {end} 止", f", until {end}"), _DUE)
    yield ExplainedStep(text.zh, text.en, first + _DAY, last, length.amount, 0)
    if due == last:
        return
    resting = _merge_holidays([_CountedDay(times.explain_day(day), timedelta()) for day in _range(last, due - _DAY)])
    for run in _runs(resting, lambda one: (one.day.kind, one.day.reason)):
        moves = Bilingual(":顺延", ": the deadline moves on")
        text = join(period(run[0].day.date, run[-1].day.date), day_note(run[0].day, times.calendar), moves)
        yield ExplainedStep(text.zh, text.en, run[0].day.date, run[-1].day.date)
    ends = Bilingual(f":下一工作日 {end} 止", f": the next workday, until {end}")
    text = join(period(due, due), day_note(times.explain_day(due), times.calendar), ends, _DUE)
    yield ExplainedStep(text.zh, text.en, due, due)


def _day_steps(
    times: Timetable, counted: list[_CountedDay], total: timedelta, span_text: Callable[[timedelta], Bilingual]
) -> Iterator[ExplainedStep]:
    """The steps for these days: one per day that counts, one per run of days that do not.

    Of many days, each run of ordinary ones is one step.
    """
    ordinary = {DayKind.WORKDAY, DayKind.REST} if len(counted) > _DAY_BY_DAY else set()
    named = _merge_holidays(counted)
    ends = {named[0].day.date, named[-1].day.date}

    def belongs(one: _CountedDay) -> Hashable:
        if one.day.kind in ordinary and one.day.date not in ends:
            return "ordinary"
        return one.day.date if one.day.spans else (one.day.kind, one.day.reason)

    left = total
    for run in _runs(named, belongs):
        amount = sum((one.amount for one in run), timedelta())
        left -= amount
        text = join(period(run[0].day.date, run[-1].day.date), _run_text(times, run, amount, span_text))
        if amount and left:
            text = join(text, Bilingual(";余 ", "; "), span_text(left), Bilingual("", " left"))
        elif amount:
            text = join(text, _DUE)
        in_unit = _in_days if span_text is days else _in_hours
        yield ExplainedStep(
            text.zh, text.en, run[0].day.date, run[-1].day.date, in_unit(amount), in_unit(left)
        )  # fmt: skip


def _run_text(
    times: Timetable, run: list[_CountedDay], amount: timedelta, span_text: Callable[[timedelta], Bilingual]
) -> Bilingual:
    """The text for a run of days: what they are, and how much of them counts."""
    worked = sum(1 for one in run if one.day.spans)
    if worked == 0 or len(run) == 1:
        return join(day_note(run[0].day, times.calendar), run[0].text)
    text = Bilingual(f":{worked} 个工作日", f": {worked} workdays")
    if worked < len(run):
        text = join(text, Bilingual("(休息日不计)", " (days of rest left out)"))
    return text if span_text is days else join(text, Bilingual(",计 ", ", "), span_text(amount))


def _merge_holidays(counted: list[_CountedDay]) -> list[_CountedDay]:
    """The days, with days of rest next to a holiday marked as holidays: a festival is a run of days."""
    found = []
    for free, run in groupby(counted, lambda one: one.day.kind in {DayKind.REST, DayKind.HOLIDAY}):
        days_ = list(run)
        festive = free and any(one.day.kind is DayKind.HOLIDAY for one in days_)
        found += [replace(one, day=replace(one.day, kind=DayKind.HOLIDAY)) for one in days_] if festive else days_
    return found


def _runs(counted: list[_CountedDay], belongs: Callable[[_CountedDay], Hashable]) -> Iterator[list[_CountedDay]]:
    for _, run in groupby(counted, belongs):
        yield list(run)


def _day_step(day: date, text: Bilingual, left: float) -> ExplainedStep:
    text = join(period(day, day), Bilingual(":", ": "), text)
    return ExplainedStep(text.zh, text.en, day, day, 0, left)


def _range(first: date, last: date) -> Iterator[date]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)


def _in_hours(span: timedelta) -> float:
    return round(span / timedelta(hours=1), 6)


def _in_days(span: timedelta) -> float:
    return span.days
