"""The periods of points: a month (2026-11) or a quarter (2026-Q4)."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from models.errors import BadFilter

_FORM = re.compile(r"(\d{4})-(?:(0[1-9]|1[0-2])|[Qq]([1-4]))", re.ASCII)
_MONTHS = 12


@dataclass(frozen=True)
class PointPeriod:
    """A period: half open from `since` up to `until`; `until` is now while it runs."""

    name: str
    since: datetime
    until: datetime
    complete: bool


def read_period(text: str, now: datetime, zone: ZoneInfo) -> PointPeriod:
    """Return the period of that name; this month for an empty one. Raises BadFilter, also for one that is to come."""
    today = now.astimezone(zone).date()
    written = text.strip() or f"{today:%Y-%m}"
    found = _FORM.fullmatch(written)
    if found is None or not 1900 < int(found[1]) < 2200:
        raise BadFilter(name="period", value=written[:40], pointer="/query/period")
    year = int(found[1])
    first, length = (int(found[2]), 1) if found[2] else (3 * int(found[3]) - 2, 3)
    since = _start(year, first, zone)
    end = _start(year + (first + length - 1) // _MONTHS, (first + length - 1) % _MONTHS + 1, zone)
    if since > now:
        raise BadFilter(name="period", value=written[:40], pointer="/query/period")
    return PointPeriod(written.upper(), since, min(end, now), end <= now)


def _start(year: int, month: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(date(year, month, 1), time(), zone)
