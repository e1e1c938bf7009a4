"""Conversion of wall time to moments: microseconds since the epoch, exact and fast to compare.

Daylight saving, one rule for every zone: **a wall time that does not exist is read with the offset before the
jump; one that happens twice is its first occurrence as a start and its second as an end.** So a span over the
jump is shorter or longer by the length of the jump, and a span that starts inside the gap starts later by it.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from models.policy.calendar import MINUTES_A_DAY

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = MINUTES_A_DAY * MINUTE
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MIDNIGHT, _MIDNIGHT_AGAIN = time(), time(fold=1)
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def to_int(moment: datetime) -> int:
    """Microseconds since the epoch. Raises TypeError for a moment without a zone."""
    return length_of(moment - _EPOCH)


def length_of(span: timedelta) -> int:
    """A span in microseconds: the same as `span // timedelta.resolution`, in a fifth of the time."""
    return (span.days * 86_400 + span.seconds) * SECOND + span.microseconds


def to_datetime(moment: int) -> datetime:
    """The moment in UTC. Raises OverflowError beyond the year 9999."""
    return _EPOCH + timedelta(microseconds=moment)


@lru_cache(maxsize=256)
def steady_offsets(zone: ZoneInfo, first: int, last: int) -> tuple[int | None, ...]:
    """The UTC offset of each day in microseconds, from one ordinal to another; None where it changes within the day."""
    days = [date.fromordinal(ordinal) for ordinal in range(first, last + 2)]
    once = [_offset(datetime.combine(day, _MIDNIGHT, zone)) for day in days]
    twice = [_offset(datetime.combine(day, _MIDNIGHT_AGAIN, zone)) for day in days]
    # An end at 24:00 is the second midnight, if there are two.
    readings = zip(once, twice, once[1:], twice[1:], strict=False)
    return tuple(a if a == b == c == d else None for a, b, c, d in readings)


def plain(ordinal: int, wall: int) -> int:
    """The wall time of a day (microseconds since its midnight) as if the zone were UTC."""
    return (ordinal - _EPOCH_DAY) * DAY + wall


def moment(zone: ZoneInfo, day: date, wall: timedelta, *, ends: bool) -> datetime:
    """The moment of a wall time of a day (since its midnight, up to 24:00), as a start or as an end; in UTC."""
    local = datetime.combine(day, _MIDNIGHT, zone) + wall
    first = local.astimezone(UTC)
    # In a gap the second reading has the offset after the jump, and is the earlier moment.
    return max(first, local.replace(fold=1).astimezone(UTC)) if ends else first


def _offset(local: datetime) -> int:
    offset = local.utcoffset()
    assert offset is not None
    return length_of(offset)
