"""Clocks: lists of running intervals. Elapsed time is a pure function of them and a calendar, never a stored counter.

A limit has a length in the time that its unit counts: working time or natural time. A clock is due once that much has
been counted over its intervals, rounded up to a moment at which the unit allows a deadline
(`rules.deadlines.limits.round_up`).
"""

from datetime import datetime, timedelta
from typing import Any

from models.case import Case, Clock, Interval
from models.context import Context
from models.enums import Light, LimitUnit, Stage
from models.facts import Due, Retimed
from models.plan import Plan
from models.policy.calendar import Calendar
from models.policy.limits import Limit
from models.policy.standard import Standard
from rules.deadlines.counting import ClockCalculation, calendar_of, counted_time
from rules.deadlines.limits import measure, round_up
from rules.deadlines.planning import postpone, same_spacing

# --- starting -------------------------------------------------------------------------------------------------------


def start(ctx: Context, standard: Standard, stage: Stage, at: datetime) -> Due:
    """The clock that `stage` starts at `at` under `standard`, with the plan of what it triggers if nobody acts."""
    return _start_clock(ctx, standard, standard.of(stage), stage, Interval(start=at))


def start_whole(ctx: Context, standard: Standard, at: datetime) -> Due | None:
    """The clock of the whole case; None when the standard sets no limit for it."""
    return None if standard.whole is None else _start_clock(ctx, standard, standard.whole, None, Interval(start=at))


def start_whole_late(case: Case, standard: Standard, ctx: Context) -> Due | None:
    """The clock of the whole case for a case that was accepted without one; None when there is nothing to start.

    It counts whatever the stages have counted since acceptance.
    """
    if standard.whole is None or case.whole is not None or case.accepted_at is None:
        return None
    return _start_clock(ctx, standard, standard.whole, None, *_since_acceptance(case))


def started_late(due: Due, case: Case) -> Clock:
    """The clock of the whole case that the fact `due` started after acceptance."""
    intervals = _since_acceptance(case)
    stopped_fields = {} if intervals[-1].end is None else {"due_at": None, "plan": None, "light": Light.GREY}
    resumed_fields = {"resumed_after_step": 0} if len(intervals) > 1 else {}
    fields = {"intervals": intervals, **stopped_fields, **resumed_fields}
    return started(due, case.round).model_copy(update=fields)


def _since_acceptance(case: Case) -> tuple[Interval, ...]:
    """The intervals in which the stages counted, since acceptance or the latest reopening; stages leave no gap."""
    assert case.clock is not None
    counted = [case.clock]
    for clock in reversed(case.past_clocks):
        if clock.stage is Stage.RECEIVE or clock.ended_at != counted[0].intervals[0].start:
            break
        counted.insert(0, clock)
    found: list[Interval] = []
    for interval in (interval for clock in counted for interval in clock.intervals):
        if found and found[-1].end == interval.start:
            found[-1] = Interval(start=found[-1].start, end=interval.end)
        else:
            found.append(interval)
    return tuple(found)


def _start_clock(ctx: Context, standard: Standard, terms: Limit, stage: Stage | None, *intervals: Interval) -> Due:
    count = ClockCalculation(ctx, terms, intervals)
    return Due(
        stage=stage,
        limit=count.limit,
        source=terms.source,
        started_at=intervals[0].start,
        due_at=count.due_at,
        terms=terms,
        plan=count.plan(standard, stage),
    )


def started(due: Due, round_: int) -> Clock:
    """The clock that the fact `due` started."""
    return Clock(
        stage=due.stage,
        round=round_,
        limit=due.limit,
        source=due.source,
        intervals=(Interval(start=due.started_at),),
        due_at=due.due_at,
        terms=due.terms,
        plan=due.plan,
        light=light_at(due.plan, due.started_at),
    )


# --- reading ----------------------------------------------------------------------------------------------------------


def terms_of(clock: Clock) -> Limit:
    """The limit that the clock counts; a clock from before limits had units counts natural time."""
    return clock.terms or Limit(
        amount=max(clock.limit / timedelta(hours=1), 1e-9), unit=LimitUnit.URGENT_HOUR, source=clock.source
    )


def elapsed(clock: Clock, calendar: Calendar, now: datetime) -> timedelta:
    """The time counted up to `now`: the sum over the intervals, without the gaps between them."""
    return counted_time(terms_of(clock), calendar, clock.intervals, now)


def remaining(clock: Clock, calendar: Calendar, now: datetime) -> timedelta:
    """The time left at `now`, as the unit counts it; negative once the deadline has passed.

    For a stopped clock, the time that will be left when it resumes.
    """
    if clock.due_at is None:
        return clock.limit + clock.extended - elapsed(clock, calendar, now)
    terms = terms_of(clock)
    if now <= clock.due_at:
        return measure(terms, calendar, now, clock.due_at)
    return -measure(terms, calendar, clock.due_at, now)


def is_overdue(case: Case) -> bool:
    """Whether the deadline of the case's current stage has passed."""
    return case.clock is not None and case.clock.overdue_at is not None


def next_deadline(case: Case) -> datetime | None:
    """The earliest deadline, of the stage or of the whole case, that has not passed; None when there is none."""
    running = (clock for clock in (case.clock, case.whole) if clock is not None and clock.overdue_at is None)
    return min((clock.due_at for clock in running if clock.due_at is not None), default=None)


def light_at(plan: Plan | None, at: datetime) -> Light:
    """The light of a running clock under `plan` at that moment."""
    if plan is not None and plan.red_at is not None and at >= plan.red_at:
        return Light.RED
    return Light.YELLOW if plan is not None and plan.yellow_at is not None and at >= plan.yellow_at else Light.GREEN


# --- resuming, extending, recomputing -------------------------------------------------------------------------------


def resumption(clock: Clock, standard: Standard, ctx: Context, since: datetime) -> tuple[datetime, Plan]:
    """The deadline and plan of a stopped clock that resumes at `since`, from where it stopped.

    A missed deadline stays missed: the clock keeps it, as its limit counts it now, and its ladder continues from
    `since`.
    """
    running = clock.model_copy(update={"intervals": (*clock.intervals, Interval(start=since))})
    count = _calculate(running, ctx)
    if clock.overdue_at is None:
        return count.due_at, count.plan(standard, clock.stage, clock.last_step)
    missed = _missed_before_stop(running, ctx) or clock.stopped_due_at or clock.due_at or clock.overdue_at
    plan = count.with_deadline(missed).plan(standard, clock.stage, clock.last_step)
    return missed, plan.model_copy(update={"rungs": postpone(plan.rungs, since)})


def extension(clock: Clock, standard: Standard, ctx: Context, until: datetime) -> tuple[timedelta, datetime, Plan]:
    """The extension of the running clock to `until`: by how much, as the clock counts; the new deadline; the new plan.

    The new deadline is the first moment, not before `until`, at which the unit allows a deadline.
    """
    assert clock.due_at is not None, "only a running clock is extended"
    terms = terms_of(clock)
    calendar = calendar_of(terms, ctx)
    moment = round_up(terms, calendar, until)
    count = _calculate(clock.model_copy(update={"extended_to": moment, "extended_at": ctx.now}), ctx)
    plan = _plan_on(count, clock, standard)
    if clock.overdue_at is not None:
        plan = plan.model_copy(update={"rungs": postpone(plan.rungs, ctx.now)})
    return measure(terms, calendar, clock.due_at, count.due_at), count.due_at, plan


def recompute_clock(clock: Clock, standard: Standard, ctx: Context, steps_from: datetime | None = None) -> Retimed:
    """The clock recomputed from its start, by the limit that `standard` now sets for its stage.

    `steps_from`: no step of its ladder fires earlier.
    """
    terms = standard.of(clock.stage) if clock.stage is not None else standard.whole
    assert terms is not None
    new = clock.model_copy(update={"terms": terms})
    count = _calculate(new, ctx)
    missed = _missed_before_stop(new, ctx)
    count = count if missed is None else count.with_deadline(missed)
    plan = _plan_on(count, new, standard, None if missed is None else clock.intervals[-1].start) if clock.runs else None
    if plan is not None and steps_from is not None:
        plan = plan.model_copy(update={"rungs": postpone(plan.rungs, steps_from)})
    return Retimed(
        stage=clock.stage,
        limit=count.limit,
        terms=terms,
        old_due_at=clock.due_at,
        due_at=count.due_at if clock.runs else None,
        plan=plan,
        renews=clock.overdue_at is not None and (count.due_at > ctx.now if clock.runs else missed is None),
    )


def _plan_on(count: ClockCalculation, clock: Clock, standard: Standard, postponed_to: datetime | None = None) -> Plan:
    """The plan of a running clock without the steps that have fired. Its ladder goes on from where the clock resumed
    last: only the steps that had fired by then are left out of the count. Where it is not known how many had fired, the
    next step comes no earlier than it was planned. `postponed_to`: it was late, and resumed then.
    """
    before = clock.last_step if clock.resumed_after_step is None else clock.resumed_after_step
    plan = count.plan(standard, clock.stage, before)
    rungs = plan.rungs if postponed_to is None else postpone(plan.rungs, postponed_to)
    rungs = rungs[clock.last_step - before :]
    if clock.resumed_after_step is None and len(clock.intervals) > 1 and clock.plan is not None and clock.plan.rungs:
        rungs = postpone(rungs, clock.plan.rungs[0])
    return plan.model_copy(update={"rungs": rungs})


def _missed_before_stop(clock: Clock, ctx: Context) -> datetime | None:
    """The deadline that had passed before the clock stopped: the stop does not move it. None when none had."""
    if clock.overdue_at is None:
        return None
    for place, interval in enumerate(clock.intervals):
        if interval.end is not None and interval.start <= clock.overdue_at <= interval.end:
            until_then = (*clock.intervals[:place], Interval(start=interval.start))
            due_at = _calculate(clock.model_copy(update={"intervals": until_then}), ctx).due_at
            return due_at if due_at <= interval.end else None
    return None


def recompute_clocks(
    case: Case, standard: Standard, ctx: Context, steps_from: datetime | None = None
) -> tuple[Retimed, ...]:
    """The clocks of the case that `standard` and the calendars in force change; empty when nothing changes.

    `steps_from`: the ladder steps of a deadline that has passed by then fire from that moment on, not all at once.
    """
    clocks = [case.clock] if case.clock is not None else []
    if case.whole is not None and case.whole.ended_at is None and standard.whole is not None:
        clocks.append(case.whole)
    found = ((clock, recompute_clock(clock, standard, ctx, steps_from)) for clock in clocks)
    return tuple(new for clock, new in found if _differs(clock, new))


def _differs(clock: Clock, new: Retimed) -> bool:
    if clock.plan is None or new.plan is None:
        return (clock.terms, clock.limit, clock.due_at) != (new.terms, new.limit, new.due_at)
    # An acknowledgement may have postponed the ladder: that alone is no difference.
    kept: dict[str, object] = {"calendars": new.plan.calendars}
    if same_spacing(clock.plan.rungs, new.plan.rungs):
        kept |= {"rungs": new.plan.rungs}
    return (clock.terms, clock.due_at) != (new.terms, new.due_at) or clock.plan.model_copy(update=kept) != new.plan


# --- clocks after a fact --------------------------------------------------------------------------------------------


def stopped(clock: Clock, at: datetime) -> Clock:
    """The clock with its running interval ended at `at`, and no deadline until it resumes."""
    if not clock.runs:
        return clock
    *before, last = clock.intervals
    closed = Interval(start=last.start, end=max(at, last.start))
    fields: dict[str, Any] = {"due_at": None, "stopped_due_at": clock.due_at, "plan": None, "light": Light.GREY}
    return clock.model_copy(update={"intervals": (*before, closed), **fields})


def resumed(clock: Clock, since: datetime, due_at: datetime, plan: Plan | None) -> Clock:
    """The clock running again from `since`, with the deadline that the fact names."""
    return clock.model_copy(
        update={
            "intervals": (*clock.intervals, Interval(start=since)),
            "due_at": due_at,
            "stopped_due_at": None,
            "plan": plan,
            "light": Light.RED if clock.overdue_at else light_at(plan, since),
            "resumed_after_step": clock.last_step,
        }
    )


def extended(
    clock: Clock, more: timedelta, due_at: datetime, plan: Plan | None, at: datetime, *, until: datetime | None = None
) -> Clock:
    """The clock with an extension granted at `at`; `until`: the moment granted, None in older facts.

    A deadline that passed while the request was undecided stays on record as missed.
    """
    changes: dict[str, Any] = {
        "extended": clock.extended + more, "due_at": due_at, "plan": plan or clock.plan, "light": light_at(plan, at),
    }  # fmt: skip
    if until is not None:
        missed = (*clock.missed, clock.overdue_at) if clock.overdue_at is not None else clock.missed
        changes |= {"extended_to": until, "extended_at": at, "overdue_at": None, "missed": missed}
    return clock.model_copy(update=changes)


def recomputed(clock: Clock, new: Retimed, at: datetime) -> Clock:
    """The clock after a recomputation at `at`."""
    if new.renews and clock.overdue_at is not None:
        clock = clock.model_copy(update={"overdue_at": None, "missed": (*clock.missed, clock.overdue_at)})
    running = Light.RED if clock.overdue_at else light_at(new.plan, at)
    return clock.model_copy(
        update={
            "limit": new.limit,
            "terms": new.terms,
            "source": new.terms.source,
            "due_at": new.due_at,
            "plan": new.plan,
            "light": running if clock.runs else clock.light,
        }
    )


def ended(clock: Clock, at: datetime) -> Clock:
    """The clock ended at `at`; it keeps its last deadline."""
    due_at = clock.due_at or clock.stopped_due_at
    return stopped(clock, at).model_copy(
        update={"due_at": due_at, "stopped_due_at": None, "ended_at": at, "light": clock.light}
    )


def reopened(clock: Clock, at: datetime, due_at: datetime | None, plan: Plan | None) -> Clock:
    """The clock of the whole case in the round that begins at `at`: it continues; a missed deadline stays missed."""
    running = clock.model_copy(update={"ended_at": None})
    if not clock.runs and due_at is not None:
        return resumed(running, at, due_at, plan)
    return running


def as_if_running(clock: Clock) -> Clock:
    """A clock that ended while it ran, as if it had never ended: no time is left out of the count."""
    *before, last = clock.intervals
    return clock.model_copy(
        update={"intervals": (*before, Interval(start=last.start)), "ended_at": None, "stopped_due_at": None}
    )


def _calculate(clock: Clock, ctx: Context) -> ClockCalculation:
    granted = None if clock.extended_to is None or clock.extended_at is None else (clock.extended_to, clock.extended_at)
    return ClockCalculation(ctx, terms_of(clock), clock.intervals, clock.extended, granted)
