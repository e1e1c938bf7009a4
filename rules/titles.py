"""The title of a case whose reporter gave none: the first words of the description, else category and place."""

import re
import unicodedata

#: The widest title made here, in columns: a Chinese character takes two (our choice).
WIDEST = 60
#: Below this width a first phrase says too little, and the next one is taken with it (our choice).
_ENOUGH = 12
#: Ends of sentences and phrases; the escapes are the full-width forms of "!?;" and ",:". A stop or comma between two
#: digits belongs to a number.
_SENTENCE = re.compile(r"[。\uff01\uff1f\uff1b!?;\n]+|(?<!\d)\.(?=\s|$)|(?<=\d)\.(?=\s|$)")
_PHRASE = re.compile(r"[\uff0c\uff1a、]|(?<!\d)[,:](?!\d)|,\s| - |——")
#: A line by which a form puts the place into the description; it describes nothing.
_PLACE_LINE = re.compile(r"(?m)^\s*(?:位置|地点|具体位置|Place|Location)\s*[:：][ \t]*(.*)$")
_EDGES = " \t\n,\uff0c、;\uff1b:\uff1a.。·-—"
#: What the name of a numbered micro-grid ends in, and what says the same in a title.
_NUMBERED, _NUMBER = "号微网格", "号"


def title_of(description: str, category: str, place: str = "") -> str:
    """Return a title of one line, never empty: the first sentence of the description, cut after a phrase where it is
    too long; without a description "category · place". `category` and `place` are names.

    A line of the description that only names the place counts as the place.
    """
    named = _PLACE_LINE.search(description)
    words = _first_words(_PLACE_LINE.sub("", description).strip())
    if words:
        return words
    where = named.group(1).strip() if named is not None else ""
    if place.endswith(_NUMBERED):
        place = place.removesuffix(_NUMBERED) + _NUMBER
    return _shortened(" · ".join(part for part in (category, where or place) if part))


def _first_words(text: str) -> str:
    """Return the first sentence; a very short one together with the next."""
    end = 0
    for border in _SENTENCE.finditer(text):
        end = border.start()
        if _width(text[:end].strip(_EDGES)) >= _ENOUGH or "\n" in border.group():
            break
    else:
        end = len(text)
    return _shortened(" ".join(text[:end].split()).strip(_EDGES))


def _shortened(text: str) -> str:
    """Return the text, or as many of its phrases as fit; one phrase that is too wide is cut, with an ellipsis."""
    if _width(text) <= WIDEST:
        return text
    fitting = [
        border.start() for border in _PHRASE.finditer(text) if _ENOUGH <= _width(text[: border.start()]) <= WIDEST
    ]
    if fitting:
        return text[: fitting[-1]].strip(_EDGES)
    end = len(text)
    while _width(text[:end]) > WIDEST - 1:
        end -= 1
    if text[end].isascii() and text[end].isalnum() and " " in text[:end]:  # not in the middle of a word
        end = text.rindex(" ", 0, end)
    return text[:end].strip(_EDGES) + "…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
