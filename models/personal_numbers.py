"""Numbers by which a person is known, where they stand in running text: hidden but for their ends."""

import re
from typing import Any, Final

#: What people put between the digits of a number.
_GAP: Final = r"[ \-\u2010-\u2015\uff0d]?"
#: A mobile number of mainland China, not part of a longer number.
_MOBILE: Final = re.compile(rf"(?<![0-9])((?:\+?86{_GAP})?1[3-9][0-9]){_GAP}([0-9]{{4}}){_GAP}([0-9]{{4}})(?![0-9])")
#: An identity-card number (GB 11643): 17 digits and the check character.
_IDENTITY: Final = re.compile(r"(?<![0-9])([1-9][0-9]{16}[0-9Xx])(?![0-9A-Za-z])")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS: Final = "10X98765432"
#: The fields of facts that people write.
_PROSE_FIELDS: Final = frozenset(
    {"title", "description", "note", "reason", "result", "answer", "question", "right_channel"}
)


def mask_numbers(text: str) -> str:
    """Return the text with mobile numbers as `139****5678` and identity-card numbers as `1101**********0011`.

    A number of 18 digits whose check character is wrong is none, and stays: it may be a case's or a contract's.
    """
    if text.isascii() and not any(char.isdigit() for char in text):
        return text
    hidden = _IDENTITY.sub(lambda found: _hidden_identity(found[1]), text)
    return _MOBILE.sub(r"\1****\3", hidden)


def mask_prose(value: Any, field: str = "") -> Any:
    """Return the content of a fact with the numbers in what people wrote masked, at any depth."""
    if isinstance(value, dict):
        return {name: mask_prose(part, name) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [mask_prose(part, field) for part in value]
    return mask_numbers(value) if isinstance(value, str) and field in _PROSE_FIELDS else value


def _hidden_identity(number: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return f"{number[:4]}**********{number[-4:]}" if number[-1].upper() == _CHECK_CHARACTERS[total % 11] else number
