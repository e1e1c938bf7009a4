"""The address of a list: reading it, its chips, and addresses with changed parameters."""

from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from fastapi.exceptions import RequestValidationError

from models.enums import Light, Stage
from services.criteria.due_filter import DueWithin
from services.desk.tabs import DeskTab
from web.reader import Preferences, Visitor
from web.views.lists.list_address import chips, parse_list_address

TABS = (DeskTab.UNCLAIMED, DeskTab.DOING, DeskTab.DONE)


def a_visitor(language: str = "zh") -> Visitor:
    return Visitor("/queue", "", Preferences(language), datetime(2026, 11, 22, tzinfo=UTC))


def test_filters_tab_and_order_are_read() -> None:
    address = parse_list_address("tab=doing&light=red&stage=handle&stage=review&q=+井盖+&category=&lang=en", TABS)
    assert address.tab is DeskTab.DOING
    assert address.filter.light is Light.RED
    assert address.filter.stage == (Stage.HANDLE, Stage.REVIEW)
    assert address.filter.q == "井盖"
    assert address.filter.sort == "due_at"
    assert parse_qs(address.query()) == {
        "tab": ["doing"],
        "light": ["red"],
        "stage": ["handle", "review"],
        "q": ["井盖"],
    }


def test_an_unknown_tab_is_the_usual_one_and_what_is_done_comes_newest_first() -> None:
    assert parse_list_address("tab=nonsense", TABS, home="doing").tab is DeskTab.DOING
    assert parse_list_address("", TABS).tab is DeskTab.UNCLAIMED
    assert parse_list_address("", ()).tab is None
    assert parse_list_address("tab=done", TABS).sort == "-updated_at"


@pytest.mark.parametrize(
    "query", ["light=purple", "due=someday", "nonsense=1", "sort=colour", "reported_from=yesterday"]
)
def test_what_makes_no_sense_is_refused(query: str) -> None:
    with pytest.raises(RequestValidationError):
        parse_list_address(query, None)


def test_the_time_limit_is_told_in_words() -> None:
    address = parse_list_address("due=4h&overdue=true", None)
    assert [(chip.name, chip.value) for chip in chips(address, a_visitor(), {})] == [
        ("超期", "是"),
        ("时限", "4 小时内到期"),
    ]
    english = [
        chip.value for due in DueWithin for chip in chips(parse_list_address(f"due={due}", None), a_visitor("en"), {})
    ]
    assert len(set(english)) == len(DueWithin)
    assert all(value.isascii() for value in english)


def test_chips_say_what_is_set_and_lead_to_the_list_without_it() -> None:
    address = parse_list_address("tab=doing&light=red&q=井盖", TABS)
    told = chips(address, a_visitor(), {})
    assert [(chip.name, chip.value) for chip in told] == [("文字", "井盖"), ("灯色", "红 ●")]
    assert parse_qs(told[0].query) == {"tab": ["doing"], "light": ["red"]}
    assert [chip.name for chip in chips(address, a_visitor("en"), {})] == ["Text", "Light"]
