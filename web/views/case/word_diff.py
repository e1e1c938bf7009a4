"""Two texts side by side: which words they share."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

#: A word of letters or digits, or one character of any other kind; Chinese has no spaces between words.
_WORDS = re.compile(r"[A-Za-z0-9]+|.", re.S)
#: Longer texts are compared by their beginnings: the time grows with the square of the length.
_MOST = 600

#: A piece of a text, and whether the other text has it too.
Piece = tuple[str, bool]


def compare_words(one: str, other: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return the pieces of both texts, in their order."""
    left, right = (_WORDS.findall(text[:_MOST]) for text in (one, other))
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    return (
        tuple(_pieces(left, [(block.a, block.a + block.size) for block in blocks])),
        tuple(_pieces(right, [(block.b, block.b + block.size) for block in blocks])),
    )


def _pieces(words: list[str], shared: list[tuple[int, int]]) -> Iterator[Piece]:
    at = 0
    for start, end in shared:
        if start > at:
            yield "".join(words[at:start]), False
        if end > start:
            yield "".join(words[start:end]), True
        at = end
