"""The days on which a plan has duties: those that its calendar, or the plant's own, works."""

from collections.abc import Callable
from datetime import date, timedelta

from models.errors import UnknownCalendar
from models.matters.plan import PlantDays, PlanTerms
from models.policy.calendar import Calendar
from rules.deadlines.calendar_days import DayKind
from rules.deadlines.working_time import timetable

#: How far ahead a worked day is looked for: a plan without one in a year is refused.
SEARCH = 366

Works = Callable[[date], bool]


def find_calendar(name: str | None, calendars: tuple[Calendar, ...]) -> Calendar:
    """The calendar of that name; without a name the park's own, the first. Raises UnknownCalendar."""
    found = calendars[0] if name is None else next((c for c in calendars if c.name == name), None)
    if found is None:
        raise UnknownCalendar(calendar=name, known=", ".join(c.name for c in calendars), pointer="/calendar")
    return found


def works(terms: PlanTerms, calendars: tuple[Calendar, ...]) -> Works:
    """Whether a day is worked, as the plan counts. Raises UnknownCalendar."""
    return works_by(terms.calendar, terms.plant_days, calendars)


def works_by(calendar: str | None, plant: PlantDays | None, calendars: tuple[Calendar, ...]) -> Works:
    """Whether a day is worked, by a calendar of the policy or as the plant runs. Raises UnknownCalendar."""
    times = timetable(find_calendar(calendar, calendars))
    if plant is None:
        return times.is_workday
    weekdays, on_holidays = frozenset(plant.weekdays), plant.on_holidays

    def runs(day: date) -> bool:
        kind = times.explain_day(day).kind
        if kind is DayKind.HOLIDAY:
            return on_holidays and day.isoweekday() in weekdays
        if kind in (DayKind.CLOSURE, DayKind.SPECIAL):
            return times.is_workday(day)
        return kind is DayKind.MAKEUP or day.isoweekday() in weekdays

    return runs


def first_worked(day: date, runs: Works) -> date | None:
    """`day` itself or the next day that is worked; None when there is none within a year."""
    return next((at for n in range(SEARCH + 1) if runs(at := day + timedelta(days=n))), None)
