"""Moments as text."""

from datetime import UTC, datetime

import pytest

from tests.web.views.test_list_address import a_visitor
from web.local_time import format_long


@pytest.mark.parametrize(
    ("language", "this_year", "next_year"),
    [
        ("zh", "12月31日 星期四 18:00", "2027年1月2日 星期六 18:00"),
        ("en", "Thursday 31 December, 18:00", "Saturday 2 January 2027, 18:00"),
    ],
)
def test_a_day_of_another_year_says_which(language: str, this_year: str, next_year: str) -> None:
    reader = a_visitor(language)  # of 22 November 2026
    assert format_long(datetime(2026, 12, 31, 10, tzinfo=UTC), reader) == this_year
    assert format_long(datetime(2027, 1, 2, 10, tzinfo=UTC), reader) == next_year
    # In the zone of the cases it is already the new year.
    assert format_long(datetime(2026, 12, 31, 16, 30, tzinfo=UTC), reader).startswith(
        ("2027年", "Friday 1 January 2027")
    )
