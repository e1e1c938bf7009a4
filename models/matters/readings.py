"""Readings of monitoring stations: as they are sent, and what became of each."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from models.base import Code, Frozen, Instant, Line, WrittenInstant, is_none
from models.matters.metrics import Metric, Watch

#: The most readings that one request may hold (our choice: half a day of one metric, minute by minute).
MOST_READINGS = 1_000


class Reading(Frozen):
    """A value of a metric at a moment. `id` is the sender's own and comes back with the outcome; it is not stored."""

    metric: Code
    at: WrittenInstant
    value: Annotated[float, Field(allow_inf_nan=False, strict=True)]
    id: Annotated[Annotated[Line, StringConstraints(max_length=80)] | None, Field(exclude_if=is_none)] = None


class ReadingState(StrEnum):
    """How a reading is stored: evaluated, too late to be evaluated, or not plausible and so not evaluated."""

    EVALUATED = "evaluated"
    LATE = "late"
    SUSPECT = "suspect"


class Outcome(StrEnum):
    """What became of a reading that was sent: stored (in one of the three ways), known already, or refused."""

    STORED = "stored"
    LATE = "late"
    SUSPECT = "suspect"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class ItemOutcome(Frozen):
    """What became of the reading at `index` of the batch, from 0. `code` and `detail` say why it was refused."""

    index: int
    id: Annotated[str | None, Field(exclude_if=is_none)] = None
    outcome: Outcome
    code: Annotated[str | None, Field(exclude_if=is_none)] = None
    detail: Annotated[str | None, Field(exclude_if=is_none)] = None


class Taken(Frozen):
    """The answer to a batch: how many readings had each outcome, and those that were not simply stored, one by one."""

    stored: int = 0
    late: int = 0
    suspect: int = 0
    duplicates: int = 0
    refused: int = 0
    items: tuple[ItemOutcome, ...] = ()


class StationConfig(Frozen):
    """What taking readings needs of a station, read under the lock of its row. `watches`: by metric."""

    matter_id: UUID
    code: str
    metrics: tuple[Metric, ...]
    silence_minutes: int
    silent: bool
    watches: dict[str, Watch]

    def metric(self, code: str) -> Metric | None:
        """The metric of that code, or None."""
        return next((metric for metric in self.metrics if metric.code == code), None)


class StoredReading(Frozen):
    """A reading to be stored."""

    metric: str
    at: Instant
    value: float
    state: ReadingState
