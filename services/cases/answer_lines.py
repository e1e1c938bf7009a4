"""What was answered in each case of a list page, in one line: for the column of the desk's lists."""

from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy import Text, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.answers import QuestionAnswer
from models.base import STORED
from models.policy.questions import QuestionKind, Reading
from models.tables import CASES
from models.views import CaseItem
from services.cases.answers import answer_view

_stored = TypeAdapter(tuple[QuestionAnswer, ...])


async def answers_in_lines(
    connection: AsyncConnection, items: Sequence[CaseItem], language: str
) -> dict[str, str]:  # fmt: skip
    """Return the answers by the number of the case, of those that have some.

    Photos and personal answers are left out: a list is read by whoever passes by the screen.
    """
    answers = CASES.c.state["answers"]
    rows = await connection.execute(
        select(CASES.c.case_no, cast(answers, Text).label("answers")).where(
            CASES.c.case_no.in_([item.case_no for item in items]), answers.is_not(None)
        )
    )
    lines = {row.case_no: _line(_stored.validate_json(row.answers, context=STORED), language) for row in rows}
    return {number: line for number, line in lines.items() if line}


def _line(answers: Sequence[QuestionAnswer], language: str) -> str:
    colon, end = (": ", "; ") if language.startswith("en") else (":", ";")
    views = [
        answer_view(answer, language, whole=False)
        for answer in answers
        if answer.reading is not Reading.PERSONAL and answer.kind is not QuestionKind.PHOTO
    ]
    return end.join(f"{view.text}{colon}{view.shown}" for view in views)
