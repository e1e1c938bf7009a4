"""The words of a case as the search compares them: one form for every width, case and script."""

from functools import cache

from opencc import OpenCC

from models.facts import Received
from models.personal_numbers import mask_numbers, numbers_in
from models.text import fold_for_search


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


@cache
def _simplified(char: str) -> str:
    """Return the simplified form of a character.

    One at a time: by phrases, a word would be converted differently alone than in its sentence, and not be found.
    """
    return str(_converter().convert(char))


def search_form(text: str) -> str:
    """Return the form in which words are stored and sought: `models.text.fold_for_search`, in simplified characters."""
    folded = fold_for_search(text)
    return folded if folded.isascii() else "".join(map(_simplified, folded))


def case_words(report: Received) -> str:
    """Return what the search finds a case by besides its number: title, description, number in another system; the
    numbers of people in them masked."""
    return search_form(mask_numbers(_text(report)))


def case_numbers(report: Received) -> list[str]:
    """Return the numbers of people in the text of a report, by which those who read them may search."""
    return sorted(numbers_in(_text(report)))


def _text(report: Received) -> str:
    number = report.external.number if report.external else ""
    return f"{report.title} {report.description} {number}"
