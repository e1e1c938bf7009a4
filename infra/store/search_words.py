"""The words of a case as the search compares them: one form for every width, case and script."""

from collections.abc import Iterable
from functools import cache

from opencc import OpenCC

from models.answers import QuestionAnswer
from models.facts import Fact, QuestionsAnswered, Received
from models.personal_numbers import mask_numbers, numbers_in
from models.policy.questions import QuestionKind, Reading
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
    """Return what the search finds a case by besides its number: title, description, number in another system,
    answers; the numbers of people in them masked."""
    return search_form(mask_numbers(_text(report)))


def case_numbers(report: Received) -> list[str]:
    """Return the numbers of people in the text of a report, by which those who read them may search."""
    return sorted(numbers_in(_text(report)))


def _text(report: Received) -> str:
    number = report.external.number if report.external else ""
    return f"{report.title} {report.description} {number} {_answers(report.answers)}"


def answer_words(facts: Iterable[Fact]) -> tuple[str, list[str]]:
    """Return the words, and the numbers of people, of answers that were given after the report; empty without any."""
    text = " ".join(_answers(fact.body.answers) for fact in facts if isinstance(fact.body, QuestionsAnswered)).strip()
    return search_form(mask_numbers(text)), sorted(numbers_in(text))


def _answers(answers: Iterable[QuestionAnswer]) -> str:
    """The words of answers: texts, and the names of options in both languages. Personal ones are not found."""
    words: list[str] = []
    for answer in answers:
        if answer.reading is not Reading.PERSONAL:
            words += answer.values if answer.kind is QuestionKind.TEXT else ()
            words += [name for option in answer.names for name in (option.name_zh, option.name_en)]
    return " ".join(words)
