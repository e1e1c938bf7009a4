"""What a monitoring station measures (指标), within which limits, and what its readings have come to."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from models.base import Code, Given, Instant, Kept, Line, Title, fault, is_none
from models.enums import Severity

#: The numbers that a reading or a limit may have: finite, and as precise as a double is.
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e12, le=1e12)]
UnitName = Annotated[Line, StringConstraints(min_length=1, max_length=20)]
MOST_METRICS = 40


class Side(StrEnum):
    """Which limit a reading is beyond."""

    ABOVE = "above"
    BELOW = "below"


class Metric(Given):
    """One thing that a station measures, in `unit`.

    A reading above `above` or below `below` exceeds the limit; after `minutes` of nothing else the breach has begun,
    and it ends with a reading that is back within the limit by more than `hysteresis`. A reading outside `lowest` to
    `highest` is not plausible: it is stored, and not evaluated. `category` is the one of the case that a breach opens,
    `severity` None its own.
    """

    code: Code
    name: Title
    unit: UnitName
    above: Annotated[Number | None, Field(exclude_if=is_none)] = None
    below: Annotated[Number | None, Field(exclude_if=is_none)] = None
    hysteresis: Annotated[Number, Field(ge=0)] = 0
    minutes: Annotated[int, Field(ge=0, le=24 * 60)] = 0
    lowest: Annotated[Number | None, Field(exclude_if=is_none)] = None
    highest: Annotated[Number | None, Field(exclude_if=is_none)] = None
    category: Annotated[Code | None, Field(exclude_if=is_none)] = None
    severity: Annotated[Severity | None, Field(exclude_if=is_none)] = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.above is not None or self.below is not None) and self.category is None:
            raise fault(
                f"指标 {self.code} 设有限值,须填超标立案的小类",
                f"metric {self.code} has a limit and needs the category of the case that a breach opens",
            )
        if self.lowest is not None and self.highest is not None and self.lowest >= self.highest:
            raise fault(
                f"指标 {self.code} 的合理范围上限须高于下限",
                f"metric {self.code}: the plausible range ends before it begins",
            )
        if self.above is not None and self.below is not None and self.above - self.below <= 2 * self.hysteresis:
            raise fault(
                f"指标 {self.code} 的上下限过近,超标将永远无法解除",
                f"metric {self.code}: the limits are so near to each other that a breach could never end",
            )
        too_high = self.above is not None and self.highest is not None and self.above >= self.highest
        too_low = self.below is not None and self.lowest is not None and self.below <= self.lowest
        if too_high or too_low:
            raise fault(
                f"指标 {self.code} 的限值不在合理范围之内,永远不会超标",
                f"metric {self.code}: a limit at or beyond the plausible range could never be exceeded",
            )
        return self


Metrics = Annotated[tuple[Metric, ...], Field(min_length=1, max_length=MOST_METRICS)]


def check_once_each(metrics: tuple[Metric, ...]) -> None:
    """Refuse a metric that is named twice."""
    codes = [metric.code for metric in metrics]
    if len(set(codes)) != len(codes):
        raise fault("同一指标填了两次", "a metric is named twice")


class WatchState(StrEnum):
    """Where a metric stands: within its limits, beyond them but not for long enough, or in breach."""

    NORMAL = "normal"
    EXCEEDING = "exceeding"
    BREACH = "breach"


class Watch(Kept):
    """What the readings of one metric have come to, up to its newest evaluated one.

    `since`: the beginning of the run beyond the limit `side` that goes on now. In a breach: `began_at`, the beginning
    of its first run, `peak`, its worst value, `counted`, whether this run is known to the matter, and `told_at`, when
    the matter was last told.
    """

    state: WatchState = WatchState.NORMAL
    newest_at: Instant | None = None
    newest_value: float | None = None
    side: Side | None = None
    since: Instant | None = None
    began_at: Instant | None = None
    peak: float | None = None
    counted: bool = False
    told_at: Instant | None = None


class ChangeKind(StrEnum):
    """A change that the matter hears of: a breach began, had a further run, lasts, or ended."""

    BEGAN = "began"
    AGAIN = "again"
    LASTS = "lasts"
    ENDED = "ended"


class Change(Given):
    """A change of the state of `metric`, found by the reading of `at`. `since`: when the run (or breach) began."""

    what: ChangeKind
    metric: Code
    since: Instant
    at: Instant
    value: float
    side: Side
    limit: float
    peak: float
