"""The case: the state that its facts lead to. Made only by `rules.evolve`, never edited.

It holds everything needed to decide the next command, and nothing that people only read (the description, names): all
of it is passed on by continue-as-new and stored with the case row.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator

from models.answers import Answers, Open, Unread
from models.base import Instant, Kept, is_empty, is_none
from models.commands import Part
from models.commands.report import MatterReference
from models.enums import Level, Light, Outcome, OwnerKind, Role, Severity, Source, Stage, UrgeCause, UrgeKind
from models.plan import Plan
from models.policy.limits import Limit

#: Fields of states stored before rounds had fields of their own.
_EARLIER = frozenset({"appeal", "appealed", "exempt", "void_proposed_by"})


class Owner(Kept):
    """Who is responsible for the case: a unit's duty desk, a department, or a person."""

    kind: OwnerKind
    id: str


class Interval(Kept):
    """An interval in which a clock runs, half open: from `start` up to, not including, `end`."""

    start: Instant
    end: Instant | None = None


class Clock(Kept):
    """The clock (计时) of one stage in one round: a list of running intervals, never a stored counter.

    `stage` None is the clock of the whole case. `limit` and `extended` (the sum of granted extensions) are counted
    as `terms` says; without terms, in natural time. `due_at` and `plan` are None while the clock is stopped;
    `stopped_due_at` is then the deadline at which it stopped. `last_step` is the step of the ladder that fired last.

    An extension is a moment: `extended_to`, granted at `extended_at`; pauses after the grant move it on.
    `missed`: deadlines that passed before an extension asked in time was granted late; they stay on record.
    `held`: the ladder steps, each with its owner, at which an acknowledgement has held already.
    `resumed_after_step`: the step that had fired last when the clock resumed, from where its ladder went on. None: it
    never stopped, or resumed under a version that did not keep it.
    """

    stage: Stage | None
    round: int
    limit: timedelta
    source: str
    intervals: tuple[Interval, ...]
    extended: timedelta = timedelta()
    extended_to: Instant | None = None
    extended_at: Instant | None = None
    due_at: Instant | None
    stopped_due_at: Instant | None = None
    terms: Limit | None = None
    plan: Plan | None = None
    light: Light = Light.GREEN
    last_step: int = 0
    overdue_at: Instant | None = None
    missed: tuple[Instant, ...] = ()
    held: tuple[str, ...] = ()
    ended_at: Instant | None = None
    resumed_after_step: Annotated[int | None, Field(exclude_if=is_none)] = None

    @property
    def runs(self) -> bool:
        """Whether the clock is running."""
        return self.intervals[-1].end is None

    @property
    def was_late(self) -> bool:
        """Whether a deadline of the clock has passed, even if an extension was granted later."""
        return self.overdue_at is not None or bool(self.missed)


class CoHandler(Kept):
    """A co-handling department. `reported_at` None: its report is missing."""

    department: str
    reported_at: Instant | None = None


class Summons(Kept):
    """One department called to a joint meeting; `missed_at`: when it was recorded as not having answered in time.

    `watched` False: called by an earlier version, which did not record missing answers.
    """

    department: str
    meet_at: Instant
    watched: bool = False
    responded_at: Instant | None = None
    missed_at: Instant | None = None


class UrgeOrder(Kept):
    """An urge order. `by` None: the system gave it, for the `cause`.

    `rungs` are the moments of its ladder's steps still to fire, `last_step` the one that fired last. `ended_at`: it
    ended without an answer: it was cancelled, or the case was closed.
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
    ended_at: Instant | None = None

    @property
    def is_open(self) -> bool:
        """Whether the order still awaits an answer."""
        return self.answered_at is None and self.ended_at is None


class Request(Kept):
    """A request that awaits its decision or answer. `until`: the end of what is asked for, or of the time to answer.

    `department`: who asks, or (of a transfer) who is asked; `asked`: the unit whose workers are to look at the place.
    `decide_by`: the deadline of the decision; `rungs` and `last_step` belong to the ladder of that deadline.
    `granted_by`: the role that grants an extension, settled when it was asked for; None: an earlier version asked, and
    the policy says it at the grant. `decider`: who decides what takes a supervisor; None: the case's desk.
    """

    by: UUID
    at: Instant
    until: Instant | None = None
    department: str | None = None
    decide_by: Instant | None = None
    rungs: tuple[Instant, ...] = ()
    last_step: int = 0
    asked: Owner | None = None
    granted_by: Annotated[Role | None, Field(exclude_if=is_none)] = None
    decider: Annotated[Owner | None, Field(exclude_if=is_none)] = None


class AppealRecord(Kept):
    """An appeal (超时申诉) of a department about the time it hosted the case in `round`. `upheld` None: undecided.

    `decider`: who decides it; None: a supervisor of the case's desk.
    """

    department: str
    round: int
    by: UUID
    at: Instant
    upheld: bool | None = None
    decider: Annotated[Owner | None, Field(exclude_if=is_none)] = None


class Errand(Kept):
    """Something that this case still has to do in another case; kept here until it is done.

    With `part`, open a case for that part split off. With `lead`, tell that case that this one was merged into it.
    With `left`, tell that case that this one was taken out again. With `member`, take that merged case out, for that
    `reason`. `refused`: the other side refused it for good, with this code; a desk has to deal with it.
    """

    id: str
    lead: UUID | None = None
    part: Part | None = None
    left: UUID | None = None
    member: str | None = None
    reason: str = ""
    refused: str | None = None


class MergePoint(Kept):
    """The state of a case when it was merged, to which it returns when it is unmerged."""

    stage: Stage
    owner: Owner
    level: Level
    lead: UUID
    merged_at: Instant
    plan: Plan | None = None
    whole_plan: Plan | None = None


class Round(Kept):
    """The record of an ended round; nothing of it counts for a later round.

    Its clocks are those of `Case.past_clocks` with its number.
    """

    number: int
    ended_at: Instant
    outcome: Outcome | None = None
    hosts: tuple[str, ...] = ()
    co_handlers: tuple[CoHandler, ...] = ()
    summons: tuple[Summons, ...] = ()
    extensions_granted: int = 0
    suspensions_granted: int = 0
    info_requests: int = 0
    transfers: int = 0
    rating: int | None = None


def _appealed_round(state: dict[str, Any]) -> int:
    """Which round the one appeal of an earlier state is about: the last that was late and has ended. Only a closed case
    is appealed, and a reopening ended an undecided appeal."""
    last: int = max(state.get("round", 1) - (state.get("stage") != Stage.CLOSED), 1)
    late = (clock["round"] for clock in state.get("past_clocks", ()) if clock.get("overdue_at") is not None)
    return max((number for number in late if number <= last), default=last)


class Case(Kept):
    """One reported issue, in the state after its facts 1 … `seq`.

    docs/architecture.md says what belongs to the case and what to a round: fields of the running round are here, those
    of earlier rounds in `rounds`.
    """

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

    enterprise: Annotated[str | None, Field(exclude_if=is_none)] = None
    matter: Annotated[MatterReference | None, Field(exclude_if=is_none)] = None
    reported_by: UUID
    reporter_ref: UUID | None = None
    data_held: Annotated[bool, Field(exclude_if=is_empty)] = False
    reporter_erased: Annotated[bool, Field(exclude_if=is_empty)] = False
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
    recused: Annotated[tuple[UUID, ...], Field(exclude_if=is_empty)] = ()

    clock: Clock | None
    past_clocks: tuple[Clock, ...] = ()
    whole: Clock | None = None
    remind_at: Instant | None = None
    acknowledged_by: UUID | None = None
    acknowledged_until: Instant | None = None
    noted_for: Owner | None = None
    consultation_at: Instant | None = None
    reviewer: UUID | None = None
    self_closed: bool = False
    hosts: tuple[str, ...] = ()
    returns: int = 0
    failed_reviews: int = 0
    reopenings: int = 0
    extensions_granted: int = 0
    suspensions_granted: int = 0
    suspended_for: timedelta = timedelta()
    info_requests: int = 0
    transfers: int = 0

    info_request: Request | None = None
    verification_request: Request | None = None
    return_request: Request | None = None
    transfer_request: Request | None = None
    extension_request: Request | None = None
    suspension_request: Request | None = None
    void_request: Request | None = None
    reopen_request: Request | None = None
    appeals: tuple[AppealRecord, ...] = ()
    aborted: bool = False
    suspended_until: Instant | None = None
    returns_settled: tuple[str, ...] = ()
    transfers_refused: tuple[str, ...] = ()
    summons: tuple[Summons, ...] = ()
    urges: tuple[UrgeOrder, ...] = ()
    urges_given: int = 0
    rounds: tuple[Round, ...] = ()
    merged_at_stage: MergePoint | None = None
    errands: tuple[Errand, ...] = ()
    merged_into: str | None = None
    absorbed: tuple[str, ...] = ()
    parts: int = 0
    rating: int | None = None
    attachments: tuple[str, ...] = ()
    answers: Answers = ()
    unread: Unread = ()
    unanswered: Open = ()
    not_known: Annotated[tuple[str, ...], Field(exclude_if=is_empty)] = ()

    @model_validator(mode="before")
    @classmethod
    def _from_earlier_versions(cls, value: Any) -> Any:
        """Convert a state stored before there were rounds: its one appeal and its void proposal."""
        if not isinstance(value, dict) or not _EARLIER & value.keys():
            return value
        state = {name: entry for name, entry in value.items() if name not in _EARLIER}
        state["self_closed"] = value.get("stage") == Stage.REVIEW and value.get("accepted_at") is None
        proposer, appeal = value.get("void_proposed_by"), value.get("appeal")
        if proposer is not None:
            state["void_request"] = {"by": proposer, "at": value["updated_at"]}
        if value.get("appealed"):
            asked = appeal or {"by": value["reported_by"], "at": value["updated_at"]}
            state["appeals"] = [
                {
                    "department": value.get("host") or "",
                    "round": _appealed_round(value),
                    "by": asked["by"],
                    "at": asked["at"],
                    "upheld": None if appeal else bool(value.get("exempt")),
                }
            ]
        return state

    @property
    def is_open(self) -> bool:
        """Whether the case is not closed. A closed one can be rated, reopened or appealed until it is archived."""
        return self.stage is not Stage.CLOSED

    @property
    def park(self) -> str:
        """The code of the park that the case lies in."""
        return self.grid_path[0]

    @property
    def all_clocks(self) -> tuple[Clock, ...]:
        """All clocks of the case, past and present, that of the whole case last."""
        running = (clock for clock in (self.clock, self.whole) if clock is not None)
        return (*self.past_clocks, *running)

    @property
    def due_at(self) -> datetime | None:
        """The deadline that people see: the earlier of the stage's and the whole case's; None when no clock runs."""
        known = [clock.due_at for clock in (self.clock, self.whole) if clock is not None and clock.due_at is not None]
        return min(known, default=None) if self.is_open else None

    @property
    def exempt(self) -> bool:
        """Whether every round in which a deadline was missed is exempt from statistics by an appeal."""
        late = {clock.round for clock in self.all_clocks if clock.was_late}
        upheld = {appeal.round for appeal in self.appeals if appeal.upheld}
        return bool(late & upheld) and late <= upheld

    @property
    def pending_appeals(self) -> tuple[AppealRecord, ...]:
        """The appeals that await their decision, the oldest first."""
        return tuple(appeal for appeal in self.appeals if appeal.upheld is None)

    @property
    def hosts_by_round(self) -> dict[int, tuple[str, ...]]:
        """The departments that hosted the case, by round."""
        return {**{past.number: past.hosts for past in self.rounds}, self.round: self.hosts}
