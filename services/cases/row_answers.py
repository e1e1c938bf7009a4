"""Answers to questions in lists of cases, as `services.cases.answers` shows those of one case.

A personal answer is shown to whom the page of the case shows it. Numbers of people in texts are masked for everybody,
as in the titles of a list.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import repeat
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Text, case as when, cast
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.sealed_answers import NOTHING_OPENED, Opened, open_many
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

    async def of_rows(self, connection: AsyncConnection, rows: Sequence[Any]) -> tuple[Answers, ...]:
        """Return the answers of each row, which has `ANSWER_COLUMNS`. Raises KeysAway."""
        if not any(row.answers for row in rows):
            return ((),) * len(rows)
        personal = await asyncio.to_thread(lambda: list(map(_personal_case, rows)))
        opened = await self._open(connection, [case for case in personal if case is not None])
        return await asyncio.to_thread(lambda: tuple(map(self._of_row, rows, personal, repeat(opened))))

    async def of_cases(self, connection: AsyncConnection, cases: Sequence[Case]) -> tuple[Answers, ...]:
        """Return the answers of each case. Raises KeysAway."""
        opened = await self._open(connection, [case for case in cases if _is_personal(case)])
        return tuple(self._of_case(case, opened) for case in cases)

    async def _open(self, connection: AsyncConnection, cases: Sequence[Case]) -> Mapping[UUID, Opened]:
        """Return what the personal answers of those of the cases hold that the person reads them of."""
        read = [case for case in cases if self._reads(case)]
        return dict.fromkeys([case.report_id for case in read], NOTHING_OPENED) | await open_many(connection, read)

    def _of_row(self, row: Any, case: Case | None, opened: Mapping[UUID, Opened]) -> Answers:
        if not row.answers:
            return ()
        if case is None:
            return self._views(_stored.validate_json(row.answers, context=STORED), None)
        return self._of_case(case, opened)

    def _of_case(self, case: Case, opened: Mapping[UUID, Opened]) -> Answers:
        return self._views(case.answers, opened.get(case.report_id))

    def _reads(self, case: Case) -> bool:
        return self.person is not None and reads_numbers(self.person, case, self.day)

    def _views(self, answers: Sequence[QuestionAnswer], opened: Opened | None) -> Answers:
        """`opened` None: the person reads no personal answers of the case."""
        whole, known = opened is not None, opened or NOTHING_OPENED
        return tuple(_masked(answer_view(one, self.language, whole=whole, opened=known)) for one in answers)


def _personal_case(row: Any) -> Case | None:
    state = row.personal_state
    return None if state is None else Case.model_validate_json(state, context=STORED)


def _is_personal(case: Case) -> bool:
    return any(answer.reading is Reading.PERSONAL for answer in case.answers)


def _masked(view: AnswerView) -> AnswerView:
    if view.kind is not QuestionKind.TEXT or view.hidden:
        return view
    values = tuple(map(mask_numbers, view.values))
    return view.model_copy(update={"shown": mask_numbers(view.shown), "values": values})
