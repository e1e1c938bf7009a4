"""Which open cases fall due when: the list's filter by time limit (时限)."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from services.criteria.conditions import is_open, is_overdue, overdue_since


class DueWithin(StrEnum):
    """When the next deadline of an open case comes, of its stage or of the whole.

    The hours are those of the clock from now on, whether worked or not; the days are those of the place, to midnight,
    of today what is left of it; `week` is today and the six days after it. All but `overdue` leave out what has
    missed a deadline; `none` has no deadline running: its clock stands still.
    """

    OVERDUE = "overdue"
    HOURS_4 = "4h"
    HOURS_24 = "24h"
    TODAY = "today"
    TOMORROW = "tomorrow"
    WEEK = "week"
    NONE = "none"


_HOURS = {DueWithin.HOURS_4: timedelta(hours=4), DueWithin.HOURS_24: timedelta(hours=24)}
#: The first day, and the day that is not included any more, counted from today.
_DAYS = {DueWithin.TODAY: (0, 1), DueWithin.TOMORROW: (1, 2), DueWithin.WEEK: (0, 7)}


async def falls_due(connection: AsyncConnection, wanted: DueWithin, now: datetime) -> ColumnElement[bool]:
    """The condition on `cases`. Raises NoPolicy while none is published, for the days alone."""
    if wanted is DueWithin.OVERDUE:
        return is_overdue(now)
    if wanted is DueWithin.NONE:
        return and_(is_open(), overdue_since().is_(None))
    if wanted in _HOURS:
        return _due_between(now, now + _HOURS[wanted])
    zone = ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    first, end = (_midnight(now, days, zone) for days in _DAYS[wanted])
    return _due_between(max(first, now), end)


def _midnight(now: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The beginning of the day so many days after today."""
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=days), time(), zone)


def _due_between(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Whether the next deadline is after `since` and not after `until`: one at midnight ends the day before it."""
    return and_(is_open(), func.coalesce(and_(overdue_since() > since, overdue_since() <= until), False))
