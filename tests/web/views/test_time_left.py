"""The time left in words."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from models.enums import Light, LimitUnit, Stage
from tests.web.views.test_list_address import a_visitor
from web.views.case.time_left import left_text, light_of, unit_text

HOUR = timedelta(hours=1)


def an_item(**changed: Any) -> Any:
    known: dict[str, Any] = {
        "stage": Stage.HANDLE, "left": 2 * HOUR + timedelta(minutes=10), "unit": LimitUnit.WORK_HOUR, "overdue": False,
        "light": Light.GREEN, "due_at": datetime(2026, 11, 23, tzinfo=UTC),
    }  # fmt: skip
    return SimpleNamespace(**{**known, **changed})


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "剩 2 小时 10 分"),
        ({"left": 9 * HOUR}, "剩 1 天 1 小时"),
        ({"left": 9 * HOUR, "unit": LimitUnit.URGENT_HOUR}, "剩 9 小时"),
        ({"left": 120 * HOUR, "unit": LimitUnit.LEGAL_WORK_DAY}, "剩 15 天"),
        ({"left": 120 * HOUR, "unit": LimitUnit.NATURAL_DAY}, "剩 5 天"),
        ({"left": -3 * HOUR, "overdue": True, "light": Light.RED}, "超 3 小时"),
        ({"light": Light.GREY, "due_at": None}, "余 2 小时 10 分"),
        ({"stage": Stage.CLOSED}, "—"),
    ],
)
def test_what_is_left_is_told_in_the_limits_own_unit(changed: dict[str, Any], told: str) -> None:
    assert left_text(an_item(**changed), a_visitor()) == told


def test_units_and_lights() -> None:
    assert unit_text(an_item(), a_visitor()) == "工作时间"
    assert unit_text(an_item(stage=Stage.CLOSED), a_visitor()) == ""
    assert light_of(an_item(stage=Stage.CLOSED)) == "closed"
    assert light_of(an_item()) == "green"
