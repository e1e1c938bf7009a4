"""The unified social credit code: how it is brought into one form, and each fault with its own message."""

import pytest
from hypothesis import given, strategies as st
from pydantic import TypeAdapter, ValidationError

from models.base import STORED, CreditCode
from models.credit_code import ALPHABET, check_character, clean_credit_code, credit_code_fault
from services.wording.input_faults import fault_text

_READ: TypeAdapter[str] = TypeAdapter(CreditCode)


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91110000600037341L"])
def test_published_codes_are_taken(code: str) -> None:
    """The first is the example that GB 32100-2015 gives."""
    assert _READ.validate_python(code) == code
    assert check_character(code[:-1]) == code[-1]


@pytest.mark.parametrize(
    "written",
    [
        "91350100m000100y43",
        "91350100M000100Y43",
        " 9135 0100 M000 100Y43 ",
        "91350100-M000100Y4-3",
        "91350100M000100Y43\u200b",
    ],
)
def test_other_ways_of_writing_are_the_same_code(written: str) -> None:
    assert _READ.validate_python(written) == "91350100M000100Y43"


@pytest.mark.parametrize(
    ("written", "zh", "en"),
    [
        ("91350100M000100Y4", "须为 18 位,实有 17 位", "has 18 characters; this one has 17"),
        ("91350100M000100Y433", "实有 19 位", "this one has 19"),
        ("", "实有 0 位", "this one has 0"),
        ("91350100I000100Y43", "第 9 位“I”", "Character 9 of the credit code, “I”"),
        ("91350100园000100Y43", "第 9 位“园”", "Character 9"),
        ("91350100M000100Y44", "校验位“4”不对", "The check character “4”"),
        ("91350100M000100Y34", "校验位“4”不对", "The check character"),
    ],
)
def test_each_fault_has_its_own_message(written: str, zh: str, en: str) -> None:
    with pytest.raises(ValidationError) as caught:
        _READ.validate_python(written)
    (error,) = caught.value.errors()
    assert zh in fault_text(error, "zh")
    assert en in fault_text(error, "en")


def test_what_is_stored_is_read_as_it_was_written() -> None:
    assert _READ.validate_python("91350100M000100Y44", context=STORED) == "91350100M000100Y44"


FIRST = st.text(ALPHABET, min_size=17, max_size=17)


@given(FIRST, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(first: str, place: int, other: str) -> None:
    code = first + check_character(first)
    assert credit_code_fault(code) is None
    assert clean_credit_code(code.lower()) == code
    if first[place] != other:
        assert credit_code_fault(code[:place] + other + code[place + 1 :]) is not None


@given(FIRST, st.integers(0, 15))
def test_two_neighbours_exchanged_are_always_found(first: str, place: int) -> None:
    code = first + check_character(first)
    exchanged = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert (credit_code_fault(exchanged) is None) == (exchanged == code)
