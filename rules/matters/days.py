"""Days of the park: when a day that people name ends."""

from datetime import date, datetime, timedelta

from models.matters.context import MatterContext
from rules.deadlines.limits import LAST_SECOND
from rules.deadlines.working_time import timetable


def end_of(day: date, ctx: MatterContext) -> datetime:
    """The last second of `day` in the park's zone, in UTC: the deadline of what is due on that day (民法典 §201)."""
    return timetable(ctx.calendars[0]).at(day, LAST_SECOND, ends=True)


def start_of(day: date, ctx: MatterContext) -> datetime:
    """The first moment of `day` in the park's zone, in UTC."""
    return timetable(ctx.calendars[0]).at(day, timedelta(), ends=False)
