"""The range of days in an address: defaults, limits, and faults in words."""

from datetime import date

import pytest

from tests.web.views.test_list_address import a_visitor
from web.views.lists.date_range import DateFields, DateRange, parse_date_range

TODAY = date(2026, 11, 26)
USUAL = (date(2026, 9, 7), TODAY)
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))


def read(*asked: str) -> DateRange | object:
    return parse_date_range(DateFields(*asked), TODAY, a_visitor().text)


@pytest.mark.parametrize(
    ("asked", "days", "whole"),
    [
        ((), USUAL, USUAL),
        (("2026-10-01", "2026-10-31"), OCTOBER, OCTOBER),
        ((" 2026-10-01 ", "2026-10-31"), OCTOBER, OCTOBER),
        (("2026-10-01",), (OCTOBER[0], TODAY), (OCTOBER[0], TODAY)),
        (("", "2026-10-31"), (date(2026, 8, 10), OCTOBER[1]), (date(2026, 8, 10), OCTOBER[1])),
        (("2026-11-01", "2027-05-01"), (date(2026, 11, 1), TODAY), (date(2026, 11, 1), TODAY)),
        (("2026-11-26", "2026-11-26"), (TODAY, TODAY), (TODAY, TODAY)),
        (("2026-10-01", "2026-10-31", "2026-09-07", "2026-11-26"), OCTOBER, USUAL),
        (("2026-10-01", "2026-10-31", "2026-10-02", "2026-11-26"), OCTOBER, OCTOBER),
        (("2026-10-01", "2026-10-31", "2026-09-07", "2026-10-30"), OCTOBER, OCTOBER),
        (("2026-10-01", "2026-10-31", "nonsense", "2026-10-30"), OCTOBER, OCTOBER),
        (("2026-10-01", "2026-10-31", "1999-01-01", "2026-11-26"), OCTOBER, OCTOBER),
        (("2024-09-18", "2026-11-26"), (date(2024, 9, 18), TODAY), (date(2024, 9, 18), TODAY)),
    ],
)
def test_days_are_read(asked: tuple[str, ...], days: tuple[date, date], whole: tuple[date, date]) -> None:
    assert read(*asked) == DateRange(*days, whole)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("2026-11-02", "2026-11-01"), {"from": "起始日 2026-11-02 晚于截止日 2026-11-01。"}),
        (("2027-11-02", "2027-11-01"), {"from": "起始日 2027-11-02 晚于截止日 2027-11-01。"}),
        (("2026-11-27", ""), {"from": "起始日 2026-11-27 还没有到。"}),
        (("2027-11-01", "2027-11-02"), {"from": "起始日 2027-11-01 还没有到。"}),
        (("2026-02-30", ""), {"from": "“2026-02-30”不是日期,须为 年-月-日,例如 2026-11-26。"}),
        (("2026-11-01", "明天"), {"to": "“明天”不是日期,须为 年-月-日,例如 2026-11-26。"}),
        (("x", "y"), {"from": "“x”不是日期,须为 年-月-日,例如 2026-11-26。",
                      "to": "“y”不是日期,须为 年-月-日,例如 2026-11-26。"}),
        (("", "0001-01-01"), {"to": "日期早于 1900 年。"}),
        (("2024-09-17", ""), {"from": "一次最多看 800 天,这里是 801 天。"}),
    ],
)  # fmt: skip
def test_what_is_no_period_is_told_at_its_field(asked: tuple[str, ...], told: dict[str, str]) -> None:
    assert read(*asked) == told
