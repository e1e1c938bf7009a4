"""Conditions on rows of `cases` that lists and figures share: the light, and whether a deadline has passed."""

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, DateTime, and_, bindparam, func, or_

from models.enums import Light
from models.tables import CASES

#: The parameter for the current time, in statements that are cached and run at many times.
NOW: BindParameter[datetime] = bindparam("now", None, type_=DateTime(timezone=True))
#: A known time, or a parameter for it.
Moment = datetime | BindParameter[datetime]


def is_open() -> ColumnElement[bool]:
    """Whether the case is open."""
    return CASES.c.closed_at.is_(None)


def overdue_since() -> ColumnElement[datetime]:
    """The earliest deadline of an open case, met or not, of its stage or of the whole case.

    A deadline that was missed counts from the moment its passing was recorded, should the deadline have moved since.
    """
    return func.least(CASES.c.due_at, CASES.c.whole_due_at, CASES.c.overdue_at)


def is_overdue(now: Moment) -> ColumnElement[bool]:
    """Whether a deadline of an open case has passed: of its stage, or of the whole case."""
    return and_(is_open(), overdue_since() <= now)


def shows_light(light: Light, now: Moment) -> ColumnElement[bool]:
    """Whether an open case shows that light: `rules.deadlines.lights.light` in SQL."""
    c = CASES.c
    passed = or_(func.coalesce(c.due_at <= now, False), func.coalesce(c.red_at <= now, False))
    red = or_(c.overdue_at.is_not(None), passed)
    yellow = func.coalesce(c.yellow_at <= now, False)
    match light:
        case Light.RED:
            return and_(is_open(), red)
        case Light.GREY:
            return and_(is_open(), c.due_at.is_(None), c.overdue_at.is_(None))
        case Light.YELLOW:  # bare comparisons, so that an index finds the few yellow cases
            in_time = and_(c.overdue_at.is_(None), c.due_at > now, or_(c.red_at.is_(None), c.red_at > now))
            return and_(is_open(), in_time, c.yellow_at <= now)
        case Light.GREEN:
            return and_(is_open(), c.due_at.is_not(None), ~red, ~yellow)
