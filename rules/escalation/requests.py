"""The decision deadline of a request, and the ladder that escalates it while it is undecided."""

from datetime import datetime
from typing import Any

from models.case import Owner
from models.context import Context, Unit
from models.enums import EscalationMode, Level, LimitUnit, Role
from models.policy.document import Policy
from models.policy.limits import Length
from models.policy.standard import Ladder, Repeat, Rung, Target
from rules.deadlines.counting import calendar_of
from rules.deadlines.limits import deadline
from rules.deadlines.planning import Timeline, rungs
from rules.routing import desk

#: The time to decide a request when the policy does not set one: five working days, the time within which an
#: objection to a transferred petition must be made (信访工作条例 §23).
DECIDE_WITHIN = Length(amount=5, unit=LimitUnit.LEGAL_WORK_DAY)
#: The ladder of an undecided request when the policy names none (our choice): half way whoever decides, then
#: supervisors.
REQUEST_LADDER = Ladder(
    code="request",
    rungs=(
        Rung(fraction=0.5, targets=(Target(host=True),)),
        Rung(fraction=1, targets=(Target(host=True), Target(role=Role.SUPERVISOR, level=Level.COMMUNITY))),
        Rung(fraction=2, targets=(Target(role=Role.SUPERVISOR, level=Level.PARK, mode=EscalationMode.INFORM),)),
    ),
    repeat=Repeat(times=3, every=Length(amount=1, unit=LimitUnit.LEGAL_WORK_DAY)),
    consultation=False,
)


def request_ladder(policy: Policy) -> Ladder:
    """The ladder of undecided requests."""
    return (policy.ladder(policy.request_ladder) if policy.request_ladder else None) or REQUEST_LADDER


def decider_above(ctx: Context, units: tuple[Unit, ...] | None = None) -> Owner:
    """Who decides what takes a supervisor: the nearest unit that has one today, else the fallback owner."""
    return desk(ctx, ctx.units if units is None else units, Role.SUPERVISOR).owner


def decision_terms(ctx: Context, by: datetime | None = None, *, above: bool = False) -> dict[str, Any]:
    """The fields `decide_by` and `rungs` of the fact of a request made now; `by` sets the deadline.

    `above`: it takes a supervisor, so `decider` says whose task it is.
    """
    length = ctx.policy.decide_within or DECIDE_WITHIN
    decide_by = by or deadline(length, calendar_of(length, ctx), ctx.now)
    span = decide_by - ctx.now
    course = Timeline(lambda part: ctx.now + span * part, ctx.now, lambda each: calendar_of(each, ctx))
    terms: dict[str, Any] = {"decide_by": decide_by, "rungs": rungs(course, request_ladder(ctx.policy))}
    return {**terms, "decider": decider_above(ctx)} if above else terms
