"""When the duties of a plan are due: its rhythm laid over its calendar."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo

from models.errors import PlanNeverDue, UnknownRating, UnknownShift
from models.matters.plan import Batch, Every, PerShift, PlantDays, PlanTerms, Shift
from models.policy.calendar import Calendar
from rules.deadlines.wall_time import moment
from rules.matters.plan.days import Works, first_worked, works, works_by

#: How long before a shift's check begins it may be done (our choice).
EARLY = timedelta(minutes=60)
#: How far back nominal days are looked at for one that a long closure moved.
_BACK = 400
T = TypeVar("T")


@dataclass(frozen=True)
class Plant:
    """What is known of an enterprise: when its shifts start, on which days it runs, and how often it is visited.

    It follows a calendar of the policy (`calendar`, None: the park's), unless it has `days` of its own.
    """

    shifts: tuple[Shift, ...] = ()
    calendar: str | None = None
    days: PlantDays | None = None
    visits: Every | None = None


@dataclass(frozen=True)
class Surroundings:
    """What the rhythm of a plan rests on outside it: the calendars, the zone, and the enterprises by their codes."""

    calendars: tuple[Calendar, ...]
    zone: str
    plants: Mapping[str, Plant]


@dataclass(frozen=True)
class Occurrence:
    """A batch to be issued; `opens_on` is the day from which it may be done."""

    opens_on: date
    batch: Batch


def occurrences(
    terms: PlanTerms, keys: tuple[str, ...], around: Surroundings, after: date, until: date
) -> list[Occurrence]:
    """The occurrences that open after the day `after`, up to `until`, in the order in which they are due.

    Raises UnknownCalendar, UnknownShift or UnknownRating when the plan rests on something that is not there.
    """
    last = until if terms.until is None else min(until, terms.until)
    runs = works(terms, around.calendars)
    match terms.rhythm:
        case PerShift():
            found = list(_per_shift(terms, keys, around, after, last))
        case Every() as every:
            found = list(_every(every, terms.first_due, every.at, terms, None, "", around, runs, after, last))
        case rated:
            found = []
            for every, chosen in _by_rating(terms, keys, around):
                mark = f"-{every.n}{every.unit[0]}"
                first = nominal(every, terms.begins, 1)
                found += _every(every, first, rated.at, terms, chosen, mark, around, runs, after, last)
    return sorted(found, key=lambda one: (one.batch.due_at, one.batch.key))


def _per_shift(
    terms: PlanTerms, keys: tuple[str, ...], around: Surroundings, after: date, until: date
) -> Iterator[Occurrence]:
    assert isinstance(terms.rhythm, PerShift)
    groups = list(_by_shifts(terms, keys, around))
    day = max(after + timedelta(days=1), terms.first_due)
    while day <= until:
        for shifts, runs, chosen in groups:
            if runs(day):
                for shift in shifts:
                    begins = _at(around, day, shift.begins)
                    batch = Batch(
                        key=_key(day, shift.name, chosen, keys),
                        day=day,
                        shift=shift.name,
                        opens_at=begins - EARLY,
                        due_at=begins + timedelta(minutes=terms.rhythm.minutes),
                        places=chosen,
                    )
                    yield Occurrence(day, batch)
        day += timedelta(days=1)


def _every(
    every: Every,
    first: date,
    at: int,
    terms: PlanTerms,
    places: tuple[str, ...] | None,
    mark: str,
    around: Surroundings,
    runs: Works,
    after: date,
    until: date,
) -> Iterator[Occurrence]:
    """The occurrences of one rhythm: each may be done from the day after the one before it was due."""
    before: date | None = None
    for day in _worked_days(every, first, runs, after):
        opens_on = terms.begins if before is None else before + timedelta(days=1)
        if opens_on > until or (terms.until is not None and day > terms.until):
            return
        if opens_on > after:
            opens_at = _at(around, opens_on, 0)
            batch = Batch(
                key=f"{day:%Y%m%d}{mark}", day=day, opens_at=opens_at, due_at=_at(around, day, at), places=places
            )
            yield Occurrence(opens_on, batch)
        before = day


def _worked_days(every: Every, first: date, runs: Works, after: date) -> Iterator[date]:
    """The days on which the rhythm falls due, each once, from some time before `after` on."""
    k = max(0, ((after - first).days - _BACK - _length(every)) // _length(every))
    last: date | None = None
    while True:
        day = first_worked(nominal(every, first, k), runs)
        if day is None:
            return
        if last is None or day > last:
            yield day
            last = day
        k += 1


def _length(every: Every) -> int:
    """About how many days lie between two occurrences; never too few."""
    return every.n * {"day": 1, "week": 7, "month": 31}[every.unit]


def nominal(every: Every, since: date, k: int) -> date:
    """The day `k` periods after `since`; a month that is too short ends with its last day."""
    if every.unit == "month":
        year, month = divmod(since.year * 12 + since.month - 1 + k * every.n, 12)
        return date(year, month + 1, min(since.day, monthrange(year, month + 1)[1]))
    return since + timedelta(days=k * every.n * (7 if every.unit == "week" else 1))


def _by_shifts(
    terms: PlanTerms, keys: tuple[str, ...], around: Surroundings
) -> Iterator[tuple[tuple[Shift, ...], Works, tuple[str, ...] | None]]:
    """The checks of a day, the days they are made on, and the places that have them.

    The plan's own for all; without them those of each enterprise, `minutes` before its shifts start, on the days that
    it runs unless the plan names others.
    """
    assert isinstance(terms.rhythm, PerShift)
    if terms.rhythm.shifts:
        yield terms.rhythm.shifts, works(terms, around.calendars), None
        return
    of_place = []
    for key, place in zip(keys, terms.places, strict=True):
        plant = around.plants.get(place.enterprise or "", Plant())
        if not plant.shifts:
            raise UnknownShift(place=place.name or place.grid, pointer="/rhythm/shifts")
        of_place.append((replace(plant, visits=None), key))
    own_days = terms.calendar is not None or terms.plant_days is not None
    for plant, chosen in _grouped(of_place):
        runs = works(terms, around.calendars) if own_days else works_by(plant.calendar, plant.days, around.calendars)
        early = [max(0, shift.begins - terms.rhythm.minutes) for shift in plant.shifts]
        checks = tuple(Shift(name=s.name, begins=at) for s, at in zip(plant.shifts, early, strict=True))
        yield checks, runs, chosen


def _by_rating(
    terms: PlanTerms, keys: tuple[str, ...], around: Surroundings
) -> Iterator[tuple[Every, tuple[str, ...] | None]]:
    of_place = []
    for key, place in zip(keys, terms.places, strict=True):
        plant = around.plants.get(place.enterprise or "", Plant())
        if plant.visits is None:
            raise UnknownRating(place=place.name or place.grid, pointer="/rhythm")
        of_place.append((plant.visits, key))
    yield from _grouped(of_place)


def _grouped(of_place: list[tuple[T, str]]) -> Iterator[tuple[T, tuple[str, ...] | None]]:
    """The places by what they have in common; None for all of them."""
    ordered = sorted(of_place, key=lambda pair: repr(pair[0]))
    for _, group in groupby(ordered, key=lambda pair: repr(pair[0])):
        pairs = list(group)
        yield pairs[0][0], None if len(pairs) == len(of_place) else tuple(key for _, key in pairs)


def _key(day: date, shift: str, chosen: tuple[str, ...] | None, keys: tuple[str, ...]) -> str:
    """The name of a batch: the day and the shift, and the first place where the shift is not everybody's."""
    return f"{day:%Y%m%d}-{shift}" + ("" if chosen is None or chosen == keys else f"-{chosen[0]}")


def _at(around: Surroundings, day: date, minutes: int) -> datetime:
    return moment(ZoneInfo(around.zone), day, timedelta(minutes=minutes), ends=False)


def check_ever_due(terms: PlanTerms, keys: tuple[str, ...], around: Surroundings, today: date) -> None:
    """Raises PlanNeverDue, with the reason, when the plan would bring nothing within a year."""
    start = max(today, terms.first_due)
    if terms.until is not None and terms.until < start:
        raise PlanNeverDue(
            why_zh=f"最后一天 {terms.until} 早于第一天 {start}",
            why_en=f"its last day, {terms.until}, is before its first, {start}",
            pointer="/until",
        )
    year = start + timedelta(days=SEARCH_DAYS)
    own_days = not isinstance(terms.rhythm, PerShift) or terms.rhythm.shifts or terms.calendar or terms.plant_days
    if own_days:
        _check_worked(terms, around, start)
    if all(found.batch.day > year for found in occurrences(terms, keys, around, today - timedelta(days=1), year)):
        raise PlanNeverDue(
            why_zh=f"到 {terms.until or year} 为止,没有一次落在工作日",
            why_en=f"none of its occurrences falls due by {terms.until or year}",
            pointer="/rhythm",
        )


#: How far ahead a plan must have a duty.
SEARCH_DAYS = 366


def _check_worked(terms: PlanTerms, around: Surroundings, start: date) -> None:
    if first_worked(start, works(terms, around.calendars)) is None:
        raise PlanNeverDue(
            why_zh="所用日历一年内没有工作日",
            why_en="its calendar has no working day in a year",
            pointer="/plant_days" if terms.plant_days else "/calendar",
        )
