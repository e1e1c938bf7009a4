"""Times and periods as the interface takes them: with their zone, and at most 90 days long."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from models.base import WrittenInstant
from models.errors import DateWithoutZone, SpanTooLong

#: The longest period of a list, and the one that it covers where none is given (GeoReport v2).
LONGEST = timedelta(days=90)
#: The latest begin: beyond it no 90 days can be added.
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_MOMENT: TypeAdapter[datetime] = TypeAdapter(WrittenInstant)


@dataclass(frozen=True)
class Period:
    """From `begin` to before `end`."""

    begin: datetime
    end: datetime


def read_moment(name: str, given: str | None) -> datetime | None:
    """Return the time of a parameter; None for an empty one. Raises DateWithoutZone for anything else than a time."""
    if not given:
        return None
    # A "+" that was not escaped in an address arrives as a space.
    written = f"{given[:-6]}+{given[-5:]}" if given[-6:-5] == " " and given[-3:-2] == ":" and "T" in given else given
    try:
        return _MOMENT.validate_python(written)
    except (ValidationError, OverflowError) as error:
        raise DateWithoutZone(name=name, pointer=f"/query/{name}") from error


def period_between(names: tuple[str, str], begin: datetime | None, end: datetime | None, now: datetime) -> Period:
    """Return the period between two times, of which one or both may be left out.

    Only the begin: 90 days from there, at most until now. Only the end: the 90 days before. Neither: the last 90 days.
    Raises SpanTooLong for more than 90 days and for an end that is not after the begin.
    """
    if begin is not None and begin > _LATEST:
        raise SpanTooLong(begin=names[0], end=names[1], days=LONGEST.days, pointer=f"/query/{names[0]}")
    if begin is not None and end is None:
        end = max(min(begin + LONGEST, now + timedelta(seconds=1)), begin + timedelta(seconds=1))
    end = end or now + timedelta(seconds=1)
    begin = begin or end - LONGEST
    if not timedelta() < end - begin <= LONGEST:
        raise SpanTooLong(begin=names[0], end=names[1], days=LONGEST.days, pointer=f"/query/{names[0]}")
    return Period(begin, end)
