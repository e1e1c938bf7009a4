"""Urge orders (督办): their ladders, and the orders that the system gives.

The system gives one (our choice) for an overdue at the top level, a third return, a second failed review, and a second
reopening.
"""

from datetime import datetime

from models.case import Case
from models.context import Context
from models.enums import Level, UrgeCause, UrgeKind
from models.facts import Body, Fact, Overdue, Reopened, ReturnRequested, ReviewFailed, StepFired, Urged
from models.policy.document import Policy
from models.policy.standard import Ladder
from rules.deadlines.counting import calendar_of
from rules.deadlines.limits import deadline
from rules.deadlines.planning import Timeline, rungs
from rules.deadlines.standards import NO_LADDER

#: The number from which a return, a failed review or a reopening causes an urge order.
RETURNS, FAILED_REVIEWS, REOPENINGS = 3, 2, 2

_CAUSE_NOTES = {
    UrgeCause.OVERDUE_AT_THE_TOP: "已升至最高层级仍超期,自动督办 · overdue at the top level",
    UrgeCause.THIRD_RETURN: "第三次退单,自动督办 · returned for the third time",
    UrgeCause.SECOND_FAILED_REVIEW: "第二次核查不通过,自动督办 · failed its review for the second time",
    UrgeCause.SECOND_REOPENING: "第二次重开,自动督办 · reopened for the second time",
}


def automatic_urge(case: Case, fact: Fact, ctx: Context) -> Body | None:
    """The urge order that `fact` causes, `case` being the case after it; None when it causes none.

    No second order for the same cause is given while the first is unanswered.
    """
    cause = _cause(case, fact.body)
    kind = UrgeKind.ORDINARY
    rule = ctx.policy.urges.get(kind)
    waiting = any(u.cause is cause and u.is_open for u in case.urges)
    if cause is None or rule is None or waiting or not case.is_open:
        return None
    reply_by = deadline(rule.reply, calendar_of(rule.reply, ctx), ctx.now)
    return Urged(
        number=next_number(case),
        urge_kind=kind,
        reply_by=reply_by,
        note=_CAUSE_NOTES[cause],
        cause=cause,
        rungs=urge_rungs(kind, ctx, reply_by),
    )


def next_number(case: Case) -> int:
    """The number of the case's next urge order; numbers are unique per case, over all rounds."""
    return max((case.urges_given, *(u.number for u in case.urges))) + 1


def urge_ladder(kind: UrgeKind, policy: Policy) -> Ladder:
    """The ladder of an order of that kind, or that of an ordinary one when it has none."""
    rule = policy.urges.get(kind) or policy.urges.get(UrgeKind.ORDINARY)
    return (policy.ladder(rule.ladder) if rule else None) or NO_LADDER


def urge_rungs(kind: UrgeKind, ctx: Context, reply_by: datetime) -> tuple[datetime, ...]:
    """The moments of the order's ladder steps; fractions count from now to the reply deadline."""
    ladder = urge_ladder(kind, ctx.policy)
    span = reply_by - ctx.now
    return rungs(Timeline(lambda part: ctx.now + span * part, ctx.now, lambda length: calendar_of(length, ctx)), ladder)


def _cause(case: Case, body: object) -> UrgeCause | None:
    match body:
        case Overdue() | StepFired(urge=None) if case.level is Level.PARK and _is_overdue(case):
            return UrgeCause.OVERDUE_AT_THE_TOP if isinstance(body, Overdue) or body.owner is not None else None
        case ReturnRequested() if case.returns >= RETURNS:
            return UrgeCause.THIRD_RETURN
        case Reopened() if case.reopenings >= REOPENINGS:
            return UrgeCause.SECOND_REOPENING
        case ReviewFailed() if case.failed_reviews >= FAILED_REVIEWS:
            return UrgeCause.SECOND_FAILED_REVIEW
    return None


def _is_overdue(case: Case) -> bool:
    clocks = (case.clock, case.whole)
    return any(clock is not None and clock.overdue_at is not None and clock.ended_at is None for clock in clocks)
