"""The rules of the three colours of an enterprise (三色管理), and how often an enterprise of each colour is visited.

A colour says how much watching an enterprise needs. It is not the light of a deadline (`Light`), nor a public warning.
The vocabulary of conditions is fixed; which of them hold, and from how many on, is data. The defaults are our choice:
the source documents name the three colours and no rule.
"""

from collections import Counter
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from models.base import Code, Given, Text, is_empty, is_none
from models.enums import Severity

#: The longest window and the longest hold (our choice): what counts for more than a year is never left in practice.
MOST_DAYS = 366


class Colour(StrEnum):
    """The colour of an enterprise, the best first. `rank` in `rules.colours` compares them."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class VisitEvery(StrEnum):
    """How often an enterprise is visited."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


class Watched(StrEnum):
    """What a rule counts.

    `cases`: cases about the enterprise. `overdue_cases`: those of which a deadline was missed. `repeats`: cases of one
    category, the category with the most. `failed_rounds` and `missed_rounds`: checklists and visits of the enterprise
    with a failed item, or that nobody did. Cases that were rejected, withdrawn, voided or merged never count, and an
    overdue that an appeal exempted does not either.
    """

    CASES = "cases"
    OVERDUE_CASES = "overdue_cases"
    REPEATS = "repeats"
    FAILED_ROUNDS = "failed_rounds"
    MISSED_ROUNDS = "missed_rounds"


#: What has no end of its own: it counts for some days after it happened.
MOMENTARY = frozenset({Watched.REPEATS, Watched.FAILED_ROUNDS, Watched.MISSED_ROUNDS})
_ROUNDS = frozenset({Watched.FAILED_ROUNDS, Watched.MISSED_ROUNDS})


def _never_left(zh: str, en: str) -> PydanticCustomError:
    context = {"why_zh": zh, "why_en": en}
    message = "an enterprise could never leave the colour that this rule gives: {why_en}"
    return PydanticCustomError("colour_never_left", message, context)


class ColourRule(Given):
    """A rule that makes an enterprise yellow or red while at least `at_least` of what it counts are there.

    `categories` (prefixes of codes) and `severities` limit the cases; empty means all. `within_days`: only what
    happened in so many natural days counts. `closed_too`: closed cases count as well, until they leave the window;
    without it a case counts until it is closed after review. `hold_days`: how many days the colour is kept once the
    rule no longer holds; each new breach of any rule makes it begin anew.
    """

    code: Code
    colour: Colour
    name_zh: Text
    name_en: Text
    counts: Watched
    categories: Annotated[tuple[Code, ...], Field(max_length=100, exclude_if=is_empty)] = ()
    severities: Annotated[tuple[Severity, ...], Field(exclude_if=is_empty)] = ()
    at_least: Annotated[int, Field(le=1000)] = 1
    within_days: Annotated[int | None, Field(exclude_if=is_none)] = None
    closed_too: Annotated[bool, Field(exclude_if=is_empty)] = False
    hold_days: int = 30

    @model_validator(mode="after")
    def _can_be_left(self) -> Self:
        if self.at_least < 1:
            raise _never_left("“至少 0 件”总是成立", "“at least 0” always holds")
        if self.within_days is not None and self.within_days < 1:
            raise ValueError("a window (`within_days`) is a day at least")
        if self.hold_days < 0:
            raise ValueError("a hold (`hold_days`) is not negative")
        if self.within_days is None and self.counts in MOMENTARY:
            raise _never_left(
                "它统计的事情没有终点,须写明在多少天内(within_days)",
                "what it counts has no end of its own; say within how many days it counts (`within_days`)",
            )
        if self.within_days is None and self.closed_too:
            raise _never_left(
                "已结案件也计入,而没有写明在多少天内(within_days)",
                "closed cases count as well, and it does not say within how many days (`within_days`)",
            )
        for name, days in (("within_days", self.within_days or 0), ("hold_days", self.hold_days)):
            if days > MOST_DAYS:
                raise _never_left(
                    f"{name} 超过 {MOST_DAYS} 天,等于永远保留",
                    f"`{name}` is more than {MOST_DAYS} days, which is for good",
                )
        return self

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.colour is Colour.GREEN:
            raise ValueError("green is the colour of an enterprise to which no rule applies; rules give yellow or red")
        if self.counts in _ROUNDS and (self.categories or self.severities or self.closed_too):
            raise ValueError("rounds have no category, no severity and no end: leave these fields out")
        if self.counts is Watched.REPEATS and self.at_least < 2:
            raise ValueError("a repeat takes two cases at least (`at_least: 2`)")
        return self


class Visits(Given):
    """How often an enterprise of each colour is visited (our choice)."""

    red: VisitEvery = VisitEvery.WEEKLY
    yellow: VisitEvery = VisitEvery.FORTNIGHTLY
    green: VisitEvery = VisitEvery.MONTHLY

    def of(self, colour: Colour) -> VisitEvery:
        """How often an enterprise of that colour is visited."""
        return {Colour.RED: self.red, Colour.YELLOW: self.yellow, Colour.GREEN: self.green}[colour]


#: Red: an open major hazard, three overdue at once. Yellow: one overdue, an open wage case of a group, the same
#: category three times in 90 days, two failed or three missed checklists in 30 days (our choice).
DEFAULT_RULES = (
    ColourRule(
        code="major-hazard", colour=Colour.RED, name_zh="重大隐患未销号", name_en="open major hazard",
        counts=Watched.CASES, categories=("0102",),
    ),
    ColourRule(
        code="major-case", colour=Colour.RED, name_zh="特别严重的事件未办结", name_en="open case of the gravest kind",
        counts=Watched.CASES, severities=(Severity.MAJOR,),
    ),
    ColourRule(
        code="group-wages", colour=Colour.YELLOW, name_zh="群体性欠薪未化解", name_en="open wage case of a group",
        counts=Watched.CASES, categories=("0202",),
    ),
    ColourRule(
        code="many-overdue", colour=Colour.RED, name_zh="多件事件超期", name_en="several cases overdue",
        counts=Watched.OVERDUE_CASES, at_least=3,
    ),
    ColourRule(
        code="overdue", colour=Colour.YELLOW, name_zh="有事件超期", name_en="a case is overdue",
        counts=Watched.OVERDUE_CASES,
    ),
    ColourRule(
        code="repeats", colour=Colour.YELLOW, name_zh="同类问题屡次发生", name_en="the same kind again and again",
        counts=Watched.REPEATS, at_least=3, within_days=90, closed_too=True,
    ),
    ColourRule(
        code="failed-checks", colour=Colour.YELLOW, name_zh="检查多次不合格", name_en="checklists failed",
        counts=Watched.FAILED_ROUNDS, at_least=2, within_days=30,
    ),
    ColourRule(
        code="missed-checks", colour=Colour.YELLOW, name_zh="检查多次漏做", name_en="checklists missed",
        counts=Watched.MISSED_ROUNDS, at_least=3, within_days=30,
    ),
)  # fmt: skip


class Colours(Given):
    """The colour rules of a policy, the visits, and how long a supervisor may set a colour by hand."""

    rules: Annotated[tuple[ColourRule, ...], Field(max_length=50)] = DEFAULT_RULES
    visits: Visits = Visits()
    override_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 180

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if twice := sorted(code for code, times in Counter(rule.code for rule in self.rules).items() if times > 1):
            raise ValueError(f"colour rules named twice: {', '.join(twice)}")
        return self
