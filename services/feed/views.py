"""The documents of the feed. Their JSON Schema is `docs/feed.schema.json`; a member is added, never changed."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field
from pydantic.json_schema import models_json_schema

from models.base import Frozen, Instant, WrittenDay
from models.enums import Level, Light, Stage
from models.figures import FigureKey, IndicatorKey
from models.policy.questions import QuestionKind

#: The version of the documents: the second number grows with a new member, the first with a change.
VERSION: Literal["1.0"] = "1.0"
#: The most days of a page, and how many it has by default.
MOST_DAYS, USUAL_DAYS = 31, 7
#: A count; null where it is withheld because it is small.
Count = Annotated[int | None, Field(ge=0, description="null: withheld, because so few cases could identify people")]


class By(StrEnum):
    """What a row is about: everything in scope, a unit of a level, or a category (or its group)."""

    TOTAL = "total"
    COMMUNITY = "community"
    GRID = "grid"
    GROUP = "category_group"
    CATEGORY = "category"

    @property
    def level(self) -> Level | None:
        """The level of the units; None for no units."""
        return {By.COMMUNITY: Level.COMMUNITY, By.GRID: Level.GRID}.get(self)


class DaysFilter(Frozen):
    """`by`: what a row is about. `since`: the first day, by default seven days ago; or `cursor`, from the page before.
    `days`: how many.
    """

    by: By = By.COMMUNITY
    since: WrittenDay | None = None
    cursor: Annotated[str | None, Field(max_length=400)] = None
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = USUAL_DAYS


class NowFilter(Frozen):
    """`by`: what a row is about; of the present: everything or units."""

    by: Literal[By.TOTAL, By.COMMUNITY, By.GRID] = By.COMMUNITY


class Rate(Frozen):
    """A rate: `value` is `numerator` / `denominator`, 0 … 1; null without a denominator, or where one is withheld."""

    numerator: Count
    denominator: Count
    value: float | None


class DayRow(Frozen):
    """The figures of one place or category on one day. `code` null: all, or cases that lie in none of the others."""

    day: date
    code: str | None
    name: str | None
    figures: dict[FigureKey, Count]
    rates: dict[IndicatorKey, Rate]


class Document(Frozen):
    """What every document tells of itself. `zone`: where days begin and end. `least_count`: smaller counts of small
    places are withheld.
    """

    version: Literal["1.0"] = VERSION
    as_of: Instant
    zone: str
    policy_version: int
    least_count: int


class Days(Document):
    """Figures of whole days that have ended, in their order. `next_cursor` leads to the days after the last one.

    `more`: there are such days already; else the cursor has them when they have ended.
    """

    by: By
    rows: tuple[DayRow, ...]
    next_cursor: str
    more: bool


class CellCount(Frozen):
    """The open cases of a stage under a light."""

    stage: Stage
    light: Light
    count: Count


class NowRow(Frozen):
    """The open cases of a place at this moment. Cells without a case are left out."""

    code: str | None
    name: str | None
    open: Count
    overdue: Count
    suspended: Count
    cells: tuple[CellCount, ...]


class Present(Document):
    """What is open at `as_of`, by stage and light."""

    by: Literal[By.TOTAL, By.COMMUNITY, By.GRID]
    rows: tuple[NowRow, ...]


class AnswersFilter(Frozen):
    """`month`: a whole month that has ended, `2026-10`; by default the last one.

    Spans of any length could be taken from each other, and would tell what is withheld of each.
    """

    month: Annotated[str | None, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")] = None


class Choice(Frozen):
    """How many cases chose an option."""

    key: str
    name: str
    count: Count


class QuestionRow(Frozen):
    """The answers to one question of one category. `answered`: how many cases answered it; one with several options
    may have chosen more than one.
    """

    category: str
    category_name: str
    question: str
    text: str
    kind: QuestionKind
    answered: Count
    choices: tuple[Choice, ...]


class Answers(Document):
    """What cases reported in the month answered: choices, and yes or no; none that is personal. Questions that nobody
    answered are left out.
    """

    month: str
    rows: tuple[QuestionRow, ...]


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of the documents, as `docs/feed.schema.json` has it."""
    documents: list[type[Document]] = [Days, Present, Answers]
    _, schema = models_json_schema([(one, "serialization") for one in documents], title="Gridloop feed")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
