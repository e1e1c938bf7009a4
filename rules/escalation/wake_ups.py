"""The wake-ups of a case: the next moment at which something falls due, and the fact that follows then.

Deadlines, lights, the steps of ladders, ends of pauses, reminders and the archive date are all moments that the case
holds. `next_wake_up` is the earliest of them; `due_step` gives the fact of one at a time.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from models.case import Case, Clock, Request, Summons, UrgeOrder
from models.context import Context
from models.enums import EscalationMode, Light, OwnerKind, RequestKind, Stage
from models.facts import (
    AcknowledgementLapsed,
    Archived,
    Body,
    InfoSupplied,
    LightChanged,
    Overdue,
    Reminded,
    RequestLapsed,
    Resumed,
    StepFired,
    SummonsMissed,
    UrgeOverdue,
)
from models.policy.standard import Rung
from rules.deadlines import clocks
from rules.deadlines.planning import postpone
from rules.deadlines.standards import ladder_of, standard_of
from rules.escalation.recipients import decider_left, resolve_targets, summons_recipients
from rules.escalation.requests import request_ladder
from rules.escalation.urge_orders import urge_ladder
from rules.requests import pending_requests

FactMaker = Callable[[Case, Context], Body]


class Moment(NamedTuple):
    """A moment at which something falls due, and the function that makes its fact. Of equal moments the first wins."""

    at: datetime
    make_fact: FactMaker


def next_wake_up(case: Case) -> datetime | None:
    """The next moment at which something falls due; None only once the case is archived."""
    return min((moment.at for moment in pending_moments(case)), default=None)


def due_step(case: Case, ctx: Context, now: datetime) -> Body | None:
    """The fact of the earliest thing due by `now`, or None. Evolve the case by it, then call again."""
    first = min(pending_moments(case), key=lambda moment: moment.at, default=None)
    return None if first is None or first.at > now else first.make_fact(case, ctx)


def lacks_wake_up(case: Case) -> bool:
    """Whether nothing would remind anybody of an overdue case: no ladder step is due to fire and no reminder is set.

    `decide` adds a reminder after every fact that leads there.
    """
    if next(pending_moments(case), None) is None:
        return case.archived_at is None
    clock = case.clock
    if clock is None or clock.due_at is None or clock.overdue_at is None or case.remind_at is not None:
        return False
    return case.acknowledged_until is None and not _awaits_step(case, clock)


def end_replaced_acknowledgement(before: Case, case: Case, ctx: Context) -> AcknowledgementLapsed | None:
    """The fact that ends an acknowledgement when another party becomes responsible for the case; else None."""
    if case.acknowledged_by is None or _responsible_party(before) == _responsible_party(case):
        return None
    waiting = case.clock.plan.rungs if case.clock and case.clock.plan else ()
    return AcknowledgementLapsed(rungs=postpone(waiting, ctx.now))


def _responsible_party(case: Case) -> tuple[OwnerKind, str] | None:
    """Who is responsible: a unit, a department (whoever in it is the claimant), or the fallback owner."""
    owner = case.owner
    if owner is None:
        return None
    if owner.kind is not OwnerKind.UNIT and case.host is not None:
        return OwnerKind.DEPARTMENT, case.host
    return owner.kind, owner.id


def reminder_fact(case: Case, ctx: Context) -> Reminded:
    """A reminder now, with the time of the next one; what nobody is left to decide goes to the fallback owner."""
    remind_at = ctx.now + timedelta(hours=ctx.policy.remind_hours)
    return Reminded(remind_at=remind_at, decider=decider_left(case, ctx))


def pending_moments(case: Case) -> Iterator[Moment]:
    """Every moment that the case waits for; those of the same instant in the order in which they take effect."""
    if case.archived_at is not None:
        return
    yield from _pause_moments(case)
    if case.clock is not None and case.clock.due_at is not None:
        yield from _stage_clock_moments(case, case.clock)
    if case.whole is not None and case.whole.due_at is not None and case.whole.ended_at is None:
        yield from _whole_clock_moments(case.whole)
    for urge in case.urges:
        yield from _urge_moments(urge)
    for summons in case.summons if case.is_open else ():
        yield from _summons_moments(summons)
    for kind, request in pending_requests(case).items():
        yield from _request_moments(kind, request)
    if case.remind_at is not None:
        yield Moment(case.remind_at, _remind)
    if case.archive_at is not None and case.reopen_request is None and not case.pending_appeals:
        yield Moment(case.archive_at, lambda case, ctx: Archived())


def _pause_moments(case: Case) -> Iterator[Moment]:
    if case.info_request is not None and case.info_request.until is not None:
        yield Moment(case.info_request.until, _answer_overdue)
    if case.suspended_until is not None:
        yield Moment(case.suspended_until, _suspension_over)
    if case.acknowledged_by is not None:
        ends = [at for at in (case.acknowledged_until, clocks.next_deadline(case)) if at is not None]
        if ends:
            yield Moment(min(ends), partial(_acknowledgement_lapsed, min(ends)))


def _stage_clock_moments(case: Case, clock: Clock) -> Iterator[Moment]:
    yield from _lights_and_deadline(clock)
    if clock.plan is not None and _awaits_step(case, clock):
        yield Moment(clock.plan.rungs[0], _step)


def _whole_clock_moments(clock: Clock) -> Iterator[Moment]:
    """The moments of the whole case's clock; an acknowledgement holds only the ladder of the stage."""
    yield from _lights_and_deadline(clock)
    if clock.plan is not None and clock.plan.rungs:
        yield Moment(clock.plan.rungs[0], _whole_step)


def _lights_and_deadline(clock: Clock) -> Iterator[Moment]:
    if clock.overdue_at is not None or clock.due_at is None:
        return
    if (plan := clock.plan) is not None:
        if plan.yellow_at is not None and clock.light is Light.GREEN and plan.yellow_at != plan.red_at:
            yield Moment(plan.yellow_at, partial(_light_changed, clock.stage, Light.YELLOW))
        if plan.red_at is not None and clock.light is not Light.RED and plan.red_at != clock.due_at:
            yield Moment(plan.red_at, partial(_light_changed, clock.stage, Light.RED))
    yield Moment(clock.due_at, _whole_overdue if clock.stage is None else _overdue)


def _awaits_step(case: Case, clock: Clock) -> bool:
    """Whether a step of the stage's ladder will fire: it has steps left, and no acknowledgement holds it."""
    return clock.plan is not None and bool(clock.plan.rungs) and case.acknowledged_by is None


def _request_moments(kind: RequestKind, request: Request) -> Iterator[Moment]:
    if request.rungs:
        yield Moment(request.rungs[0], lambda case, ctx: _request_step(case, ctx, kind, request))
    if kind is RequestKind.VOID and request.decide_by is not None:
        yield Moment(request.decide_by, lambda case, ctx: RequestLapsed(request=RequestKind.VOID))


def _summons_moments(summons: Summons) -> Iterator[Moment]:
    if summons.watched and summons.responded_at is None and summons.missed_at is None:
        yield Moment(summons.meet_at, partial(_summons_missed, summons))


def _urge_moments(urge: UrgeOrder) -> Iterator[Moment]:
    if not urge.is_open:
        return
    if urge.overdue_at is None:
        yield Moment(urge.reply_by, lambda case, ctx: UrgeOverdue(number=urge.number, reply_by=urge.reply_by))
    if urge.rungs:
        yield Moment(urge.rungs[0], lambda case, ctx: _urge_step(case, ctx, urge))


# --- the facts of due moments ---------------------------------------------------------------------------------------


def _answer_overdue(case: Case, ctx: Context) -> Body:
    assert case.info_request is not None
    assert case.info_request.until is not None
    if case.suspended_until is not None:  # the clocks resume with the suspension
        return InfoSupplied(note="", attachments=(), since=case.info_request.until)
    return InfoSupplied(note="", attachments=(), **resume_clocks(case, ctx, case.info_request.until))


def _suspension_over(case: Case, ctx: Context) -> Body:
    assert case.suspended_until is not None
    return Resumed(note="", **resume_clocks(case, ctx, case.suspended_until))


def resume_clocks(case: Case, ctx: Context, since: datetime) -> dict[str, Any]:
    """The fields of the fact by which stopped clocks resume at `since`: deadline and plan, also of the whole case.

    A clock that was not stopped is left out.
    """
    standard = standard_of(case, ctx)
    found: dict[str, Any] = {"since": since}
    if case.clock is not None and not case.clock.runs:
        found["due_at"], found["plan"] = clocks.resumption(case.clock, standard, ctx, since)
    whole = case.whole
    if whole is not None and not whole.runs and whole.ended_at is None:
        found["whole_due_at"], found["whole_plan"] = clocks.resumption(whole, standard, ctx, since)
    return found


def _acknowledgement_lapsed(since: datetime, case: Case, ctx: Context) -> Body:
    """The end of an acknowledgement: the ladder continues from `since`."""
    waiting = case.clock.plan.rungs if case.clock and case.clock.plan else ()
    return AcknowledgementLapsed(rungs=postpone(waiting, since))


def _light_changed(stage: Stage | None, light: Light, case: Case, ctx: Context) -> Body:
    return LightChanged(stage=stage, light=light)


def _overdue(case: Case, ctx: Context) -> Body:
    assert case.clock is not None
    assert case.clock.due_at is not None
    has_steps = case.clock.plan is not None and bool(case.clock.plan.rungs)
    held = case.acknowledged_by is not None and case.acknowledged_until is None
    remind_at = None if has_steps and not held else ctx.now + timedelta(hours=ctx.policy.remind_hours)
    return Overdue(stage=case.clock.stage, due_at=case.clock.due_at, remind_at=remind_at)


def _whole_overdue(case: Case, ctx: Context) -> Body:
    assert case.whole is not None
    assert case.whole.due_at is not None
    return Overdue(stage=None, due_at=case.whole.due_at, remind_at=case.remind_at)


def _remind(case: Case, ctx: Context) -> Body:
    return reminder_fact(case, ctx)


def _step(case: Case, ctx: Context) -> Body:
    """The next step of the running stage's ladder: its recipients are informed, or one becomes the owner."""
    clock = case.clock
    assert clock is not None
    assert clock.plan is not None
    ladder = ladder_of(case, ctx)
    is_last = len(clock.plan.rungs) == 1
    overdue = clock.overdue_at is not None
    return _step_fired(
        case, ctx, _rung(ladder.rungs, clock.last_step),
        step=clock.last_step + 1,
        planned_at=clock.plan.rungs[0],
        remind_at=ctx.now + timedelta(hours=ctx.policy.remind_hours) if is_last and overdue else None,
        consultation=is_last and overdue and ladder.consultation,
    )  # fmt: skip


def _whole_step(case: Case, ctx: Context) -> Body:
    """The next step of the whole case's ladder: that of its standard, counted by the whole clock."""
    whole = case.whole
    assert whole is not None
    assert whole.plan is not None
    ladder = ladder_of(case, ctx)
    overdue = whole.overdue_at is not None
    is_last = len(whole.plan.rungs) == 1
    return _step_fired(
        case, ctx, _rung(ladder.rungs, whole.last_step),
        step=whole.last_step + 1,
        planned_at=whole.plan.rungs[0],
        remind_at=ctx.now + timedelta(hours=ctx.policy.remind_hours) if is_last and overdue else None,
        consultation=is_last and overdue and ladder.consultation,
        whole=True,
    )  # fmt: skip


def _urge_step(case: Case, ctx: Context, urge: UrgeOrder) -> Body:
    """The next step of an urge order's ladder. It only informs: it never changes the owner."""
    rung = _inform_only(_rung(urge_ladder(urge.kind, ctx.policy).rungs, urge.last_step))
    return _step_fired(case, ctx, rung, step=urge.last_step + 1, planned_at=urge.rungs[0], urge=urge.number)


def _request_step(case: Case, ctx: Context, kind: RequestKind, request: Request) -> Body:
    """The next step of the ladder of an undecided request. It only informs."""
    rung = _inform_only(_rung(request_ladder(ctx.policy).rungs, request.last_step))
    is_last = len(request.rungs) == 1
    return _step_fired(
        case, ctx, rung, step=request.last_step + 1, planned_at=request.rungs[0], request=kind,
        remind_at=ctx.now + timedelta(hours=ctx.policy.remind_hours) if is_last else None,
    )  # fmt: skip


def _inform_only(rung: Rung | None) -> Rung | None:
    if rung is None:
        return None
    targets = tuple(target.model_copy(update={"mode": EscalationMode.INFORM}) for target in rung.targets)
    return rung.model_copy(update={"targets": targets})


def _summons_missed(summons: Summons, case: Case, ctx: Context) -> Body:
    """A missed joint-meeting call: the department, the desk and a supervisor are informed.

    Both the call and the response are assessed (吹哨报到).
    """
    return SummonsMissed(
        department=summons.department,
        meet_at=summons.meet_at,
        reached=summons_recipients(case, ctx, summons.department),
    )


def _rung(rungs: tuple[Rung, ...], fired: int) -> Rung | None:
    """The step after `fired` steps; past the end, the last one again. None when the ladder has no steps any more."""
    return rungs[min(fired, len(rungs) - 1)] if rungs else None


def _step_fired(
    case: Case,
    ctx: Context,
    rung: Rung | None,
    *,
    step: int,
    planned_at: datetime,
    remind_at: datetime | None = None,
    consultation: bool = False,
    urge: int | None = None,
    request: RequestKind | None = None,
    whole: bool = False,
) -> StepFired:
    outcome = resolve_targets(case, ctx, rung.targets if rung else (), request)
    return StepFired(
        stage=case.stage,
        urge=urge,
        request=request,
        whole=whole,
        step=step,
        planned_at=planned_at,
        reached=outcome.reached,
        vacancies=outcome.vacancies,
        owner=outcome.owner,
        level=outcome.level,
        remind_at=remind_at,
        consultation=consultation,
        decider=None if request is None else decider_left(case, ctx, request),
    )
