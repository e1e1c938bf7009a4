"""The slots of a desk: its weekly sittings laid over the days of a calendar, cut into pieces of equal length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.matters.referral_desk import ReferralDesk
from models.policy.calendar import Calendar
from rules.deadlines.calendar_days import exceptions


@dataclass(frozen=True)
class Slot:
    """A slot, from `at` to before `until`."""

    at: datetime
    until: datetime


def hours_on(desk: ReferralDesk, day: date, calendar: Calendar | None) -> tuple[tuple[time, time], ...]:
    """The sittings of a day, earliest first: those of a changed day, none on a day of rest, else those of the week.

    `calendar`: the one that the desk names; None: it sits whatever day it is.
    """
    changed = next((one for one in desk.changed_days if one.day == day), None)
    if changed is not None:
        return tuple(sorted((hours.start, hours.end) for hours in changed.sittings))
    if calendar is not None and not _is_worked(calendar, day):
        return ()
    return tuple(sorted((s.start, s.end) for s in desk.sittings if s.weekday == day.isoweekday()))


def slots_on(desk: ReferralDesk, day: date, zone: ZoneInfo, calendar: Calendar | None) -> Iterator[Slot]:
    """The slots of a day; what is left of a sitting after the last whole slot is no slot."""
    length = timedelta(minutes=desk.slot_minutes)
    last: datetime | None = None
    for start, end in hours_on(desk, day, calendar):
        at, until = datetime.combine(day, start, zone), datetime.combine(day, end, zone)
        at = at if last is None else max(at, last)  # sittings that overlap are one
        while at + length <= until:
            yield Slot(at, at + length)
            at += length
        last = max(until, last) if last is not None else until


def find_slot(desk: ReferralDesk, at: datetime, zone: ZoneInfo, calendar: Calendar | None) -> Slot | None:
    """The slot that begins at that moment, or None."""
    day = at.astimezone(zone).date()
    return next((slot for slot in slots_on(desk, day, zone, calendar) if slot.at == at), None)


def slots_between(
    desk: ReferralDesk, first: date, last: date, zone: ZoneInfo, calendar: Calendar | None
) -> Sequence[Slot]:
    """The slots from the first day to the last, both included."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [slot for day in days for slot in slots_on(desk, day, zone, calendar)]


def _is_worked(calendar: Calendar, day: date) -> bool:
    spans = calendar.week.on(day.weekday())
    for one in exceptions(calendar):
        if one.date == day:
            spans = one.spans
    return bool(spans)
