"""The keys of the figures (sets of cases) and indicators (rates) of supervision, and the scoring rule.

`services.figures.definitions` defines each figure.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from models.base import Given, Text


class FigureKey(StrEnum):
    """A named set of cases. Those of a period come first, those of the present moment last."""

    REPORTED = "reported"
    MAJOR = "major"
    ASSESSED_REPORTS = "assessed_reports"
    VALID_REPORTS = "valid_reports"
    ACCEPTED = "accepted"
    ACCEPTED_ON_TIME = "accepted_on_time"
    TO_DISPATCH = "to_dispatch"
    DISPATCHED_ON_TIME = "dispatched_on_time"
    DISPATCHED_ACCURATELY = "dispatched_accurately"
    TO_HANDLE = "to_handle"
    HANDLED = "handled"
    HANDLED_ON_TIME = "handled_on_time"
    OVERDUE_UNHANDLED = "overdue_unhandled"
    EXTENDED = "extended"
    TO_CLOSE = "to_close"
    CLOSED = "closed"
    CLOSED_ON_TIME = "closed_on_time"
    TO_REVIEW = "to_review"
    REVIEWED_ON_TIME = "reviewed_on_time"
    REWORKED = "reworked"
    LATE_EVER = "late_ever"
    EXEMPTED = "exempted"
    CLOSINGS = "closings"
    RATED = "rated"
    SATISFIED = "satisfied"
    FALLING_DUE = "falling_due"

    OPEN = "open"
    OVERDUE = "overdue"
    SUSPENDED = "suspended"
    LONG_SUSPENDED = "long_suspended"
    CONSULTATION = "consultation"
    CHRONIC = "chronic"
    URGED = "urged"
    CLIMBED = "climbed"
    PENDING_RETURN = "pending_return"
    PENDING_EXTENSION = "pending_extension"
    PENDING_SUSPENSION = "pending_suspension"
    PENDING_REOPEN = "pending_reopen"
    PENDING_APPEAL = "pending_appeal"
    UNTOLD = "untold"


class IndicatorKey(StrEnum):
    """A rate of two figures."""

    HANDLED_RATE = "handled_rate"
    HANDLED_ON_TIME_RATE = "handled_on_time_rate"
    CLOSED_RATE = "closed_rate"
    CLOSED_ON_TIME_RATE = "closed_on_time_rate"
    REWORK_RATE = "rework_rate"
    OVERDUE_UNHANDLED_RATE = "overdue_unhandled_rate"
    EXTENSION_RATE = "extension_rate"
    DISPATCHED_ON_TIME_RATE = "dispatched_on_time_rate"
    ACCURATE_DISPATCH_RATE = "accurate_dispatch_rate"
    REVIEWED_ON_TIME_RATE = "reviewed_on_time_rate"
    ACCEPTED_ON_TIME_RATE = "accepted_on_time_rate"
    VALID_REPORT_RATE = "valid_report_rate"
    SATISFACTION_RATE = "satisfaction_rate"


class Weight(Given):
    """The weight of an indicator in the score: `points` times its rate, or (`wanted` False) times 1 minus its rate."""

    indicator: IndicatorKey
    points: Annotated[float, Field(gt=0, le=100)]
    wanted: bool = True


class Band(Given):
    """A grade, for scores from `least` points on."""

    least: Annotated[float, Field(ge=0, le=100)]
    name_zh: Text
    name_en: Text


#: The public scoring rule of 成都金牛区 (Jinniu, Chengdu): 30 处置率 + 20 按期处置率 + 20 (1 − 返工率) +
#: 20 (1 − 超期待处置率) + 10 (1 − 延期率).
JINNIU = (
    Weight(indicator=IndicatorKey.HANDLED_RATE, points=30),
    Weight(indicator=IndicatorKey.HANDLED_ON_TIME_RATE, points=20),
    Weight(indicator=IndicatorKey.REWORK_RATE, points=20, wanted=False),
    Weight(indicator=IndicatorKey.OVERDUE_UNHANDLED_RATE, points=20, wanted=False),
    Weight(indicator=IndicatorKey.EXTENSION_RATE, points=10, wanted=False),
)
#: 优 from 90, 良 from 80, 合格 from 60, below that 不合格: as in published bulletins (蚌埠 2011, 淮北 2021).
BANDS = (
    Band(least=90, name_zh="优", name_en="excellent"),
    Band(least=80, name_zh="良", name_en="good"),
    Band(least=60, name_zh="合格", name_en="pass"),
    Band(least=0, name_zh="不合格", name_en="fail"),
)


class Scoring(Given):
    """How a score is computed from indicators and graded. The weights add up to 100; the bands run downwards to 0.

    `tail`: how many units at the end of a ranking are named with their reason (our choice).
    """

    weights: Annotated[tuple[Weight, ...], Field(min_length=1)] = JINNIU
    bands: Annotated[tuple[Band, ...], Field(min_length=1)] = BANDS
    tail: Annotated[int, Field(ge=0, le=100)] = 3

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = sum(weight.points for weight in self.weights)
        if abs(total - 100) > 1e-6:
            raise ValueError(f"the weights add up to {total:g}, not 100")
        if len({weight.indicator for weight in self.weights}) < len(self.weights):
            raise ValueError("an indicator is weighed twice")
        least = [band.least for band in self.bands]
        if least != sorted(set(least), reverse=True) or least[-1] != 0:
            raise ValueError("the bands run downwards, each once, and the last begins at 0")
        return self
