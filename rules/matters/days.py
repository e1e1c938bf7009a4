"""Days of the park: when a day that people name ends."""

from datetime import date, datetime, timedelta

from models.matters.context import MatterContext
from models.policy.limits import Length
from rules.deadlines.limits import LAST_SECOND, deadline
from rules.deadlines.working_time import timetable


def end_of(day: date, ctx: MatterContext) -> datetime:
    """The last second of `day` in the park's zone, in UTC: the deadline of what is due on that day (民法典 §201)."""
    return timetable(ctx.calendars[0]).at(day, LAST_SECOND, ends=True)


def after(length: Length, start: datetime, ctx: MatterContext) -> datetime:
    """The deadline of what may take `length` from `start`, by the calendar it names or the park's own."""
    return deadline(length, ctx.policy.calendar(length.calendar) or ctx.calendars[0], start)


def start_of(day: date, ctx: MatterContext) -> datetime:
    """The first moment of `day` in the park's zone, in UTC."""
    return timetable(ctx.calendars[0]).at(day, timedelta(), ends=False)
