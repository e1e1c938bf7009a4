"""The filter of a list by time limit (时限): when open cases fall due."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from services.criteria.conditions import is_open, is_overdue, overdue_since


class DueWithin(StrEnum):
    """When the next deadline of an open case comes, of its stage or of the whole case.

    Hours are clock hours from now on, worked or not; days are local days to midnight, today from now on; `week` is
    today and the six days after it. All but `overdue` leave out cases that have missed a deadline; `none` are cases
    whose clock stands still.
    """

    OVERDUE = "overdue"
    HOURS_4 = "4h"
    HOURS_24 = "24h"
    TODAY = "today"
    TOMORROW = "tomorrow"
    WEEK = "week"
    NONE = "none"


_HOURS = {DueWithin.HOURS_4: timedelta(hours=4), DueWithin.HOURS_24: timedelta(hours=24)}
#: The first day, and the day after the last, counted from today.
_DAYS = {DueWithin.TODAY: (0, 1), DueWithin.TOMORROW: (1, 2), DueWithin.WEEK: (0, 7)}


async def due_condition(connection: AsyncConnection, due: DueWithin, now: datetime) -> ColumnElement[bool]:
    """Return the condition on `cases`. Raises NoPolicy, for the days alone, while no policy is published."""
    if due is DueWithin.OVERDUE:
        return is_overdue(now)
    if due is DueWithin.NONE:
        return and_(is_open(), overdue_since().is_(None))
    if due in _HOURS:
        return _due_between(now, now + _HOURS[due])
    zone = ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    first, end = (_midnight(now, days, zone) for days in _DAYS[due])
    return _due_between(max(first, now), end)


def _midnight(now: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the beginning of the day that many days after today."""
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=days), time(), zone)


def _due_between(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Whether the next deadline is after `since` and not after `until`: one at midnight belongs to the day before."""
    return and_(is_open(), func.coalesce(and_(overdue_since() > since, overdue_since() <= until), False))
