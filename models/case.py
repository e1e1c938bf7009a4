"""The case: what the facts so far add up to. Made only by `rules.evolve`, never edited.

Everything needed to decide the next command is here, and nothing that people only read (the
description, names): the whole of it travels on continue-as-new and lies beside the case row.
"""

from datetime import timedelta
from uuid import UUID

from models.base import Frozen, Instant
from models.commands import Part
from models.enums import Level, Light, Outcome, OwnerKind, Severity, Source, Stage, UrgeCause, UrgeKind
from models.plan import Plan
from models.policy.limits import Limit


class Owner(Frozen):
    """Who answers for the case: a unit's duty desk, a department, or a person."""

    kind: OwnerKind
    id: str


class Interval(Frozen):
    """A stretch in which a clock runs, half open: from `start` up to, not including, `end`."""

    start: Instant
    end: Instant | None = None


class Clock(Frozen):
    """计时 of one stage in one round: a list of running intervals, never a stored counter.

    `stage` None is the clock of the whole case. `limit` and `extended` (the sum of granted extensions) are counted
    as `terms` says; without terms, in natural time. `due_at` and `plan` are None while the clock is stopped.
    `last_step` is the step of the ladder that fired last.
    """

    stage: Stage | None
    round: int
    limit: timedelta
    source: str
    intervals: tuple[Interval, ...]
    extended: timedelta = timedelta()
    due_at: Instant | None
    terms: Limit | None = None
    plan: Plan | None = None
    light: Light = Light.GREEN
    last_step: int = 0
    overdue_at: Instant | None = None
    ended_at: Instant | None = None

    @property
    def runs(self) -> bool:
        """Whether time counts now."""
        return self.intervals[-1].end is None


class CoHandler(Frozen):
    department: str
    reported_at: Instant | None = None


class Summons(Frozen):
    """One department called to a joint meeting."""

    department: str
    meet_at: Instant
    responded_at: Instant | None = None


class UrgeOrder(Frozen):
    """An urge order that awaits its answer or has it. `by` None: the system gave it, for the `cause`.

    `rungs` are the moments of its ladder's steps still to fire, `last_step` the one that fired last.
    """

    number: int
    kind: UrgeKind
    by: UUID | None
    cause: UrgeCause | None = None
    urged_at: Instant
    reply_by: Instant
    rungs: tuple[Instant, ...] = ()
    last_step: int = 0
    answered_at: Instant | None = None
    overdue_at: Instant | None = None


class Request(Frozen):
    """Something asked and not yet decided: by whom, when, and up to when it would reach."""

    by: UUID
    at: Instant
    until: Instant | None = None
    department: str | None = None


class Errand(Frozen):
    """What this case still has to do beyond itself: kept in the case, so that it is never forgotten.

    With `part`, open a case for that matter split off; without, tell the case `lead` that this one was
    merged into it.
    """

    id: str
    lead: UUID | None = None
    part: Part | None = None


class Case(Frozen):
    """One reported issue, as its facts 1 … `seq` leave it."""

    report_id: UUID
    case_no: str
    seq: int
    stage: Stage
    round: int = 1
    outcome: Outcome | None = None

    category: str
    condition: str | None = None
    severity: Severity
    source: Source
    title: str
    grid: str
    grid_path: tuple[str, ...]
    level: Level
    policy_version: int

    reported_by: UUID
    reporter_ref: UUID | None = None
    occurred_at: Instant
    reported_at: Instant
    received_at: Instant
    updated_at: Instant
    accepted_at: Instant | None = None
    completed_at: Instant | None = None
    closed_at: Instant | None = None
    archive_at: Instant | None = None
    archived_at: Instant | None = None

    owner: Owner | None
    desk: Owner
    suggested_host: str
    host: str | None = None
    departments: tuple[str, ...] = ()
    co_handlers: tuple[CoHandler, ...] = ()
    claimed_by: UUID | None = None
    handled_by: tuple[UUID, ...] = ()

    clock: Clock | None
    past_clocks: tuple[Clock, ...] = ()
    whole: Clock | None = None
    remind_at: Instant | None = None
    acknowledged_by: UUID | None = None
    acknowledged_until: Instant | None = None
    consultation_at: Instant | None = None
    returns: int = 0
    failed_reviews: int = 0
    extensions_granted: int = 0

    info_request: Request | None = None
    return_request: Request | None = None
    extension_request: Request | None = None
    suspension_request: Request | None = None
    reopen_request: Request | None = None
    appeal: Request | None = None
    appealed: bool = False
    exempt: bool = False
    aborted: bool = False
    void_proposed_by: UUID | None = None
    suspended_until: Instant | None = None
    returns_settled: tuple[str, ...] = ()
    summons: tuple[Summons, ...] = ()
    urges: tuple[UrgeOrder, ...] = ()
    errands: tuple[Errand, ...] = ()
    merged_into: str | None = None
    absorbed: tuple[str, ...] = ()
    parts: int = 0
    rating: int | None = None
    attachments: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Open until closed; a closed case can still be rated, reopened or appealed, until archived."""
        return self.stage is not Stage.CLOSED

    @property
    def park(self) -> str:
        """The code of the level-1 unit it lies in."""
        return self.grid_path[0]
