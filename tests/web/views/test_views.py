"""The content of pages: addresses, periods, fields, data blocks, faults of files."""

import json
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from services.files.reference_files import FileProblem
from services.supervision.analysis import last_weeks, weeks_of
from services.supervision.map import round_geometries, square_kilometres
from web.reader import Preferences, Visitor
from web.views.admin import file_faults
from web.views.board import BoardPage
from web.views.forms import local_field, read_local
from web.views.lists.periods import PERIODS, earlier_periods, period_days
from web.views.page_links import to_page, with_query
from web.views.script_data import data_block

ZONE = ZoneInfo("Asia/Shanghai")
VISITOR = Visitor("/", "", Preferences(), datetime(2026, 11, 22, tzinfo=ZONE), ZONE)


@pytest.mark.parametrize(
    ("href", "page"),
    [
        ("/api/v1/cases?figure=overdue&grid=1", "/cases?figure=overdue&grid=1"),
        ("/api/v1/cases/G-1", "/cases/G-1"),
        ("/api/v1/supervision/bulletins/x", "/bulletins/x"),
        ("/elsewhere", "/elsewhere"),
    ],
)
def test_every_list_of_the_api_has_its_page(href: str, page: str) -> None:
    assert to_page(href) == page


TODAY = date(2026, 11, 22)  # a Sunday


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", date(2026, 11, 22), TODAY),
        ("week", date(2026, 11, 16), TODAY),
        ("month", date(2026, 11, 1), TODAY),
        ("quarter", date(2026, 10, 1), TODAY),
        ("year", date(2026, 1, 1), TODAY),
        ("last_week", date(2026, 11, 9), date(2026, 11, 15)),
        ("last_month", date(2026, 10, 1), date(2026, 10, 31)),
        ("last_quarter", date(2026, 7, 1), date(2026, 9, 30)),
        ("nonsense", date(2026, 11, 1), TODAY),
    ],
)
def test_periods_by_name(name: str, first: date, last: date) -> None:
    assert period_days(name, TODAY) == (first, last)
    assert name == "nonsense" or name in PERIODS


def test_periods_across_a_new_year() -> None:
    assert period_days("last_month", date(2027, 1, 5)) == (date(2026, 12, 1), date(2026, 12, 31))
    assert period_days("last_quarter", date(2027, 2, 5)) == (date(2026, 10, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("name", "earlier"),
    [
        ("today", [(date(2026, 11, 21), date(2026, 11, 21)), (date(2026, 11, 20), date(2026, 11, 20))]),
        ("week", [(date(2026, 11, 9), date(2026, 11, 15)), (date(2026, 11, 2), date(2026, 11, 8))]),
        ("last_week", [(date(2026, 11, 2), date(2026, 11, 8)), (date(2026, 10, 26), date(2026, 11, 1))]),
        ("month", [(date(2026, 10, 1), date(2026, 10, 31)), (date(2026, 9, 1), date(2026, 9, 30))]),
        ("last_quarter", [(date(2026, 4, 1), date(2026, 6, 30)), (date(2026, 1, 1), date(2026, 3, 31))]),
        ("year", [(date(2025, 1, 1), date(2025, 12, 31)), (date(2024, 1, 1), date(2024, 12, 31))]),
        ("nonsense", [(date(2026, 10, 1), date(2026, 10, 31)), (date(2026, 9, 1), date(2026, 9, 30))]),
    ],
)
def test_the_periods_before(name: str, earlier: list[tuple[date, date]]) -> None:
    assert earlier_periods(name, TODAY, 2) == earlier


def test_a_rate_is_compared_in_points_where_both_are_known() -> None:
    def page(now: float | None, then: float | None) -> Any:
        return SimpleNamespace(rates=(SimpleNamespace(value=now),), rates_before=(SimpleNamespace(value=then),))

    assert BoardPage.rate_change(page(0.9, 0.875), 0) == 2.5
    assert BoardPage.rate_change(page(0.5, 0.75), 0) == -25.0
    assert BoardPage.rate_change(page(None, 0.75), 0) is None
    assert BoardPage.rate_change(page(0.5, None), 0) is None
    assert BoardPage.rate_change(cast(Any, SimpleNamespace(rates=(), rates_before=())), 0) is None


def test_weeks_run_from_monday_and_are_cut_at_both_ends() -> None:
    found = list(weeks_of(date(2026, 11, 11), date(2026, 11, 23)))
    assert found == [
        (date(2026, 11, 11), date(2026, 11, 15)),
        (date(2026, 11, 16), date(2026, 11, 22)),
        (date(2026, 11, 23), date(2026, 11, 23)),
    ]
    assert last_weeks(TODAY, 2) == (date(2026, 11, 9), TODAY)


def test_what_is_not_asked_is_not_in_the_address() -> None:
    assert with_query("/board", grid=None, period="month", tv="") == "/board?period=month"
    assert with_query("/board") == "/board"
    assert with_query("/ranking", least=0, tv=False) == "/ranking?least=0"


def test_fields_of_time_are_local() -> None:
    moment = read_local("2026-11-22T17:30", VISITOR)
    assert moment == datetime(2026, 11, 22, 17, 30, tzinfo=ZONE)
    assert local_field(moment, VISITOR) == "2026-11-22T17:30"
    assert read_local("soon", VISITOR) is None
    for early in ("0001-01-01T00:00", "1899-12-31T23:59", "9999-12-31T23:59+14:00"):
        read_local(early, VISITOR)  # no error whatever the calendar says
    assert read_local("0001-01-01T00:00", VISITOR) is None
    assert read_local("", VISITOR) is None


def test_data_cannot_end_its_block() -> None:
    block = data_block("x", {"title": "</script><script>alert(1)</script>&"})
    assert block.count("</script>") == 1
    assert block.count("<script") == 1


def test_faults_are_told_with_what_stands_in_their_line() -> None:
    problems = [FileProblem("f", 2, "太短", "too short"), FileProblem("f", 9, "缺", "missing")]
    told = file_faults(problems, "code,name\n1,  x \n", VISITOR)
    assert [(one.line, one.message, one.text) for one in told] == [(2, "太短", "1,  x"), (9, "缺", "")]


def test_shapes_are_rounded_to_a_metre_and_measured() -> None:
    box = json.dumps(
        {
            "type": "Polygon",
            "coordinates": [[[117.0000012, 38], [117.01, 38], [117.01, 38.01], [117, 38.01], [117.0000012, 38]]],
        }
    )
    dot = '{"type":"Polygon","coordinates":[[[117.000001,38],[117.000002,38],[117.000002,38.000001],[117.000001,38]]]}'
    points, kept = (json.loads(text)["coordinates"][0] for text in round_geometries([box, dot]))
    assert {n for point in points for n in point} == {117.0, 117.01, 38.0, 38.01}
    assert kept == json.loads(dot)["coordinates"][0]
    assert square_kilometres([box], [38]) == [pytest.approx(0.976, abs=0.01)]
    assert (round_geometries([]), square_kilometres([], [])) == ([], [])
