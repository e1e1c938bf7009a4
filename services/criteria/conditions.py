"""Conditions on rows of `cases` that lists and figures share: which light shines, whether a deadline has passed."""

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, DateTime, and_, bindparam, func, or_

from models.enums import Light
from models.tables import CASES

#: The moment of a look, where a statement is kept and asked at many moments.
NOW: BindParameter[datetime] = bindparam("now", None, type_=DateTime(timezone=True))
#: A moment that is known, or left open.
Moment = datetime | BindParameter[datetime]


def is_open() -> ColumnElement[bool]:
    """Whether the case is open."""
    return CASES.c.closed_at.is_(None)


def overdue_since() -> ColumnElement[datetime]:
    """The earliest deadline that an open case has not met or has yet to meet; of its stage, or of the whole.

    A deadline that was missed counts from the moment its passing was recorded, should the deadline have moved since.
    """
    return func.least(CASES.c.due_at, CASES.c.whole_due_at, CASES.c.overdue_at)


def is_overdue(now: Moment) -> ColumnElement[bool]:
    """Whether an open case's deadline has passed: that of the stage it is in, or that of the whole."""
    return and_(is_open(), overdue_since() <= now)


def shines(light: Light, now: Moment) -> ColumnElement[bool]:
    """`rules.deadlines.lights.light` in SQL, of open cases."""
    c = CASES.c
    passed = or_(func.coalesce(c.due_at <= now, False), func.coalesce(c.red_at <= now, False))
    red = or_(c.overdue_at.is_not(None), passed)
    yellow = func.coalesce(c.yellow_at <= now, False)
    match light:
        case Light.RED:
            return and_(is_open(), red)
        case Light.GREY:
            return and_(is_open(), c.due_at.is_(None), c.overdue_at.is_(None))
        case Light.YELLOW:  # in bare comparisons, so that an index finds the few that shine so
            in_time = and_(c.overdue_at.is_(None), c.due_at > now, or_(c.red_at.is_(None), c.red_at > now))
            return and_(is_open(), in_time, c.yellow_at <= now)
        case Light.GREEN:
            return and_(is_open(), c.due_at.is_not(None), ~red, ~yellow)
