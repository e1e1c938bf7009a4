"""The kind of each day of a calendar: why it is worked or not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from models.policy.calendar import Calendar, Span


class DayKind(StrEnum):
    """Why a day is worked or not: the first of these that applies; the last two follow from the week."""

    CLOSURE = "closure"
    SPECIAL = "special"
    MAKEUP = "makeup"
    HOLIDAY = "holiday"
    WORKDAY = "workday"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a calendar with its kind and working time. `reason` is set only for closures and special days."""

    date: date
    kind: DayKind
    spans: tuple[Span, ...]
    reason: str = ""


def exceptions(calendar: Calendar) -> Iterator[Day]:
    """The days that differ from their weekday. When one day comes twice, the later entry counts."""
    for year in calendar.years:
        yield from (Day(day, DayKind.HOLIDAY, ()) for day in year.holidays)
        yield from (Day(day, DayKind.MAKEUP, calendar.makeup) for day in year.workdays)
    for special in calendar.special_days:
        yield Day(special.day, DayKind.SPECIAL, special.spans, special.reason)
    for closure in calendar.closures:
        for ordinal in range(closure.since.toordinal(), closure.until.toordinal() + 1):
            yield Day(date.fromordinal(ordinal), DayKind.CLOSURE, (), closure.reason)
