"""Reported cases by what they answered to the questions of their category, in a whole month that has ended.

No place is told, and no personal answer is counted. Counts of 1 to 4 are withheld in every category, because an answer
says more about a case than its category does.
"""

from datetime import date, timedelta

from sqlalchemy import and_
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.base import EARLIEST
from models.errors import BadFilter
from models.figures import FigureKey
from models.policy.document import Policy
from services.cases.answer_counts import Counted, count_choices, words_of
from services.feed.small_counts import LEAST_COUNT, withheld
from services.feed.views import Answers, AnswersFilter, Choice, QuestionRow
from services.figures.definitions import figure_condition
from services.figures.viewpoint import Viewpoint

#: What is counted of a choice: who chose it, of all who answered.
_CHOSEN, _ANSWERED = "chosen", "answered"


async def read_answers(connection: AsyncConnection, viewpoint: Viewpoint, filters: AnswersFilter) -> Answers:
    """Return the counts of the month. Raises BadFilter for one beyond the calendar, and for one that has not ended."""
    first, last = _days_of(viewpoint, filters)
    reported = figure_condition(FigureKey.REPORTED, viewpoint.days(first, last))
    version = await newest_version(connection)
    policy = await policy_version(connection, version)
    found = await count_choices(connection, and_(reported, viewpoint.cases_in()))
    rows = [_row(one, policy, viewpoint.language) for one in found]
    return Answers(
        as_of=viewpoint.now,
        zone=viewpoint.zone.key,
        policy_version=version,
        least_count=LEAST_COUNT,
        month=f"{first:%Y-%m}",
        rows=tuple(sorted(rows, key=lambda row: (row.category, row.question))),  # the order of counts would tell them
    )


def _days_of(viewpoint: Viewpoint, filters: AnswersFilter) -> tuple[date, date]:
    """Return the first and the last day."""
    present = viewpoint.day.replace(day=1)
    first = (present - timedelta(days=1)).replace(day=1)
    if filters.month is not None:
        year, month = map(int, filters.month.split("-"))
        if year < EARLIEST.year or (first := date(year, month, 1)) >= present:
            raise BadFilter(name="month", value=filters.month)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _row(one: Counted, policy: Policy, language: str) -> QuestionRow:
    words = words_of(one, policy, language)
    counts = {key: {_CHOSEN: one.keys.get(key, 0), _ANSWERED: one.answered} for key in words.choices}
    hidden = withheld(counts, ((_CHOSEN, _ANSWERED),))
    few = one.answered < LEAST_COUNT  # who did not choose an option would be told by a zero
    return QuestionRow(
        category=one.category,
        category_name=words.category,
        question=one.question,
        text=words.text,
        kind=one.kind,
        answered=None if few else one.answered,
        choices=tuple(
            Choice(key=key, name=name, count=None if few or (key, _CHOSEN) in hidden else one.keys.get(key, 0))
            for key, name in words.choices.items()
        ),
    )
