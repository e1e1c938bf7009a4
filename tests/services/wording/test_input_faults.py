"""Input faults in Chinese and English; choices are listed as codes with their labels."""

from typing import Any

import pytest
from pydantic import ValidationError

from models.matters.plan import MakePlan
from services.cases.filter import CaseFilter
from services.criteria.due_filter import DueWithin
from services.wording.input_faults import fault_text


def fault_of(language: str, **wrong: object) -> str:
    with pytest.raises(ValidationError) as refused:
        CaseFilter.model_validate(wrong)
    (error,) = refused.value.errors()
    return fault_text(error, language)


def test_choices_are_listed_in_chinese_with_their_codes() -> None:
    assert fault_of("zh", stage=("xx",)) == (
        "须为以下之一:受理(receive)、派遣(dispatch)、处置(handle)、核查(review) 或 结案(closed)"
    )
    assert fault_of("zh", light="blue") == "须为以下之一:绿(green)、黄(yellow)、红(red) 或 停(grey)"


def test_codes_without_a_label_are_listed_alone() -> None:
    *most, last = [wanted.value for wanted in DueWithin]
    assert fault_of("zh", due="soon") == f"须为以下之一:{'、'.join(most)} 或 {last}"
    assert fault_of("zh", sort="up") == (
        "须为以下之一:reported_at、-reported_at、due_at、-due_at、updated_at 或 -updated_at"
    )


def test_english_stays_as_it_is() -> None:
    assert fault_of("en", stage=("xx",)) == "Input should be 'receive', 'dispatch', 'handle', 'review' or 'closed'"


@pytest.mark.parametrize(
    ("wrong", "zh", "en"),
    [
        ({"places": []}, "至少 1 项", "must have at least 1 item(s)"),
        (
            {"rhythm": {"kind": "yearly"}},
            "'kind' 须为以下之一:per_shift、every 或 as_rated",
            "'kind' must be one of 'per_shift', 'every', 'as_rated'",
        ),
        ({"rhythm": {}}, "缺少用于区分类型的字段 'kind'", "lacks the field 'kind', which says what it is"),
    ],
)
def test_lists_and_variants_are_told_plainly(wrong: dict[str, Any], zh: str, en: str) -> None:
    plan: dict[str, Any] = {
        "name": "巡查", "grid": "1", "work": "patrol", "places": [{"grid": "1"}], "workers": {"role": "grid_worker"},
        "rhythm": {"kind": "as_rated"},
    }  # fmt: skip
    with pytest.raises(ValidationError) as refused:
        MakePlan.model_validate({**plan, **wrong})
    (error,) = refused.value.errors()
    assert (fault_text(error, "zh"), fault_text(error, "en")) == (zh, en)
