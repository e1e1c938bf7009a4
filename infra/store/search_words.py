"""The words of a case as the search compares them: one form for every width, case and script."""

from functools import cache

from opencc import OpenCC

from models.facts import Received
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
    """Return what the search finds a case by besides its number: title, description, number in another system."""
    number = report.external.number if report.external else ""
    return search_form(f"{report.title} {report.description} {number}")
