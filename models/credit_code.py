"""The unified social credit code (统一社会信用代码) of an enterprise, by GB 32100-2015.

18 characters of an alphabet without I, O, S, V and Z: the register (1), the kind of body (1), the region (6), the
organisation code (9), and a check character over the 17 before it, modulo 31.
"""

import re
import unicodedata
from enum import StrEnum
from typing import Final

from models.text import clean_line

#: How many characters a code has, and which of them are possible; the place in the alphabet is the value.
LENGTH: Final = 18
ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES: Final = {char: value for value, char in enumerate(ALPHABET)}
#: The weight of each of the first 17 characters: powers of 3 modulo 31.
_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(LENGTH - 1))
#: Signs with which people divide a long code into groups.
_DIVIDERS: Final = re.compile(r"[\s\-‐-―·.]+")


class CreditCodeFault(StrEnum):
    """What can be wrong with a code. The values are the codes of the errors."""

    LENGTH = "credit_code_length"
    ALPHABET = "credit_code_alphabet"
    CHECK = "credit_code_check"


def clean_credit_code(value: str) -> str:
    """Return the code in its one form: usual width, capital letters, nothing between the characters."""
    return _DIVIDERS.sub("", clean_line(unicodedata.normalize("NFKC", value))).upper()


def check_character(first: str) -> str:
    """Return the check character of the first 17 characters. Raises KeyError for one that is not in the alphabet."""
    total = sum(_VALUES[char] * weight for char, weight in zip(first, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def credit_code_fault(code: str) -> tuple[CreditCodeFault, dict[str, str]] | None:
    """Return what is wrong with a cleaned code, with the parameters of the message; None when it is right."""
    if len(code) != LENGTH:
        return CreditCodeFault.LENGTH, {"length": str(len(code))}
    for place, char in enumerate(code, 1):
        if char not in _VALUES:
            return CreditCodeFault.ALPHABET, {"place": str(place), "char": char}
    if check_character(code[:-1]) != code[-1]:
        return CreditCodeFault.CHECK, {"last": code[-1]}
    return None
