"""Case numbers: park code, date, sequence and a check digit.

The check digit is ISO/IEC 7064 MOD 11,10: it detects every wrong digit and nearly every swap of two.
"""

from datetime import date

_SEQUENCE_DIGITS = 6


def case_number(park: str, day: date, sequence: int) -> str:
    """The number of the `sequence`-th case (1 …) received in `park` on `day`, the park's local date.

    After 999,999 in a day the sequence gets one more digit: a longer number, never a repeated one.
    Raises ValueError for a park code that is not digits, or a sequence below 1.
    """
    if not park.isdecimal() or sequence < 1:
        raise ValueError(f"no case number for park {park!r}, sequence {sequence}")
    body = f"{park}{day:%Y%m%d}{sequence:0{_SEQUENCE_DIGITS}d}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """The ISO/IEC 7064 MOD 11,10 check digit of a string of digits."""
    product = 10
    for digit in body:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def is_case_number(text: str) -> bool:
    """Whether `text` could be a case number: digits that end in their own check digit."""
    return text.isascii() and text.isdecimal() and len(text) > 1 and check_digit(text[:-1]) == text[-1]
