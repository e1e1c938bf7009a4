"""What a model sees of a case: pairs to fours of neighbouring characters, without the numbers of people and places."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from infra.store.search_words import search_form
from models.personal_numbers import mask_numbers

#: How many neighbouring characters make a feature.
SHORTEST, LONGEST = 2, 4
#: How much of a text is looked at, in characters.
MOST = 2_000
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Gram:
    """Neighbouring characters, and the place in the text at which they begin and end."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Read:
    """A text as a model reads it: `shown` with masked numbers, as people may see it; `form`, character by character
    the same length, in the form that is compared: small letters, simplified characters, one digit for all, a space for
    everything that is neither letter nor digit."""

    shown: str
    form: str


def read_text(title: str, description: str) -> Read:
    """Return the text of a case as a model reads it."""
    shown = mask_numbers(f"{title} {description}")[:MOST]
    return Read(shown, "".join(map(_form, shown)))


@lru_cache(maxsize=50_000)
def _form(char: str) -> str:
    if not char.isalnum():
        return " "
    if _DIGIT.match(char):
        return "0"
    folded = search_form(char)
    return folded if len(folded) == 1 and folded.isalnum() else char


def grams(form: str) -> Iterator[Gram]:
    """Yield every pair, three and four of neighbouring characters of a `Read.form`, within its words.

    A word of letters counts with the space before and after it, so that its beginning and end are known.
    """
    for found in re.finditer(r"\S+", form):
        word, start = found.group(), found.start()
        if word.isascii():
            if not word.strip("0"):
                continue  # a number alone says nothing that may be learnt
            word, start = f" {word} ", start - 1
        for length in range(SHORTEST, LONGEST + 1):
            for place in range(len(word) - length + 1):
                begin = start + place
                yield Gram(word[place : place + length], max(begin, 0), min(begin + length, len(form)))


def gram_texts(form: str) -> list[str]:
    """Return the texts of `grams`, as the training counts them."""
    return [one.text for one in grams(form)]


def category_feature(code: str) -> str:
    """Return the feature that says which category a case has: no text holds it."""
    return f"\tc:{code}"


def grid_feature(code: str) -> str:
    """Return the feature that says which unit a case lies in."""
    return f"\tg:{code}"
