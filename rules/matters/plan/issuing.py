"""What time does to a plan: duties are given out some days ahead, and those not done by their time are missed.

Duties are given out for a bounded horizon, never for a year, and in batches: all places of one moment are one batch.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from models.enums import EscalationMode, Role
from models.errors import DomainError
from models.facts import Reached, Vacancy
from models.matters.base import MatterBody
from models.matters.context import MatterContext
from models.matters.plan import (
    DutiesIssued,
    DutiesMissed,
    OpenBatch,
    PlanEnded,
    PlanResumed,
    PlanState,
)
from rules.escalation.recipients import holders
from rules.matters.climb import rungs_after
from rules.matters.plan.evolving import keys_of
from rules.matters.plan.extra import PlanExtra, extra_of, surroundings
from rules.matters.plan.making import midnight
from rules.matters.plan.occurrences import occurrences

#: How many days ahead duties are given out, and how many of those are left when the next ones are (our choice): a
#: phone has them for some days without a network, and a plan that changes withdraws few.
HORIZON, LEAST = 7, 3
#: How far back a rhythm is followed when duties are given out anew.
_BACK = timedelta(days=400)
#: How far ahead the next duty is looked for. A plan ends the day after its last one: a night shift is due then.
LOOK = 366
#: How long until a plan that cannot give out duties (its calendar is gone) tries again (our choice).
RETRY = timedelta(hours=6)


def due(plan: PlanState, moment: datetime, ctx: MatterContext) -> Sequence[MatterBody]:
    """What fell due at `moment`: a rest ends, duties are missed, or the next ones are given out."""
    if plan.resume_at is not None and plan.resume_at <= moment:
        return [PlanResumed(next_issue_at=ctx.now)]
    missed = [batch for batch in plan.open if batch.due_at <= moment]
    if missed:
        return [_missed(plan, batch, ctx) for batch in missed]
    if plan.terms.until is not None and plan.issued_until is not None and plan.issued_until >= plan.terms.until:
        return [PlanEnded(expired=True)]
    return [_issued(plan, ctx)]


def next_wake_up(plan: PlanState) -> datetime | None:
    """The next moment that the plan waits for."""
    moments = [batch.due_at for batch in plan.open]
    moments += [at for at in (plan.next_issue_at, plan.resume_at) if at is not None]
    return min(moments, default=None)


def _issued(plan: PlanState, ctx: MatterContext) -> DutiesIssued:
    """Give out the duties that may be done within the horizon.

    What the plan rests on may have gone since it was made (a calendar, an enterprise's shifts): then nothing is given
    out, the desk is told, and it is tried again.
    """
    extra = extra_of(ctx)
    anew = plan.issued_until is None
    after = plan.issued_until or max(plan.terms.begins, ctx.today - _BACK) - timedelta(days=1)
    until = max(after, ctx.today + timedelta(days=HORIZON))
    try:
        found = occurrences(plan.terms, plan.keys, surroundings(ctx), after, until)
        ahead = occurrences(plan.terms, plan.keys, surroundings(ctx), until, until + timedelta(days=LOOK))
    except DomainError:
        return DutiesIssued(
            batches=(),
            until=after,
            next_at=ctx.now + RETRY,
            policy_version=ctx.policy_version,
            reached=_desk(ctx),
        )
    batches, skipped = [], []
    for one in found:
        done = extra.done.get(one.batch.key, ())
        batch = OpenBatch(**one.batch.model_dump(), done=done)
        if one.batch.due_at <= ctx.now:
            skipped.append(one.batch)
        elif set(keys_of(plan.keys, batch)) - set(done):
            batches.append(batch)
    vacancies = _vacancies(plan, ctx)
    return DutiesIssued(
        batches=tuple(batches),
        skipped=() if anew else tuple(skipped),
        until=until,
        next_at=_next_issue(plan, until, ahead[0].opens_on if ahead else None),
        policy_version=ctx.policy_version,
        vacancies=vacancies,
        reached=_desk(ctx) if vacancies else (),
    )


def _next_issue(plan: PlanState, until: date, opens_on: date | None) -> datetime | None:
    """When the next duties are given out: some days before they may be done; after the last day the plan ends."""
    if opens_on is None:
        last = plan.terms.until
        return midnight(plan.zone, until + timedelta(days=LOOK) if last is None else last + timedelta(days=2))
    return midnight(plan.zone, max(until - timedelta(days=LEAST), opens_on - timedelta(days=HORIZON)))


def _missed(plan: PlanState, batch: OpenBatch, ctx: MatterContext) -> DutiesMissed:
    """The duties of the batch that were not done. Whoever is to do them is told; then the ladder climbs."""
    left = tuple(key for key in keys_of(plan.keys, batch) if key not in batch.done)
    people = _people(plan, left, extra_of(ctx))
    reached = (Reached(mode=EscalationMode.INFORM, department=plan.terms.workers.department, people=people),)
    ladder = ctx.policy.park.ladder
    return DutiesMissed(
        batch=batch.key,
        day=batch.day,
        shift=batch.shift,
        due_at=batch.due_at,
        places=left,
        reached=reached if people or plan.terms.workers.department else _desk(ctx),
        vacancies=_vacancies(plan, ctx, left),
        rungs=rungs_after(batch.due_at, ctx),
        fired=1 if ladder[0].role is None and ladder[0].after_hours == 0 else 0,
    )


def _people(plan: PlanState, keys: Iterable[str], extra: PlanExtra) -> tuple[UUID, ...]:
    """Who is to do the duties at those places now; nobody by name where a department is."""
    where = dict(zip(plan.keys, plan.terms.places, strict=True))
    known = [extra.places.get(where[key].grid) for key in keys]
    return tuple(dict.fromkeys(person for place in known if place is not None for person in place.people))


def _vacancies(plan: PlanState, ctx: MatterContext, keys: Iterable[str] | None = None) -> tuple[Vacancy, ...]:
    """The places whose role nobody holds any more, there or above."""
    role = plan.terms.workers.role
    if role is None:
        return ()
    where, places = dict(zip(plan.keys, plan.terms.places, strict=True)), extra_of(ctx).places
    empty = [where[key].grid for key in (plan.keys if keys is None else keys)]
    units = dict.fromkeys(grid for grid in empty if (known := places.get(grid)) is None or not known.people)
    return tuple(Vacancy(role=role, unit=unit) for unit in units)


def _desk(ctx: MatterContext) -> tuple[Reached, ...]:
    """The desk or the supervisor of the plan's unit, else of the next above, else the fallback owner."""
    for unit in ctx.units:
        for role in (Role.DUTY_OFFICER, Role.SUPERVISOR):
            if people := holders(unit, role):
                return (Reached(mode=EscalationMode.INFORM, role=role, unit=unit.code, people=people),)
    return (Reached(mode=EscalationMode.INFORM, people=(ctx.fallback,)),)
