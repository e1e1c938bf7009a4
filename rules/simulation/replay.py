"""Replay of a clock under a policy: before each recorded change, everything that is due by then is applied.

Deadlines, plans, extensions and pauses come from `rules.deadlines.clocks`, the recipients of a step from
`rules.escalation.recipients`, urge orders of the system from `rules.escalation.urge_orders`: this module only applies
them in order, without recording facts.

Escalations and urge orders given by people are left out, because another policy might not have caused them; so is a
change of place within a stage. An acknowledgement is kept, and lapses as the policy says.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from models.case import Case, Clock, Owner
from models.context import Context
from models.enums import EscalationMode, Level, OwnerKind, Role, Severity, Source, Stage, UrgeKind
from models.facts import (
    Acknowledged,
    Claimed,
    ClaimEnded,
    ExtensionGranted,
    InfoRequested,
    InfoSupplied,
    ProgressReported,
    Recategorised,
    Redispatched,
    Released,
    Resumed,
    SuspensionGranted,
    Transferred,
    Vacancy,
)
from models.ids import derived_id
from models.policy.limits import Length
from models.policy.standard import Ladder, Rung, Target
from rules.deadlines import clocks
from rules.deadlines.counting import calendar_of
from rules.deadlines.limits import advance as reach_moment, deadline, measure
from rules.deadlines.planning import postpone
from rules.deadlines.standards import NO_LADDER
from rules.escalation.recipients import resolve_targets
from rules.escalation.urge_orders import urge_rungs
from rules.levels import level_of
from rules.routing import desk, low_desk, route
from rules.simulation.world import Change, FiredStep, RecordedClock, ReplayedClock, Roster, World

_NOBODY = derived_id("simulation", "case")
_ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
#: The template of a replayed case. Only the rules that resolve people read it, and never the blank fields.
_BLANK_CASE = Case(
    report_id=_NOBODY, case_no="-", seq=1, stage=Stage.HANDLE, category="-", severity=Severity.ORDINARY,
    source=Source.IMPORT, title="-", grid="-", grid_path=("-",), level=Level.PARK, policy_version=1,
    reported_by=_NOBODY, occurred_at=_ANY_MOMENT, reported_at=_ANY_MOMENT, received_at=_ANY_MOMENT,
    updated_at=_ANY_MOMENT, owner=None,
    desk=Owner(kind=OwnerKind.PERSON, id=str(_NOBODY)), suggested_host="-", clock=None,
)  # fmt: skip


def replay_clock(world: World, clock: RecordedClock, now: datetime) -> ReplayedClock | None:
    """The result of the clock under the policy; None when the policy sets no limit for the whole of such a case.

    Raises NotCovered, and ValueError for a moment that no calendar reaches.
    """
    return _ClockReplay(world, clock, now).replay()


class _ClockReplay:
    def __init__(self, world: World, clock: RecordedClock, now: datetime) -> None:
        self._recorded = clock
        self._end = clock.ended_at or max(now, clock.started_at)
        self._world = world
        self._ctx = ctx = world.context(clock.grid_path)
        self._severity = world.severity(clock.category, clock.severity)
        self._standard = world.standard(clock.category, self._severity, clock.condition)
        self._ladder = world.policy.ladder(self._standard.ladder) or NO_LADDER
        self._vacancies: tuple[Vacancy, ...] = ()
        self._case = self._initial_case(ctx)
        self._rungs: tuple[datetime, ...] = ()
        self._last_step = 0
        self._missed_at: datetime | None = None
        self._held = False
        self._held_until: datetime | None = None
        self._urge: _Urge | None = None
        self._urged_at: datetime | None = None
        self._fired: list[FiredStep] = []

    def replay(self) -> ReplayedClock | None:
        """Apply all changes and everything due up to the end; return the result, as `replay_clock` does."""
        if self._recorded.stage is None and self._standard.whole is None:
            return None
        first = self._case
        clock = self._start_clock()
        self._set_clock(clock)
        for change in self._recorded.changes:
            self._advance_to(change.at)
            self._apply(change)
        self._advance_to(self._end)
        plan = self._clock.plan
        assert first.owner is not None
        return ReplayedClock(
            due_at=self._clock.due_at,
            missed_at=self._missed_at,
            late=None if self._missed_at is None else self._end - self._missed_at,
            owner=first.owner,
            given=_people_given(
                self._world.roster, self._recorded.stage, first.owner, self._ctx, self._recorded.claimed_by
            ),
            vacancies=self._vacancies,
            fired=tuple(self._fired),
            urged_at=self._urged_at,
            provisional=plan is not None and plan.provisional,
        )

    # --- the start ------------------------------------------------------------------------------------------------

    def _start_clock(self) -> Clock:
        found = self._recorded
        due = (
            clocks.start_whole(self._ctx, self._standard, found.started_at)
            if found.stage is None
            else clocks.start(self._ctx, self._standard, found.stage, found.started_at)
        )
        assert due is not None
        return clocks.started(due, found.round)

    def _initial_case(self, ctx: Context) -> Case:
        """The case, as far as the rules that resolve people read it."""
        found = self._recorded
        policy = self._world.policy
        stage = found.stage or Stage.HANDLE
        host = found.host or (route(policy, found.category, found.grid_path).host if stage is Stage.HANDLE else None)
        owner = found.owner or self._owner(ctx, stage, host)
        if stage is Stage.HANDLE and host is not None and not self._world.roster.departments.get(host):
            self._vacancies = (Vacancy(role=Role.HANDLER, unit=host),)
        fields: dict[str, object] = {
            "case_no": found.case,
            "stage": stage,
            "round": found.round,
            "category": found.category,
            "severity": self._severity,
            "grid": found.grid_path[-1],
            "grid_path": found.grid_path,
            "level": level_of(owner, found.grid_path),
            "owner": owner,
            "desk": owner,
            "host": host,
            "claimed_by": found.claimed_by,
        }
        return _BLANK_CASE.model_copy(update=fields)

    def _owner(self, ctx: Context, stage: Stage, host: str | None) -> Owner:
        """The owner when none is recorded: as the rules of each stage choose."""
        if stage is Stage.HANDLE and host is not None:
            return Owner(kind=OwnerKind.DEPARTMENT, id=host)
        if stage is Stage.REVIEW:
            return desk(ctx, ctx.units, Role.REVIEWER).owner
        low = low_desk(ctx, self._standard.first_level) if stage is Stage.RECEIVE else None
        return (low or desk(ctx, ctx.units, Role.DUTY_OFFICER)).owner

    # --- what time does -------------------------------------------------------------------------------------------

    def _set_clock(self, clock: Clock) -> None:
        """Time the case by this clock from here on."""
        self._clock = clock
        self._rungs = clock.plan.rungs if clock.plan is not None else ()

    def _advance_to(self, until: datetime) -> None:
        """Apply everything due up to and including `until`, in order; at one moment in the order of the rules."""
        while (first := min(self._moments(), key=lambda moment: moment[0], default=None)) and first[0] <= until:
            first[1](first[0])

    def _moments(self) -> Iterator[tuple[datetime, Callable[[datetime], None]]]:
        if self._held_until is not None:
            yield self._held_until, self._end_acknowledgement
        if self._clock.due_at is not None and self._missed_at is None:
            yield self._clock.due_at, self._miss
        if self._clock.due_at is not None and self._rungs and not self._held:
            yield self._rungs[0], self._step
        if self._urge is not None and self._urge.rungs:
            yield self._urge.rungs[0], self._urge_step

    def _end_acknowledgement(self, at: datetime) -> None:
        self._held, self._held_until = False, None
        self._rungs = postpone(self._rungs, at)

    def _miss(self, at: datetime) -> None:
        self._missed_at = at
        if self._recorded.stage is not None and self._case.level is Level.PARK:
            self._give_urge_order(at)

    def _step(self, at: datetime) -> None:
        rung = _rung(self._ladder, self._last_step)
        self._last_step += 1
        self._rungs = self._rungs[1:]
        outcome = resolve_targets(self._case, self._ctx, rung.targets if rung else ())
        self._fired.append(FiredStep(self._last_step, at, outcome.reached, outcome.vacancies, outcome.level))
        if outcome.owner is not None:
            self._case = self._case.model_copy(update={"owner": outcome.owner, "level": outcome.level})
            if self._missed_at is not None and outcome.level is Level.PARK:
                self._give_urge_order(at)

    def _give_urge_order(self, at: datetime) -> None:
        """Give the system's urge order (督办), once: nobody answers it before the clock ends."""
        rule = self._world.policy.urges.get(UrgeKind.ORDINARY)
        if rule is None or self._urged_at is not None:
            return
        ctx = self._ctx.model_copy(update={"now": at})
        reply_by = deadline(rule.reply, calendar_of(rule.reply, ctx), at)
        self._urged_at = at
        ladder = self._world.policy.ladder(rule.ladder) or NO_LADDER
        self._urge = _Urge(ladder, urge_rungs(UrgeKind.ORDINARY, ctx, reply_by))

    def _urge_step(self, at: datetime) -> None:
        urge = self._urge
        assert urge is not None
        rung = _rung(urge.ladder, urge.last_step)
        self._urge = _Urge(urge.ladder, urge.rungs[1:], urge.last_step + 1)
        outcome = resolve_targets(self._case, self._ctx, map(_inform_only, rung.targets) if rung else ())
        step = urge.last_step + 1
        self._fired.append(FiredStep(step, at, outcome.reached, outcome.vacancies, outcome.level, urge=True))

    # --- recorded changes -----------------------------------------------------------------------------------------

    def _apply(self, change: Change) -> None:
        clock = self._clock.model_copy(update={"last_step": self._last_step, "overdue_at": self._missed_at})
        match change.body:
            case InfoRequested() | SuspensionGranted() as pause:
                self._pause(clock, pause, change.at)
            case InfoSupplied(since=since) | Resumed(since=since):
                self._resume(clock, since)
            case ExtensionGranted() as granted:
                self._extend(clock, change, granted)
            case Recategorised() as found:
                self._recategorise(clock, found, change.at)
            case Acknowledged(holds=True):
                self._held, self._held_until = True, self._acknowledgement_end(change.at)
            case ProgressReported() if self._held:
                self._held_until = self._acknowledgement_end(change.at) or self._held_until
            case Claimed() | Released() | Transferred() | Redispatched() | ClaimEnded() as moved:
                self._change_owner(moved)

    def _pause(self, clock: Clock, pause: InfoRequested | SuspensionGranted, at: datetime) -> None:
        """Stop the clock. A question to the reporter stops only the clocks that it stopped on record."""
        if isinstance(pause, InfoRequested):
            stops = pause.stops_whole if self._recorded.stage is None else pause.stops_stage
            if not stops:
                return
        self._set_clock(clocks.stopped(clock, at))

    def _resume(self, clock: Clock, since: datetime) -> None:
        if not clock.runs:
            due_at, plan = clocks.resumption(clock, self._standard, self._ctx, since)
            self._set_clock(clocks.resumed(clock, since, due_at, plan))

    def _extend(self, clock: Clock, change: Change, granted: ExtensionGranted) -> None:
        """Extend by what was granted, as this policy counts it; not once overdue, nor while the clock is stopped."""
        if self._missed_at is not None or not clock.runs:
            return
        assert clock.due_at is not None
        terms = clocks.terms_of(clock)
        calendar = calendar_of(terms, self._ctx)
        until = granted.due_at
        if change.due_before is not None and change.due_before != clock.due_at:
            more = measure(terms, calendar, change.due_before, granted.due_at)
            until = reach_moment(terms, calendar, clock.due_at, more)
        ctx = self._ctx.model_copy(update={"now": change.at})
        more, due_at, plan = clocks.extension(clock, self._standard, ctx, until)
        self._set_clock(clocks.extended(clock, more, due_at, plan, change.at, until=due_at))

    def _recategorise(self, clock: Clock, found: Recategorised, at: datetime) -> None:
        self._severity = found.severity
        self._standard = self._world.standard(found.category, found.severity, found.condition)
        self._ladder = self._world.policy.ladder(self._standard.ladder) or NO_LADDER
        if self._recorded.stage is not None or self._standard.whole is not None:
            ctx = self._ctx.model_copy(update={"now": at})
            new = clocks.recompute_clock(clock, self._standard, ctx, steps_from=at)
            self._set_clock(clocks.recomputed(clock, new, at))

    def _acknowledgement_end(self, at: datetime) -> datetime | None:
        """The end of an acknowledgement: after its own time, never past the deadline; None when neither is set."""
        length: Length | None = self._ladder.acknowledged_for
        ends = [self._clock.due_at] if self._clock.due_at is not None and self._missed_at is None else []
        if length is not None:
            ends.append(deadline(length, calendar_of(length, self._ctx), at))
        return min(ends, default=None)

    def _change_owner(self, moved: Claimed | Released | Transferred | Redispatched | ClaimEnded) -> None:
        person = UUID(moved.owner.id) if moved.owner.kind is OwnerKind.PERSON else None
        changed: dict[str, object] = {"owner": moved.owner, "claimed_by": person}
        if isinstance(moved, Transferred):
            changed |= {"host": moved.to_department, "claimed_by": moved.to_person}
        if isinstance(moved, Redispatched):
            changed |= {"host": moved.host, "level": level_of(moved.owner, self._case.grid_path)}
        self._case = self._case.model_copy(update=changed)


@dataclass(frozen=True, slots=True)
class _Urge:
    """The urge order: its ladder, the moments of the steps to come, and the number of steps that have fired."""

    ladder: Ladder
    rungs: tuple[datetime, ...]
    last_step: int = 0


def _rung(ladder: Ladder, fired: int) -> Rung | None:
    return ladder.rungs[min(fired, len(ladder.rungs) - 1)] if ladder.rungs else None


def _inform_only(target: Target) -> Target:
    if target.mode is EscalationMode.INFORM:
        return target
    return target.model_copy(update={"mode": EscalationMode.INFORM})


def _people_given(
    roster: Roster, stage: Stage | None, owner: Owner, ctx: Context, claimed_by: UUID | None
) -> tuple[UUID, ...]:
    """The people who have the case when its clock starts; of a department's case, only its claimant."""
    if stage is None:
        return ()
    if owner.kind is OwnerKind.PERSON:
        return (UUID(owner.id),)
    if owner.kind is OwnerKind.DEPARTMENT:
        return (claimed_by,) if claimed_by is not None else ()
    roles = (Role.REVIEWER,) if stage is Stage.REVIEW else (Role.DUTY_OFFICER, Role.GRID_WORKER, Role.VOLUNTEER)
    held = next((unit.holders for unit in ctx.units if unit.code == owner.id), ())
    role = next((role for role in roles if any(h.role is role for h in held)), None)
    return tuple(dict.fromkeys(h.person for h in held if h.role is role))
