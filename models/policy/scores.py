"""The scores of people, units and departments (先锋指数、星级评定): base, bonus and deduction lines, bands as stars.

Every line counts a kind of thing that happened, so every point has its facts. Sources give bases of 20, 60 and 100 out
of 100 points; which of them, the lines and the bands are our choice.
"""

from collections import Counter
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from models.base import Code, Given, Text


class Subject(StrEnum):
    """Who is scored: a person, a unit with all below it (a community or a grid), a department.

    A branch (支部) is scored as the department or unit that it belongs to.
    """

    PERSON = "person"
    UNIT = "unit"
    DEPARTMENT = "department"


class Scored(StrEnum):
    """What a line counts; one of each case or duty and fact.

    `handled_on_time`, `handled_late`: a case was completed before, or after, the deadline of its handling.
    `overdue`: a deadline was missed, unless an appeal exempted it. `failed_review`: a result had to be done again.
    `self_closed`: a small matter was settled on the spot. `reopened`: a closed case had to be opened again.
    `rated_well` and `rated_badly`: 4 and more, 2 and less of 5. `duty_done`, `duty_late`, `duty_missed`: a check, a
    patrol, a visit.
    """

    HANDLED_ON_TIME = "handled_on_time"
    HANDLED_LATE = "handled_late"
    OVERDUE = "overdue"
    FAILED_REVIEW = "failed_review"
    SELF_CLOSED = "self_closed"
    REOPENED = "reopened"
    RATED_WELL = "rated_well"
    RATED_BADLY = "rated_badly"
    DUTY_DONE = "duty_done"
    DUTY_LATE = "duty_late"
    DUTY_MISSED = "duty_missed"


class ScoreLine(Given):
    """A line: so many `points` (a deduction is negative) for each of what it counts, `most` in all.

    `subjects`: whom it scores; empty means everybody.
    """

    code: Code
    name_zh: Text
    name_en: Text
    counts: Scored
    points: Annotated[float, Field(ge=-100, le=100)]
    most: Annotated[float, Field(gt=0, le=1000)]
    subjects: tuple[Subject, ...] = ()

    @model_validator(mode="after")
    def _counts_for_something(self) -> Self:
        if self.points == 0:
            raise ValueError("a line without points counts for nothing")
        return self


class StarBand(Given):
    """So many stars, for `least` points and more."""

    least: Annotated[float, Field(ge=0, le=1000)]
    stars: Annotated[int, Field(ge=0, le=5)]


def _line(code: str, zh: str, en: str, counts: Scored, points: float, most: float) -> ScoreLine:
    return ScoreLine(code=code, name_zh=zh, name_en=en, counts=counts, points=points, most=most)


DEFAULT_LINES = (
    _line("on-time", "按期办结", "handled on time", Scored.HANDLED_ON_TIME, 1, 20),
    _line("self-closed", "现场自办结", "settled on the spot", Scored.SELF_CLOSED, 1, 10),
    _line("rated-well", "群众评价满意", "rated well", Scored.RATED_WELL, 1, 10),
    _line("duties", "巡查走访按时完成", "duties done in time", Scored.DUTY_DONE, 0.5, 10),
    _line("handled-late", "超期办结", "handled late", Scored.HANDLED_LATE, -2, 20),
    _line("overdue", "超期", "deadlines missed", Scored.OVERDUE, -1, 20),
    _line("failed", "核查不通过", "failed reviews", Scored.FAILED_REVIEW, -2, 20),
    _line("reopened", "重新办理", "reopened", Scored.REOPENED, -2, 10),
    _line("rated-badly", "群众评价不满意", "rated badly", Scored.RATED_BADLY, -2, 10),
    _line("duties-late", "巡查走访迟做", "duties done late", Scored.DUTY_LATE, -0.5, 5),
    _line("duties-missed", "巡查走访漏做", "duties missed", Scored.DUTY_MISSED, -1, 10),
)
DEFAULT_BANDS = tuple(
    StarBand(least=least, stars=stars) for least, stars in ((90, 5), (80, 4), (70, 3), (60, 2), (50, 1), (0, 0))
)


class Scores(Given):
    """How points are counted: `base`, the lines, never below 0 nor above `most`; the bands run downwards to 0.

    `best`: how many people are named 服务之星, stars of service, in a period.
    """

    base: Annotated[float, Field(ge=0, le=1000)] = 60
    most: Annotated[float, Field(gt=0, le=1000)] = 100
    lines: Annotated[tuple[ScoreLine, ...], Field(min_length=1, max_length=50)] = DEFAULT_LINES
    bands: Annotated[tuple[StarBand, ...], Field(min_length=1, max_length=10)] = DEFAULT_BANDS
    best: Annotated[int, Field(ge=0, le=100)] = 5

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.base > self.most:
            raise ValueError(f"the base of {self.base:g} points is more than the most there are, {self.most:g}")
        if twice := sorted(code for code, n in Counter(line.code for line in self.lines).items() if n > 1):
            raise ValueError(f"lines named twice: {', '.join(twice)}")
        least = [band.least for band in self.bands]
        if least != sorted(set(least), reverse=True) or least[-1] != 0:
            raise ValueError("the bands run downwards, each once, and the last begins at 0")
        stars = [band.stars for band in self.bands]
        if stars != sorted(set(stars), reverse=True):
            raise ValueError("more points never have fewer stars, and each number of stars has one band")
        return self
