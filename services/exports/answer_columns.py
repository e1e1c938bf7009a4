"""Answers to questions (填答) in an export: columns of a table, members of a JSON object.

Which columns there are follows from the filter and the policy in force, never from the rows: those are written while
they are read. Where the categories of the filter ask few questions, each has a column, and a last one takes what else
was answered (to a question of an earlier policy, or of a category the case had before); else one column takes all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from models.policy.document import Policy
from models.policy.questions import MOST_QUESTIONS, Question, QuestionKind
from models.views import AnswerView
from services.files.workbook import CellValue
from services.supervision.sheets import localized


@dataclass(frozen=True)
class _Column:
    question: str
    text: str
    header: str
    unit: str


@dataclass(frozen=True)
class AnswerColumns:
    """The columns of the answers in a table, in one language; `columns` empty: one for all."""

    language: str
    columns: tuple[_Column, ...]

    def header(self) -> list[str]:
        """Return the headers: the words of the questions, a number with its unit."""
        if not self.columns:
            return [localized(self.language, "填答", "answers")]
        return [*(column.header for column in self.columns), localized(self.language, "其他填答", "other answers")]

    def cells(self, answers: Sequence[AnswerView]) -> list[CellValue]:
        """Return the cells of a case. A number is a number where its unit is in the header, all else is in words."""
        cells: list[CellValue] = [None] * len(self.columns)
        rest = []
        for answer in answers:
            place = self._place(answer)
            if place is None or cells[place] is not None:
                rest.append(answer)
            else:
                cells[place] = _cell(answer, self.columns[place].unit, self.language)
        return [*cells, self._in_one(rest)]

    def _place(self, answer: AnswerView) -> int | None:
        """The column of the same question. After its words were changed, it is that of its code, if only one has it."""
        same = [place for place, column in enumerate(self.columns) if column.question == answer.question]
        worded = [place for place in same if self.columns[place].text == answer.text]
        found = worded or (same if len(same) == 1 else [])
        return found[0] if found else None

    def _in_one(self, answers: Iterable[AnswerView]) -> str | None:
        colon, end = localized(self.language, ":", ": "), localized(self.language, ";", "; ")
        return end.join(f"{one.text}{colon}{words_of(one, self.language)}" for one in answers) or None


def answer_columns(policy: Policy, category: str | None, asked: Sequence[str], language: str) -> AnswerColumns:
    """Return the columns for a list narrowed to a category or its prefix, and to cases that answered `asked`."""
    found: dict[tuple[str, str], Question] = {}
    for one in policy.categories:
        codes = {question.code for question in one.questions}
        if one.code.startswith(category or "") and codes.issuperset(asked):
            found |= {(question.code, question.text(language)): question for question in one.questions}
    if len(found) > MOST_QUESTIONS:
        return AnswerColumns(language, ())
    return AnswerColumns(language, tuple(_columns(list(found.values()), language)))


def _columns(questions: Sequence[Question], language: str) -> Iterable[_Column]:
    texts = [question.text(language) for question in questions]
    for question, text in zip(questions, texts, strict=True):
        unit = question.unit(language)
        header = text if texts.count(text) == 1 else f"{text} [{question.code}]"
        if unit:
            header += localized(language, f"({unit})", f" ({unit})")
        yield _Column(question.code, text, header, unit)


def _cell(answer: AnswerView, unit: str, language: str) -> CellValue:
    if answer.kind is QuestionKind.NUMBER and len(answer.values) == 1:
        (digits,) = answer.values
        if answer.shown == f"{digits} {unit}".strip():
            number = Decimal(digits)
            return int(number) if number == number.to_integral_value() else float(number)
    return words_of(answer, language)


def words_of(answer: AnswerView, language: str) -> str:
    """Return an answer as a cell tells it; of photos how many there are."""
    if answer.kind is QuestionKind.PHOTO and not answer.hidden:
        count = len(answer.values)
        return localized(language, f"照片 {count} 张", f"{count} photo{'' if count == 1 else 's'}")
    return answer.shown


def answer_members(answers: Sequence[AnswerView], language: str) -> Mapping[str, Any]:
    """Return the members of a JSON object: values by the codes of the questions, and words. A hidden one has words
    only, those that the page shows in its place.
    """
    return {
        "answers": {answer.question: list(answer.values) for answer in answers},
        "answer_words": {answer.question: words_of(answer, language) for answer in answers},
    }
