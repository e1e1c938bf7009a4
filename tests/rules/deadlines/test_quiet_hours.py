"""Quiet hours: within a day, past midnight, and when they end."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from models.quiet_hours import QuietHours

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = QuietHours(since=time(22), until=time(7))
NOON = QuietHours(since=time(12), until=time(13, 30))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("hours", "moment", "end"),
    [
        (NIGHT, at(2, 21, 59), None),
        (NIGHT, at(2, 22), at(3, 7)),
        (NIGHT, at(2, 23, 59), at(3, 7)),
        (NIGHT, at(3, 0), at(3, 7)),
        (NIGHT, at(3, 6, 59), at(3, 7)),
        (NIGHT, at(3, 7), None),
        (NOON, at(2, 11, 59), None),
        (NOON, at(2, 12), at(2, 13, 30)),
        (NOON, at(2, 13, 30), None),
        (NOON, at(2, 23), None),
    ],
)
def test_when_it_is_quiet_and_until_when(hours: QuietHours, moment: datetime, end: datetime | None) -> None:
    assert hours.holds(moment) is (end is not None)
    assert hours.end(moment) == end


def test_hours_without_length_are_none() -> None:
    with pytest.raises(ValidationError, match="the same time"):
        QuietHours(since=time(7), until=time(7))
