"""Dates that a form offers at one click: some working days on, by the calendar that counts the case."""

from collections.abc import Iterator
from datetime import datetime

from models.base import Frozen, Instant
from models.case import Case
from models.context import Context
from models.enums import LimitUnit
from models.policy.limits import Length
from rules.deadlines import clocks
from rules.deadlines.counting import calendar_of
from rules.deadlines.limits import deadline

#: The working days that are offered (our choice).
WORK_DAYS = (1, 3, 5)


class QuickDate(Frozen):
    """A moment `days` working days on: the end of the last one's working time."""

    days: int
    at: Instant


class QuickDates(Frozen):
    """The dates after the deadline that runs, and those after now."""

    after_due: tuple[QuickDate, ...]
    after_now: tuple[QuickDate, ...]


def quick_dates(case: Case, ctx: Context, latest_extension: datetime | None) -> QuickDates:
    """Return the dates by the calendar of the clock that runs. `latest_extension`: what an extension may reach; None if
    none can be asked for now, and then none is offered.
    """
    due_at = case.clock.due_at if case.clock is not None else None
    extended = _dates(case, ctx, due_at) if due_at is not None and latest_extension is not None else ()
    return QuickDates(
        after_due=tuple(one for one in extended if latest_extension is not None and one.at <= latest_extension),
        after_now=tuple(_dates(case, ctx, ctx.now)),
    )


def _dates(case: Case, ctx: Context, start: datetime) -> Iterator[QuickDate]:
    calendar = clocks.terms_of(case.clock).calendar if case.clock is not None else None
    for days in WORK_DAYS:
        length = Length(amount=days, unit=LimitUnit.LEGAL_WORK_DAY, calendar=calendar)
        try:
            yield QuickDate(days=days, at=deadline(length, calendar_of(length, ctx), start))
        except ValueError:  # no calendar reaches it: it is not offered
            return
