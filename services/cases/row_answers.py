"""Answers to questions in lists of cases, as `services.cases.answers` shows those of one case.

A personal answer is shown to whom the page of the case shows it. Numbers of people in texts are masked for everybody,
as in the titles of a list.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Text, case as when, cast

from models.answers import QuestionAnswer
from models.base import STORED
from models.case import Case
from models.context import Person
from models.personal_numbers import mask_numbers
from models.policy.questions import QuestionKind, Reading
from models.tables import CASES
from models.views import AnswerView
from rules.masking import reads_numbers
from services.cases.answers import answer_view

_ANSWERS = CASES.c.state["answers"]
#: The columns that `AnswerReader.of_rows` needs. Who reads a personal answer depends on the whole case.
ANSWER_COLUMNS: tuple[ColumnElement[Any], ...] = (
    cast(_ANSWERS, Text).label("answers"),
    when((_ANSWERS.contains([{"reading": Reading.PERSONAL.value}]), cast(CASES.c.state, Text))).label("personal_state"),
)
_stored = TypeAdapter(tuple[QuestionAnswer, ...])

#: The answers of one case, in the order of its questions.
Answers = tuple[AnswerView, ...]


@dataclass(frozen=True)
class AnswerReader:
    """Reads answers for `person`, None: the system, who reads no personal ones; roles are those of `day`."""

    person: Person | None
    day: date
    language: str

    async def of_rows(self, rows: Sequence[Any]) -> tuple[Answers, ...]:
        """Return the answers of each row, which has `ANSWER_COLUMNS`."""
        if not any(row.answers for row in rows):
            return ((),) * len(rows)
        return await asyncio.to_thread(lambda: tuple(map(self._of_row, rows)))

    async def of_cases(self, cases: Sequence[Case]) -> tuple[Answers, ...]:
        """Return the answers of each case."""
        return tuple(self._views(case.answers, whole=_is_personal(case) and self._reads(case)) for case in cases)

    def _of_row(self, row: Any) -> Answers:
        if not row.answers:
            return ()
        if row.personal_state is None:
            return self._views(_stored.validate_json(row.answers, context=STORED), whole=False)
        case = Case.model_validate_json(row.personal_state, context=STORED)
        return self._views(case.answers, whole=self._reads(case))

    def _reads(self, case: Case) -> bool:
        return self.person is not None and reads_numbers(self.person, case, self.day)

    def _views(self, answers: Sequence[QuestionAnswer], *, whole: bool) -> Answers:
        return tuple(_masked(answer_view(answer, self.language, whole=whole)) for answer in answers)


def _is_personal(case: Case) -> bool:
    return any(answer.reading is Reading.PERSONAL for answer in case.answers)


def _masked(view: AnswerView) -> AnswerView:
    if view.kind is not QuestionKind.TEXT or view.hidden:
        return view
    values = tuple(map(mask_numbers, view.values))
    return view.model_copy(update={"shown": mask_numbers(view.shown), "values": values})
