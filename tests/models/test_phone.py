"""Telephone numbers as people have them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from models.channels import PersonsMail
from models.phone import PHONE, clean_phone, mobile_of, phone_tail

#: What takes a message, and what does not: the phone app says the same before a report waits for it.
CONTACTS: Any = json.loads((Path(__file__).parent.parent / "contacts.json").read_text())

TAKEN = {
    "13800138000": "13800138000",
    "138 0013 8000": "13800138000",
    "１３８００１３８０００": "13800138000",
    "138－0013－8000": "13800138000",
    "138—0013—8000": "13800138000",
    "138–0013‑8000": "13800138000",
    "138.0013.8000": "13800138000",
    "138\u00a00013\u20098000": "13800138000",
    "\u202a13800138000\u202c": "13800138000",
    "\u206613800138000\u2069": "13800138000",
    "+86 138 0013 8000": "+8613800138000",
    "＋86-13800138000": "+8613800138000",
    "(010) 6552-9988": "01065529988",
    "（010）65529988": "01065529988",
    "【0311】8552 9988": None,
    "010-65529988转801": "01065529988转801",
    "010-65529988 分机：801": "01065529988转801",
    "010-65529988 ext. 801": "01065529988转801",
    "01065529988#801": "01065529988转801",
    "电话：13800138000": "13800138000",
    "13800138000/13900139000": "13800138000/13900139000",
    "13800138000、13900139000": "13800138000/13900139000",
    "13800138000 或 13900139000": "13800138000/13900139000",
    "12345": "12345",
    "110": None,
    "1380013800O": None,
    "1.38E+10": None,
    "没有": None,
    "+": None,
    "": None,
    "1" * 16: None,
    "1380013800\n0": None,
    "/".join(["13800138000"] * 4): None,
}


@pytest.mark.parametrize("typed", TAKEN)
def test_numbers(typed: str) -> None:
    form = clean_phone(typed)
    assert (form if re.fullmatch(PHONE, form) else None) == TAKEN[typed]


@pytest.mark.parametrize(
    ("number", "tail"),
    [("13800138000", "8000"), ("01065529988转801", "9988"), ("13800138000/13900139000", "8000"), ("８０００", "8000"),
     (" 80-00\u202c", "8000"), ("", "")],
)  # fmt: skip
def test_the_tail_is_of_the_first_number(number: str, tail: str) -> None:
    assert phone_tail(number) == tail


@pytest.mark.parametrize(
    ("wanted", "typed"), [(key == "taken", one) for key in CONTACTS["sms"] for one in CONTACTS["sms"][key]]
)
def test_which_numbers_take_sms(typed: str, wanted: bool) -> None:
    assert (mobile_of(typed) is not None) is wanted


@pytest.mark.parametrize(
    ("wanted", "typed"), [(key == "taken", one) for key in CONTACTS["mail"] for one in CONTACTS["mail"][key]]
)
def test_which_addresses_take_mail(typed: str, wanted: bool) -> None:
    try:
        TypeAdapter(PersonsMail).validate_python(typed)
        taken = True
    except ValidationError:
        taken = False
    assert taken is wanted
