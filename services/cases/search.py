"""The search for cases by words and numbers, and where in a text the words stand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.search_words import search_form
from models.personal_numbers import mask_numbers, numbers_in
from models.tables import CASE_WORDS, CASES
from models.text import clean_code
from models.views import CaseItem

#: The fewest digits that are taken for the end of a case number: people quote the last four.
SHORTEST_TAIL = 4
#: The digits of a case number, however they were divided.
_NUMBER = re.compile(r"[0-9]+(?:[ -][0-9]+)*")
#: The fewest digits of a number given in parts, of which none is to be sought as a word.
_SHORTEST_DIVIDED = 8
#: The length of an excerpt, and how much of it comes before the word, in characters.
_EXCERPT_LENGTH, _EXCERPT_BEFORE = 60, 12


def search_condition(query: str, readable: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that every word of `query` occurs in a case.

    A word may stand in its title, its description or the number that another system gave it; four digits and more may
    begin or end its case number, which may be divided by spaces or hyphens. Numbers of people are masked in the words
    that are compared; whole ones are found where `readable` holds: by whom they are shown to.
    """
    w = CASE_WORDS.c
    every_word = and_(*(_occurs(word) for word in search_words(query)))
    number = divided_number(query)
    found = every_word if number is None else or_(every_word, _has_number(number))
    condition = CASES.c.report_id.in_(select(w.report_id).where(found))
    people = numbers_in(query)
    if not people:
        return condition
    named = select(w.report_id).where(w.numbers.contains(list(people)))
    return or_(condition, and_(CASES.c.report_id.in_(named), readable))


def search_words(query: str) -> tuple[str, ...]:
    """Return the words of a query in the form in which they are compared."""
    return tuple(dict.fromkeys(search_form(query).split()))


def divided_number(query: str) -> str | None:
    """Return the case number, or the part of one, that the query gives in several parts; None where it does not."""
    folded = clean_code(query)
    digits = re.sub("[ -]", "", folded)
    return digits if _NUMBER.fullmatch(folded) and digits != folded and len(digits) >= _SHORTEST_DIVIDED else None


def _occurs(word: str) -> ColumnElement[bool]:
    w = CASE_WORDS.c
    in_words = and_(
        func.search_pairs(w.words).bool_op("@@")(cast(_pairs_query(word), TSQUERY)),
        w.words.contains(word, autoescape=True),
    )
    return or_(in_words, _has_number(word)) if word.isdecimal() and len(word) >= SHORTEST_TAIL else in_words


def _has_number(digits: str) -> ColumnElement[bool]:
    number = CASE_WORDS.c.case_no
    return or_(number.startswith(digits), func.reverse(number).startswith(digits[::-1]))


def _pairs_query(word: str) -> str:
    """Return the query for the pairs of the word, as the text of a tsquery; one character is the beginning of pairs."""
    if len(word) == 1:
        return f"{_lexeme(word)}:*"
    return " & ".join(dict.fromkeys(_lexeme(word[place : place + 2]) for place in range(len(word) - 1)))


def _lexeme(pair: str) -> str:
    escaped = pair.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def mark_words(text: str, words: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """Return `text` in pieces, each with whether it is one of the `words` of `search_words`."""
    form, places = _form_with_places(text)
    found = [False] * len(text)
    for word in words:
        start = form.find(word)
        while start >= 0:
            for place in places[start : start + len(word)]:
                found[place] = True
            start = form.find(word, start + 1)
    pieces: list[tuple[str, bool]] = []
    for char, is_found in zip(text, found, strict=True):
        if pieces and pieces[-1][1] == is_found:
            pieces[-1] = (pieces[-1][0] + char, is_found)
        else:
            pieces.append((char, is_found))
    return tuple(pieces)


def _form_with_places(text: str) -> tuple[str, list[int]]:
    """Return the compared form of a text, and for each of its characters the place in `text` that it comes from."""
    form: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        folded = " " if char.isspace() else search_form(char)
        form.append(folded)
        places += [place] * len(folded)
    return "".join(form), places


@dataclass(frozen=True)
class Excerpt:
    """The piece of a description, or the number in another system, in which a word stands that the title has not."""

    text: str
    before: bool
    after: bool


async def read_excerpts(
    connection: AsyncConnection, items: Sequence[CaseItem], words: Sequence[str]
) -> dict[str, Excerpt]:
    """Return, by case number, an excerpt for each item of which neither title nor number shows every word."""
    unseen = [item.case_no for item in items if not all(_shows(item, word) for word in words)]
    if not unseen:
        return {}
    c = CASES.c
    rows = await connection.execute(
        select(c.case_no, c.title, c.description, c.external_number).where(c.case_no.in_(unseen))
    )
    excerpts = ((row.case_no, _excerpt(row, words)) for row in rows)
    return {case_no: excerpt for case_no, excerpt in excerpts if excerpt is not None}


def _shows(item: CaseItem, word: str) -> bool:
    return word in search_form(item.title) or word in item.case_no


def _excerpt(row: Any, words: Sequence[str]) -> Excerpt | None:
    title = search_form(mask_numbers(row.title))
    sought = [word for word in words if word not in title]
    for text in (mask_numbers(row.external_number or ""), mask_numbers(row.description)):
        line = " ".join(text.split())
        form, places = _form_with_places(line)
        starts = [form.find(word) for word in sought if word in form]
        if starts:
            start = max(0, places[min(starts)] - _EXCERPT_BEFORE)
            end = start + _EXCERPT_LENGTH
            return Excerpt(line[start:end], before=start > 0, after=end < len(line))
    return None
