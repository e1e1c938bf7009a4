"""Chinese years in a policy file: `china: {from: 2024, to: 2028}` under a calendar, expanded into its `years`.

The expansion happens once, when the file is read; what is published are plain dates that never change with a package.
Years up to the last published notice come from `chinesecalendar`, and each of their days is checked against `holidays`;
later years are provisional: the holidays that `holidays` expects, and no make-up workdays. Only weekdays are listed as
holidays and only weekends as make-up workdays: a calendar that works at weekends lists its weekend holidays itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, Self

import chinese_calendar
from chinese_calendar.constants import holidays as announced
from holidays import country_holidays
from pydantic import Field, ValidationError, model_validator

from models.base import Frozen
from services.files.reference_files import Document, FileProblem, problems_of

#: The years whose holiday notice `chinesecalendar` includes.
FIRST_KNOWN, LAST_KNOWN = min(announced).year, max(announced).year
#: The last year whose holidays `holidays` expects.
LAST_EXPECTED = country_holidays("CN").end_year
#: The days on which the two packages differ, and whether they were worked; found by comparing every day of 2004–2026.
#: Both have Tuesday 2006-01-03 off; only `holidays` has Saturday 2005-12-31 worked in exchange, as the notice says.
KNOWN_DIFFERENCES = MappingProxyType({date(2005, 12, 31): True})
_SATURDAY = 5


class _China(Frozen):
    """The shorthand: the first and the last year, both included."""

    from_: Annotated[int, Field(alias="from", ge=FIRST_KNOWN, le=LAST_EXPECTED, strict=True)]
    to: Annotated[int, Field(ge=FIRST_KNOWN, le=LAST_EXPECTED, strict=True)]

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.to < self.from_:
            raise ValueError("`to` is before `from`")
        return self


def expand_china_years(document: Document) -> tuple[Document, list[FileProblem]]:
    """Return the document with each calendar's `china` expanded, and the problems of these, each at its line.

    A year that the calendar lists itself is left as it is. Anything of another shape is left to the schema.
    """
    data = document.data
    if not (isinstance(data, Mapping) and isinstance(data.get("calendars"), list)):
        return document, []
    problems: list[FileProblem] = []
    calendars = []
    for position, calendar in enumerate(data["calendars"]):
        if isinstance(calendar, Mapping) and "china" in calendar:
            try:
                calendar = _with_years(calendar)
            except ValidationError as error:
                errors = error.errors(include_url=False)
                for fault in errors:
                    fault["loc"] = ("calendars", position, "china", *fault["loc"])
                problems += problems_of(document, errors)
                calendar = _without_china(calendar)
            except ValueError as error:
                problems.append(document.problem(("calendars", position, "china"), str(error), str(error)))
                calendar = _without_china(calendar)
        calendars.append(calendar)
    return replace(document, data={**data, "calendars": calendars}), problems


def _with_years(calendar: Mapping[str, Any]) -> dict[str, Any]:
    """Return the calendar with its Chinese years. Raises pydantic.ValidationError for an invalid shorthand."""
    china = _China.model_validate(calendar["china"])
    plain, own = _without_china(calendar), calendar.get("years", [])
    if not isinstance(own, list):
        return plain
    given = [year.get("year") for year in own if isinstance(year, Mapping)]
    return plain | {"years": [*own, *(china_year(y) for y in range(china.from_, china.to + 1) if y not in given)]}


def _without_china(calendar: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in calendar.items() if key != "china"}


@lru_cache(maxsize=256)
def china_year(year: int) -> dict[str, Any]:
    """Return a Chinese year in the shape of `models.policy.calendar.CalendarYear`.

    Raises ValueError for a year that neither package has, and when they differ on a day not known to differ.
    """
    if not FIRST_KNOWN <= year <= LAST_EXPECTED:
        raise ValueError(f"no holidays are known for {year}: {FIRST_KNOWN} to {LAST_EXPECTED} are")
    expected = country_holidays("CN", years=(year, year + 1))
    if year > LAST_KNOWN:
        holidays = [day for day in _days(year) if day.weekday() < _SATURDAY and day in expected]
        return {"year": year, "provisional": True, "holidays": holidays, "workdays": []}
    works = {day: KNOWN_DIFFERENCES.get(day, chinese_calendar.is_workday(day)) for day in _days(year)}
    differ = [str(day) for day, worked in works.items() if worked != expected.is_working_day(day)]
    if differ:
        raise ValueError(f"the packages chinesecalendar and holidays differ on {', '.join(differ)}")
    return {
        "year": year,
        "provisional": False,
        "holidays": [day for day, worked in works.items() if day.weekday() < _SATURDAY and not worked],
        "workdays": [day for day, worked in works.items() if day.weekday() >= _SATURDAY and worked],
    }


def _days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)
