"""Numbers of people in running text."""

import pytest

from models.personal_numbers import DEFAULT_KINDS, NumberKind, choose_kinds, mask_numbers, mask_prose
from tests.models.number_corpus import corpus, measure

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


def test_ten_thousand_texts() -> None:
    """What is measured in docs/trust.md: nearly all numbers are found, hardly anything else is taken for one."""
    measured = measure(corpus())
    assert measured.right / measured.numbers > 0.96
    assert measured.false_hits / measured.misses < 0.005
    for shape in ("mobile, plain", "mobile, +86 and spaces", "identity card, plain", "identity card, 15 digits"):
        assert measured.found[shape] == measured.texts[shape], shape
    for shape in ("case number", "grid code, 18 digits", "grid code, 15 digits", "identity card, wrong check digit"):
        assert measured.found[shape] == 0, shape


def test_kinds_are_looked_for_as_the_settings_say() -> None:
    text = "冀A12B45 卡 4111 1111 1111 1111"
    try:
        assert mask_numbers(text) == "冀A12B45 卡 4111********1111"
        choose_kinds(frozenset({NumberKind.PLATE}))
        assert mask_numbers(text) == "冀A****5 卡 4111 1111 1111 1111"
        choose_kinds(frozenset())
        assert mask_numbers(text) == text
    finally:
        choose_kinds(DEFAULT_KINDS)
