"""Telephone numbers as people write them, in one form."""

import re
import unicodedata
from typing import Final

from models.text import clean_code

#: At most this many numbers in one field.
MAX_NUMBERS: Final = 3
#: A number in its one form: digits (E.164 has 15 at most; 5 is the shortest that a person answers, such as 12345), with
#: the country's "+" and the extension behind "转".
PHONE: Final = r"^\+?[0-9]{5,15}(转[0-9]{1,8})?(/\+?[0-9]{5,15}(转[0-9]{1,8})?){0,2}$"
_EXTENSION: Final = re.compile(r"\s*(?:转|轉|分机|分機|内线|ext(?:ension)?\.?|x|#)\s*:?\s*(?=\d)", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"\s*(?:[/|、,;]|或|\n)\s*")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
#: Signs with which people divide a number.
_DIVIDERS: Final = re.compile(r"[\s().\[\]-]")


def clean_phone(value: str) -> str:
    """Return the number, or up to three divided by "/", as digits: without brackets, dashes, spaces and the invisible
    marks that come with a copied contact; the extension follows "转". What is no number fails `PHONE`.
    """
    # Divided before the digits are taken, and before lines are folded into one.
    numbers = _BETWEEN.split(unicodedata.normalize("NFKC", value).strip())
    return "/".join(_clean_number(number) for number in numbers if number)


def _clean_number(value: str) -> str:
    text = re.sub(r"^(?:tel|电话|手机)\s*:?\s*", "", clean_code(value), flags=re.IGNORECASE)
    main, *extension = _EXTENSION.split(text, maxsplit=1)
    return "转".join(_DIVIDERS.sub("", part) for part in (main, *extension))


def phone_tail(value: str, length: int = 4) -> str:
    """Return the last digits of the first number, without its extension; what is typed may be the tail alone."""
    first = clean_phone(value).partition("/")[0].partition("转")[0]
    return "".join(char for char in first if char.isdecimal())[-length:]


def mobile_of(value: str) -> str | None:
    """Return the first mobile number of mainland China among the numbers, eleven digits; None without one."""
    for number in clean_phone(value).split("/"):
        digits = re.sub(r"^(?:\+86|0086|86)(?=1)", "", number)
        if _MOBILE.fullmatch(digits):
            return digits
    return None
