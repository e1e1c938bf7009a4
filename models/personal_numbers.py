"""Numbers by which a person is known, where they stand in running text: found in the shapes people write, and masked.

Mobile numbers and identity-card numbers are always looked for; number plates and bank cards as the settings say
(`choose_kinds`). A number of 18 digits with a wrong check character or an impossible date of birth is none, and neither
is a code: case numbers have more digits, and the codes of grids hold no date.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from enum import StrEnum
from typing import Any, Final


class NumberKind(StrEnum):
    """A kind of number by which a person is known."""

    MOBILE = "mobile"
    IDENTITY = "identity"
    BANK_CARD = "bank_card"
    PLATE = "plate"


#: Looked for whatever the settings say.
ALWAYS: Final = frozenset({NumberKind.MOBILE, NumberKind.IDENTITY})
#: What is looked for besides where the settings say nothing (our choice): a plate often is what a report is about.
DEFAULT_KINDS: Final = frozenset({NumberKind.BANK_CARD})

#: What people put between the digits of a number.
_SIGN: Final = r"[ \t\u00a0\u3000.\-\u2010-\u2015\u2212\uff0d\u00b7_]"
_GAP: Final = rf"{_SIGN}{{0,3}}"
#: Not within a longer number, and not the decimals of one.
_BEGIN: Final = r"(?<![0-9])(?<![0-9]\.)"
#: An amount is no telephone number.
_NO_AMOUNT: Final = r"(?!(?:\.[0-9]+)?[ ]?(?:元|万|亿|吨|公斤|千克|立方|平方|kg|mg|m3|%))"
#: How people divide the eleven digits: 3-4-4, 3-3-5, 3-8, 4-3-4, 4-4-3, 5-6, 7-4; or each digit by itself.
_GROUPS: Final = ((3, 4, 4), (3, 3, 5), (4, 3, 4), (4, 4, 3), (5, 6))
_MOBILE: Final = re.compile(
    _BEGIN
    + rf"(?:(?:\+|00)?{_GAP}\(?86\)?{_GAP})?"
    + "(?P<number>"
    + "|".join(
        rf"(?=1{_SIGN}?[3-9])[0-9]{{{first}}}" + "".join(rf"{_GAP}[0-9]{{{size}}}" for size in rest)
        for first, *rest in _GROUPS
    )
    + r"|1[3-9][0-9][,\uff0c\u3001][0-9]{4}[,\uff0c\u3001][0-9]{4}"
    + rf"|1{_SIGN}[3-9](?:{_SIGN}[0-9]){{9}})(?![0-9])"
    + _NO_AMOUNT
)
#: 17 digits and the check character (GB 11643-1999), divided anyhow.
_IDENTITY: Final = re.compile(rf"{_BEGIN}[1-9](?:{_SIGN}?[0-9]){{16}}{_SIGN}?[0-9Xx](?![0-9A-Za-z])")
#: The older number: six digits of the place, a date of the 20th century, three digits; no check character.
_OLD_IDENTITY: Final = re.compile(rf"{_BEGIN}[1-9][0-9]{{14}}(?![0-9Xx])")
#: Words before which fifteen digits are a code of some kind: grids, orders, contracts, parcels, files.
_CODE_WORDS: Final = re.compile(
    r"(?:网格|编码|编号|代码|单号|订单|合同|文号|流水|设备|运单|案号|案件|code|order|grid|no\.?)[号码为是::# ]{0,3}$",
    re.IGNORECASE,
)
#: UnionPay and the international brands: 16 digits of a credit card, 19 of a debit card.
_BANK_CARD: Final = re.compile(rf"{_BEGIN}[3-6][0-9]{{3}}(?:{_SIGN}?[0-9]{{4}}){{3}}(?:{_SIGN}?[0-9]{{3}})?(?![0-9])")
_PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-Z][ ·•.\-]?"
    r"(?=[A-Z]*[0-9])[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳](?![A-Za-z0-9])"
)
#: The first two digits of a place (GB/T 2260).
_PROVINCES: Final = frozenset(
    map(
        str,
        (
            *range(11, 16),
            *range(21, 24),
            *range(31, 38),
            *range(41, 47),
            *range(50, 55),
            *range(61, 66),
            71,
            81,
            82,
            83,
        ),
    )
)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS: Final = "10X98765432"
#: Nobody alive was born earlier, and nobody in these texts later.
_YEARS: Final = range(1900, 2100)
#: Chinese numerals as they stand for single digits.
_NUMERALS: Final = {ord(char): digit for char, digit in zip("〇零一二三四五六七八九幺", "001234567891", strict=True)}
#: The fewest digits in a row of Chinese numerals that may be a number.
_SPELLED: Final = re.compile("[〇零一二三四五六七八九幺]{11,18}")
#: Identifiers in which digits may look like a number: hashes and UUIDs.
_IDENTIFIER: Final = re.compile(r"[0-9a-fA-F]{32,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: Digits with what people put between them: where a number may stand.
_RUN: Final = re.compile(rf"[0-9](?:(?:{_SIGN}{{0,3}}|[,\uff0c\u3001])\)?[0-9])*[Xx]?")
_FEWEST_DIGITS: Final = 11
#: How far behind a run the patterns look.
_BEHIND: Final = 12
_OTHER_DIGIT: Final = re.compile(r"(?![0-9])\d|[\uff0b\uff38\uff58]")
#: Signs of full width that belong to numbers.
_WIDE: Final = {"\uff0b": "+", "\uff38": "X", "\uff58": "x"}

_kinds = ALWAYS | DEFAULT_KINDS


def choose_kinds(optional: frozenset[NumberKind]) -> None:
    """Look for these kinds besides mobile and identity-card numbers, in this process from now on."""
    global _kinds
    _kinds = ALWAYS | optional


class Found:
    """A number in a text: where it stands, its kind, its digits alone, and what is shown instead."""

    __slots__ = ("end", "kind", "number", "shown", "start")

    def __init__(self, kind: NumberKind, start: int, end: int, number: str, shown: str) -> None:
        self.kind, self.start, self.end, self.number, self.shown = kind, start, end, number, shown


def mask_numbers(text: str, but: frozenset[str] | set[str] = frozenset()) -> str:
    """Return the text with the numbers of people in it masked, except those in `but` (digits alone, as `numbers_in`).

    A mobile number becomes `139****5678`, an identity card `1101**********0011`, a bank card `6222***********0123`, a
    plate `冀A****8`. What is masked already stays.
    """
    found = find_numbers(text)
    if not found:
        return text
    pieces, at = [], 0
    for one in found:
        pieces += [text[at : one.start], text[one.start : one.end] if one.number in but else one.shown]
        at = one.end
    return "".join(pieces) + text[at:]


def numbers_in(text: str) -> frozenset[str]:
    """Return the numbers of people in the text, each as its digits (or plate) alone."""
    return frozenset(one.number for one in find_numbers(text))


def find_numbers(text: str) -> list[Found]:
    """Return the numbers of people in the text, in order; none overlaps another."""
    plain = _plain(text)
    taken: list[Found] = []
    for run in _RUN.finditer(plain):
        if run.end() - run.start() >= _FEWEST_DIGITS:
            found = _in_run(plain, run.start(), min(run.end() + _BEHIND, len(plain)))
            taken += [one for one in found if one.start < run.end()]
    if NumberKind.PLATE in _kinds:
        taken += [one for one in _plates(plain) if _apart(one, taken)]
    if not taken:
        return taken
    identifiers = [found.span() for found in _IDENTIFIER.finditer(plain)]
    outside = (one for one in taken if not any(start <= one.start and one.end <= end for start, end in identifiers))
    return sorted(outside, key=lambda one: one.start)


def _in_run(text: str, start: int, end: int) -> list[Found]:
    taken: list[Found] = []
    for finder in (_identities, _bank_cards, _mobiles):
        taken += [one for one in finder(text, start, end) if _apart(one, taken)]
    return taken


def _apart(one: Found, taken: list[Found]) -> bool:
    return all(one.end <= other.start or other.end <= one.start for other in taken)


def _plain(text: str) -> str:
    """Return the text with every digit as 0–9, of the same length."""
    if text.isascii():
        return text
    if _SPELLED.search(text):
        text = _SPELLED.sub(lambda found: found[0].translate(_NUMERALS), text)
    if _OTHER_DIGIT.search(text) is None:
        return text
    return "".join(
        str(unicodedata.decimal(char)) if not char.isascii() and char.isdecimal() else _WIDE.get(char, char)
        for char in text
    )


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isalnum()).upper()


def _mobiles(text: str, begin: int, end: int) -> Iterator[Found]:
    for found in _MOBILE.finditer(text, begin, end):
        number = _digits(found["number"])
        yield Found(NumberKind.MOBILE, *found.span("number"), number, f"{number[:3]}****{number[-4:]}")


def _identities(text: str, begin: int, stop: int) -> Iterator[Found]:
    for start, end, number in _candidates(_IDENTITY, text, begin, stop, is_identity):
        yield Found(NumberKind.IDENTITY, start, end, number, f"{number[:4]}**********{number[-4:]}")
    for start, end, number in _candidates(_OLD_IDENTITY, text, begin, stop, is_old_identity):
        if not _CODE_WORDS.search(text, max(0, start - 12), start):
            yield Found(NumberKind.IDENTITY, start, end, number, f"{number[:4]}*******{number[-4:]}")


def _bank_cards(text: str, begin: int, stop: int) -> Iterator[Found]:
    if NumberKind.BANK_CARD in _kinds:
        for start, end, number in _candidates(_BANK_CARD, text, begin, stop, passes_luhn):
            yield Found(NumberKind.BANK_CARD, start, end, number, f"{number[:4]}{'*' * (len(number) - 8)}{number[-4:]}")


def _plates(text: str) -> Iterator[Found]:
    for found in _PLATE.finditer(text):
        number = _digits(found[0])
        yield Found(NumberKind.PLATE, *found.span(), number, f"{number[:2]}****{number[-1]}")


def _candidates(
    pattern: re.Pattern[str], text: str, at: int, stop: int, holds: Callable[[str], bool]
) -> Iterator[tuple[int, int, str]]:
    """Yield the matches that hold. After one that does not, the search goes on at the next character."""
    while (found := pattern.search(text, at, stop)) is not None:
        number = _digits(found[0])
        if holds(number):
            yield found.start(), found.end(), number
            at = found.end()
        else:
            at = found.start() + 1


def is_identity(number: str) -> bool:
    """Whether 18 characters are an identity-card number: place, date of birth and check character (GB 11643-1999)."""
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return (
        number[:2] in _PROVINCES
        and number[17] == _CHECK_CHARACTERS[total % 11]
        and _is_date(number[6:10], number[10:12], number[12:14])
    )


def is_old_identity(number: str) -> bool:
    """Whether 15 digits are an identity-card number of before 1999: place and date of birth."""
    return number[:2] in _PROVINCES and _is_date(f"19{number[6:8]}", number[8:10], number[10:12])


def _is_date(year: str, month: str, day: str) -> bool:
    try:
        return date(int(year), int(month), int(day)).year in _YEARS
    except ValueError:
        return False


def passes_luhn(number: str) -> bool:
    """Whether the last digit is right by the algorithm of Luhn (ISO/IEC 7812-1)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return (sum(int(digit) for digit in number[::-2]) + sum(doubled)) % 10 == 0


#: The fields of facts that people write.
PROSE_FIELDS: Final = frozenset(
    {"title", "description", "note", "reason", "result", "answer", "question", "right_channel", "number"}
)


def mask_prose(value: Any, field: str = "") -> Any:
    """Return the content of a fact with the numbers in what people wrote masked, at any depth."""
    if isinstance(value, dict):
        return {name: mask_prose(part, name) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [mask_prose(part, field) for part in value]
    return mask_numbers(value) if isinstance(value, str) and field in PROSE_FIELDS else value
