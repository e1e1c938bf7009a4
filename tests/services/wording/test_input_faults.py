"""Input faults in Chinese and English; choices are listed as codes with their labels."""

import pytest
from pydantic import ValidationError

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
