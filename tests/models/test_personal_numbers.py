"""Numbers of people in running text."""

import pytest

from models.personal_numbers import mask_numbers, mask_prose

TEXTS = {
    "电话13912345678,请回": "电话139****5678,请回",
    "139 1234 5678": "139****5678",
    "139-1234-5678/13800138000": "139****5678/138****8000",
    "+8613912345678": "+86139****5678",
    "86 139 1234 5678": "86 139****5678",
    "身份证 110101199003070011": "身份证 1101**********0011",
    "合同 110101199003070012": "合同 110101199003070012",
    "身份证 11010519491231002X": "身份证 1101**********002X",
    "案件 130172100202611290000862": "案件 130172100202611290000862",
    "订单 213912345678": "订单 213912345678",
    "12345678901": "12345678901",
    "没有号码": "没有号码",
    "": "",
}


@pytest.mark.parametrize("text", TEXTS)
def test_mobile_and_identity_card_numbers(text: str) -> None:
    assert mask_numbers(text) == TEXTS[text]
    assert mask_numbers(TEXTS[text]) == TEXTS[text]


def test_only_what_people_wrote_is_masked() -> None:
    body = {"note": "13912345678", "into": "13912345678", "parts": [{"title": "13912345678", "grid": "13912345678"}]}
    assert mask_prose(body) == {
        "note": "139****5678", "into": "13912345678", "parts": [{"title": "139****5678", "grid": "13912345678"}],
    }  # fmt: skip
