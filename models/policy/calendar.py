"""Calendars: which hours of which days are worked. Versioned data, published with a policy.

The holidays and make-up workdays (调休) of a year are announced by the State Council and cannot be computed. A year
without an announcement is `provisional` or missing; deadlines that reach into it are marked provisional.
"""

import re
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from models.base import Code, Given, OptionalName, Text, fault

MINUTES_A_DAY = 24 * 60
_WALL_TIME = re.compile(r"([0-9]{1,2}):([0-5][0-9])")


def _minutes(value: object) -> object:
    """Return “08:30” as minutes since midnight; 24:00 is the end of the day."""
    if not isinstance(value, str):
        return value
    if (found := _WALL_TIME.fullmatch(value)) is None:
        shown = value[:20] if value.isprintable() else "…"  # half a character could not be sent back
        raise fault(f"“{shown}”不是 08:30 这样的时刻", f"“{shown}” is not a time of day like 08:30")
    return int(found[1]) * 60 + int(found[2])


#: A wall time of a day in minutes, written "08:30"; 24:00 is allowed as an end.
WallTime = Annotated[
    int,
    BeforeValidator(_minutes),
    Field(ge=0, le=MINUTES_A_DAY),
    PlainSerializer(lambda minutes: f"{minutes // 60:02}:{minutes % 60:02}", return_type=str),
]


class Span(Given):
    """A span of working time in a day, half open: from `start` up to, not including, `end`. Written "08:30-12:00"."""

    start: WallTime
    end: WallTime

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            start, dash, end = value.partition("-")
            if not dash:
                raise ValueError(f"“{value}” is not a span like 08:30-12:00")
            return {"start": start.strip(), "end": end.strip()}
        return value

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.end <= self.start:
            raise ValueError("a span ends after it starts")
        return self


def _sort_spans(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    ordered = tuple(sorted(spans, key=lambda span: span.start))
    for one, next_ in pairwise(ordered):
        if next_.start < one.end:
            raise ValueError("spans of one day overlap")
    return ordered


#: The working time of one day, earliest first; spans may touch but never overlap.
Spans = Annotated[tuple[Span, ...], AfterValidator(_sort_spans)]


class Week(Given):
    """The work spans of each weekday; a day without spans is a day of rest."""

    monday: Spans = ()
    tuesday: Spans = ()
    wednesday: Spans = ()
    thursday: Spans = ()
    friday: Spans = ()
    saturday: Spans = ()
    sunday: Spans = ()

    def on(self, weekday: int) -> tuple[Span, ...]:
        """The spans of a weekday, Monday being 0."""
        days = (
            self.monday, self.tuesday, self.wednesday, self.thursday, self.friday, self.saturday, self.sunday,
        )  # fmt: skip
        return days[weekday]


class CalendarYear(Given):
    """One year's holidays on weekdays and its make-up workdays on days of rest.

    `provisional`: not announced yet; these days are only expected.
    """

    year: Annotated[int, Field(ge=1900, le=2200)]
    provisional: bool = False
    holidays: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _one_thing_a_day(self) -> Self:
        if both := sorted(set(self.holidays) & set(self.workdays)):
            raise ValueError(f"a holiday and a make-up workday at once: {', '.join(map(str, both))}")
        if strays := sorted(day for day in (*self.holidays, *self.workdays) if day.year != self.year):
            raise ValueError(f"not in {self.year}: {', '.join(map(str, strays))}")
        return self


class Closure(Given):
    """A local stop of work (a typhoon, a power cut): no working time from `since` to `until`, both inclusive."""

    since: date
    until: date
    reason: Text

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.until < self.since:
            raise ValueError("a closure ends no earlier than it begins")
        return self


class SpecialDay(Given):
    """A day with working time of its own: a half day, or longer hours."""

    day: date
    spans: Spans
    reason: Text


#: The longest closure (our choice): for a longer one, publish another week.
LONGEST_CLOSURE = timedelta(days=366)


class Calendar(Given):
    """The working time of a park or a department.

    `name` is the key by which limits refer to it. The working time of a day is looked up in this order: closures,
    special days, the year's make-up workdays (with the spans of `makeup`) and holidays, the week. `zone` is an IANA
    name; all times here are its wall times.
    """

    name: Code
    name_zh: OptionalName = None
    name_en: OptionalName = None
    zone: str = "Asia/Shanghai"
    week: Week
    makeup: Spans
    years: tuple[CalendarYear, ...] = ()
    closures: tuple[Closure, ...] = ()
    special_days: tuple[SpecialDay, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"there is no time zone “{self.zone}”") from None
        _refuse_duplicates("years", [year.year for year in self.years])
        _refuse_duplicates("special days", [special.day for special in self.special_days])
        if not any(self.week.on(weekday) for weekday in range(7)):
            raise ValueError("no weekday has working time")
        if self.years and any(year.workdays for year in self.years) and not self.makeup:
            raise ValueError("make-up workdays need work spans (`makeup`)")
        for closure in self.closures:
            if closure.until - closure.since > LONGEST_CLOSURE:
                raise ValueError("a closure lasts a year at most")
        return self

    def label(self, language: str) -> str:
        """What people call it in `zh` or `en`; without such a name its key."""
        return (self.name_en if language.startswith("en") else self.name_zh) or self.name


def _refuse_duplicates(what: str, values: list[Any]) -> None:
    if twice := sorted(value for value, times in Counter(values).items() if times > 1):
        raise ValueError(f"{what} given twice: {', '.join(map(str, twice))}")
