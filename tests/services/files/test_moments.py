"""Dates as people and Excel write them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.files.moments import NoMoment, read_day, read_moment

ZONE = ZoneInfo("Asia/Shanghai")
MORNING, MIDNIGHT = "2026-11-20T08:30:00+08:00", "2026-11-20T00:00:00+08:00"


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026/11/20 8:30", MORNING), ("2026/11/20 08:30:00", MORNING), ("2026-11-20 8:30:00", MORNING),
        ("2026-11-20 08:30", MORNING), ("2026-11-20T08:30:00", MORNING), ("2026-11-20T8:30", MORNING),
        ("2026年11月20日 8时30分", MORNING), ("2026年11月20日8时30分", MORNING), ("2026年11月20日 8:30", MORNING),
        ("2026.11.20 8:30", MORNING), ("20261120083000", MORNING), ("202611200830", MORNING),
        (20261120083000.0, MORNING),
        (" 2026-11-20 08:30 ", MORNING), ("\u30002026/11/20 8:30\u3000", MORNING), ("2026/11/20\u00a08:30", MORNING),
        ("２０２６－１１－２０　８：３０", MORNING), ("2026/11/20 上午 8:30", MORNING), ("2026/11/20 8:30 AM", MORNING),
        ("2026-11-20T00:30:00Z", "2026-11-20T00:30:00+00:00"), ("2026-11-20 08:30:00+0800", MORNING),
        ("2026/11/20 8:30:00 +08:00", MORNING), ("2026年11月20日 星期五 8时30分", MORNING),
        (datetime.fromisoformat("2026-11-20T08:30"), MORNING), (46346.35416666667, MORNING), ("46346.354166", MORNING),
        ("2026/11/20", MIDNIGHT), ("2026-11-20", MIDNIGHT), ("2026.11.20", MIDNIGHT), ("2026年11月20日", MIDNIGHT),
        ("20261120", MIDNIGHT), (20261120.0, MIDNIGHT), (46346.0, MIDNIGHT), ("46346", MIDNIGHT),
        (date(2026, 11, 20), MIDNIGHT), ("2026/3/5", "2026-03-05T00:00:00+08:00"),
        ("2026/11/20 下午 3:30", "2026-11-20T15:30:00+08:00"), ("2026/11/20 3:30 PM", "2026-11-20T15:30:00+08:00"),
        ("2026/11/20 12:05 AM", "2026-11-20T00:05:00+08:00"), ("2026/11/20 12:05 PM", "2026-11-20T12:05:00+08:00"),
        ("2026/11/20 中午12:30", "2026-11-20T12:30:00+08:00"), ("2026年11月20日 15时", "2026-11-20T15:00:00+08:00"),
        ("2026-11-20 08:30:15.250", "2026-11-20T08:30:15.250000+08:00"), ("46346.354", "2026-11-20T08:29:46+08:00"),
    ],
)  # fmt: skip
def test_what_people_and_excel_write_is_read(value: object, moment: str) -> None:
    assert read_moment(value, ZONE).isoformat() == moment


@pytest.mark.parametrize(
    "value",
    [
        "", "昨天", "11/20/2026", "20/11/2026", "26/11/20", "2026/13/20", "2026-02-30", "2026-11-20 25:00", "8:30",
        "2026", "2026-11", "2026年11月", "1763598600000", "-46346", "1e3", 12.5, True, None, [],
        "2026-11-20 8", float("nan"),
        "2026/11/20 晚上12:00", "2026-11-20 08:30 +99:00", "99999999",
    ],
)  # fmt: skip
def test_what_names_no_moment_is_refused(value: object) -> None:
    with pytest.raises(NoMoment):
        read_moment(value, ZONE)


def test_a_day_has_no_time() -> None:
    assert read_day("2026/11/20") == read_day("2026年11月20日") == date(2026, 11, 20)
    with pytest.raises(NoMoment):
        read_day("2026/11/20 8:30")
