"""The clocks of a recorded case, for a simulation to replay: one per stage and round, and those of the whole case."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from models.case import Case
from models.facts import (
    Accepted,
    Acknowledged,
    Body,
    Claimed,
    ClaimEnded,
    Closed,
    Due,
    ExtensionGranted,
    Fact,
    InfoRequested,
    InfoSupplied,
    ProgressReported,
    Recategorised,
    Redispatched,
    Released,
    Reopened,
    Resumed,
    SuspensionGranted,
    Transferred,
)
from rules.evolve import evolve
from rules.simulation.world import Change, RecordedClock

#: The facts that change how any clock runs; those of a stage's clock also include who handles the case.
_CLOCK_CHANGES = (InfoRequested, InfoSupplied, SuspensionGranted, Resumed, ExtensionGranted, Recategorised)
_STAGE_CHANGES = (
    *_CLOCK_CHANGES, Acknowledged, ProgressReported, Claimed, ClaimEnded, Released, Transferred, Redispatched,
)  # fmt: skip


@dataclass
class _OpenClock:
    """A clock that has not ended yet."""

    opening: RecordedClock
    changes: list[Change] = field(default_factory=list)

    def ended(self, at: datetime | None) -> RecordedClock:
        return replace(self.opening, ended_at=at, changes=tuple(self.changes))


def recorded_clocks(facts: Iterable[Fact]) -> tuple[RecordedClock, ...]:
    """The clocks of one case in the order in which they ended; those still running come last.

    The whole case is timed from acceptance, and again from a reopening, whether or not its policy set a limit for it.
    Raises rules.evolve.GapInFacts.
    """
    case: Case | None = None
    stage: _OpenClock | None = None
    whole: _OpenClock | None = None
    found: list[RecordedClock] = []
    for fact in facts:
        before, case = case, evolve(case, fact)
        body = fact.body
        due = getattr(body, "due", None)
        if stage is not None and (isinstance(due, Due) or isinstance(body, Closed)):
            found.append(stage.ended(fact.at))
            stage = None
        if whole is not None and isinstance(body, Closed):
            found.append(whole.ended(fact.at))
            whole = None
        if isinstance(due, Due):
            stage = _OpenClock(_recorded_clock(case, due.started_at))
        if isinstance(body, Accepted | Reopened):
            whole = _OpenClock(replace(_recorded_clock(case, fact.at), stage=None))
        _add_change(stage, body, fact.at, before, _STAGE_CHANGES)
        _add_change(whole, body, fact.at, before, _CLOCK_CHANGES)
    found += [open_clock.ended(None) for open_clock in (stage, whole) if open_clock is not None]
    return tuple(found)


def _recorded_clock(case: Case, at: datetime) -> RecordedClock:
    assert case.clock is not None
    return RecordedClock(
        case=case.case_no,
        category=case.category,
        severity=case.severity,
        grid_path=case.grid_path,
        started_at=at,
        ended_at=None,
        stage=case.clock.stage,
        round=case.round,
        condition=case.condition,
        owner=case.owner,
        host=case.host,
        claimed_by=case.claimed_by,
    )


def _add_change(
    open_clock: _OpenClock | None, body: Body, at: datetime, before: Case | None, kinds: tuple[type, ...]
) -> None:
    if open_clock is not None and isinstance(body, kinds):
        clock = before.clock if before is not None else None
        open_clock.changes.append(Change(at, body, clock.due_at if clock is not None else None))
