"""Deciders of requests of the host that somebody else decides: return (退单), extension (延期), suspension (挂账)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from models.case import Case, Clock, Request
from models.commands import (
    GrantExtension,
    GrantReturn,
    GrantSuspension,
    RefuseExtension,
    RefuseReturn,
    RefuseSuspension,
    RequestExtension,
    RequestSuspension,
    Resume,
    Return,
)
from models.context import Context
from models.enums import Role, Stage
from models.errors import (
    ExtensionsUsedUp,
    NoExtensionOnceOverdue,
    NotNow,
    NotYours,
    PastCeiling,
    ReturnSettled,
    TimeNotLater,
)
from models.facts import (
    Body,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    Resumed,
    ReturnGranted,
    ReturnRefused,
    ReturnRequested,
    SuspensionGranted,
    SuspensionRefused,
    SuspensionRequested,
)
from rules.deadlines import clocks
from rules.deadlines.counting import calendar_of
from rules.deadlines.limits import deadline
from rules.deadlines.standards import extension_rule, standard_of, suspension_days
from rules.deciders.common import Decider, actor, due_for, require_between, require_claimant, require_remaining
from rules.escalation.requests import decision_terms
from rules.escalation.wake_ups import resume_clocks
from rules.life_cycle import Who
from rules.scope import standing


def return_(case: Case, cmd: Return, ctx: Context) -> Sequence[Body]:
    """Ask to return the case (退单); the clock runs on.

    Once a return by a department was decided, it may not return the case again in the round (our choice, after
    潍坊12345条例 §22: a unit fixed by study or designation may not return the item). Raises NotYours, ReturnSettled or
    LimitReached.
    """
    require_claimant(case, ctx, "return")
    assert case.host is not None
    if case.host in case.returns_settled:
        raise ReturnSettled()
    require_remaining(len(case.returns_settled), ctx.policy.returns, "退单", "returns")
    return [ReturnRequested(department=case.host, reason=cmd.reason, **decision_terms(ctx))]


def grant_return(case: Case, cmd: GrantReturn, ctx: Context) -> Sequence[Body]:
    """Grant the return: the case goes back to dispatch. Raises NotYours."""
    request = _request_of_another(case.return_request, ctx, "grant_return")
    due = due_for(case, Stage.DISPATCH, ctx)
    return [ReturnGranted(department=request.department, note=cmd.note, owner=case.desk, due=due)]


def refuse_return(case: Case, cmd: RefuseReturn, ctx: Context) -> Sequence[Body]:
    """Refuse the return: the case stays with its host. Raises NotYours."""
    request = _request_of_another(case.return_request, ctx, "refuse_return")
    return [ReturnRefused(department=request.department or "", reason=cmd.reason)]


def request_extension(case: Case, cmd: RequestExtension, ctx: Context) -> Sequence[Body]:
    """Ask for a later deadline.

    Raises NotYours, NoExtensionOnceOverdue, ExtensionsUsedUp, NotNow, TimeNotLater, TooLate or PastCeiling.
    """
    require_claimant(case, ctx, "request_extension")
    _require_extendable(case, ctx)
    _extension_fact(case, ctx, cmd.until, latest_extension(case, ctx))
    granted_by = extension_rule(standard_of(case, ctx), ctx.policy).granted_by
    terms = decision_terms(ctx, above=granted_by is Role.SUPERVISOR)
    return [ExtensionRequested(until=cmd.until, reason=cmd.reason, granted_by=granted_by, **terms)]


def grant_extension(case: Case, cmd: GrantExtension, ctx: Context) -> Sequence[Body]:
    """Grant an extension, at most the one asked for, by the role that the standard named when it was asked for.

    Raises NotYours, and the errors of `request_extension`.
    """
    request = _request_of_another(case.extension_request, ctx, "grant_extension")
    _require_extendable(case, ctx, request)
    if request.granted_by is None and extension_rule(standard_of(case, ctx), ctx.policy).granted_by is Role.SUPERVISOR:
        _require_supervisor(case, ctx)  # asked for before the request said who grants it
    assert request.until is not None
    return [_extension_fact(case, ctx, cmd.until or request.until, request.until, cmd.note)]


def refuse_extension(case: Case, cmd: RefuseExtension, ctx: Context) -> Sequence[Body]:
    """Refuse the extension: the deadline stays. Raises NotYours."""
    _request_of_another(case.extension_request, ctx, "refuse_extension")
    return [ExtensionRefused(reason=cmd.reason)]


def request_suspension(case: Case, cmd: RequestSuspension, ctx: Context) -> Sequence[Body]:
    """Ask to suspend the case (挂账). Like an extension, it must be asked for before the deadline (our choice).

    Raises NotYours, NoExtensionOnceOverdue, TimeNotLater, TooLate, LimitReached or PastCeiling.
    """
    require_claimant(case, ctx, "request_suspension")
    _require_in_time(case)
    longest = timedelta(days=suspension_days(standard_of(case, ctx), ctx.policy)) - case.suspended_for
    require_between(cmd.until, ctx.now, max(longest, timedelta()), "/until")
    _require_suspendable(case, ctx, cmd.until)
    return [SuspensionRequested(until=cmd.until, reason=cmd.reason, **decision_terms(ctx, above=True))]


def _require_suspendable(case: Case, ctx: Context, until: datetime) -> None:
    """Raise LimitReached when the round has used up its suspensions, PastCeiling when it would pass a legal ceiling."""
    require_remaining(case.suspensions_granted, ctx.policy.suspensions, "挂账", "suspensions")
    for limited in (case.clock, case.whole):
        if limited is not None and limited.plan is not None and clocks.terms_of(limited).is_statutory:
            _require_below_ceiling(limited.plan.ceiling_at, until, limited)


def grant_suspension(case: Case, cmd: GrantSuspension, ctx: Context) -> Sequence[Body]:
    """Grant a suspension, at most as long as the one asked for: the clocks stop.

    Raises NotYours, and the errors of `request_suspension`.
    """
    request = _request_of_another(case.suspension_request, ctx, "grant_suspension")
    _require_in_time(case, request)
    assert request.until is not None
    until = cmd.until or request.until
    require_between(until, ctx.now, request.until - ctx.now, "/until")
    _require_suspendable(case, ctx, until)
    return [SuspensionGranted(until=until, note=cmd.note)]


def refuse_suspension(case: Case, cmd: RefuseSuspension, ctx: Context) -> Sequence[Body]:
    """Refuse the suspension: the clocks run on. Raises NotYours."""
    _request_of_another(case.suspension_request, ctx, "refuse_suspension")
    return [SuspensionRefused(reason=cmd.reason)]


def resume(case: Case, cmd: Resume, ctx: Context) -> Sequence[Body]:
    """End the suspension before its time: the clocks resume now."""
    return [Resumed(note=cmd.note, **resume_clocks(case, ctx, ctx.now))]


def _request_of_another(request: Request | None, ctx: Context, command: str) -> Request:
    """The pending request. Raises NotYours when the actor made it: nobody decides on their own request."""
    assert request is not None, "the preconditions refuse a decision without a request"
    if request.by == actor(ctx).id:
        raise NotYours(command=command, who="somebody other than who asked")
    return request


def _require_in_time(case: Case, request: Request | None = None) -> None:
    """Raise NoExtensionOnceOverdue when the case is overdue, unless the request was made before the deadline.

    Such a request may still be granted: a late decision is not the fault of whoever asked in time.
    """
    if not clocks.is_overdue(case):
        return
    assert case.clock is not None
    due_at = case.clock.due_at or case.clock.stopped_due_at
    if request is None or due_at is None or request.at > due_at:
        raise NoExtensionOnceOverdue()


def _require_extendable(case: Case, ctx: Context, request: Request | None = None) -> None:
    _require_in_time(case, request)
    most = extension_rule(standard_of(case, ctx), ctx.policy).times
    if case.extensions_granted >= most:
        raise ExtensionsUsedUp(most=most)
    if case.clock is None or case.clock.due_at is None:
        raise NotNow(command="request_extension", why_zh="计时已停止", why_en="the clock is stopped")


def latest_extension(case: Case, ctx: Context) -> datetime:
    """The latest deadline that one more extension may set, without regard to legal ceilings.

    By the standard's own rule; without one, the policy's `extension_days` in natural days.
    """
    assert case.clock is not None
    assert case.clock.due_at is not None
    rule = standard_of(case, ctx).extensions
    if rule is None:
        return case.clock.due_at + timedelta(days=ctx.policy.extension_days)
    length = rule.most or clocks.terms_of(case.clock)
    return deadline(length, calendar_of(length, ctx), case.clock.due_at)


def _extension_fact(case: Case, ctx: Context, until: datetime, latest: datetime, note: str = "") -> ExtensionGranted:
    """The fact that grants an extension to `until`. Raises TimeNotLater, TooLate or PastCeiling."""
    clock = case.clock
    assert clock is not None
    assert clock.due_at is not None
    require_between(until, clock.due_at, max(latest - clock.due_at, timedelta()), "/until")
    for limited in (clock, case.whole):
        if limited is not None and limited.plan is not None:
            _require_below_ceiling(limited.plan.ceiling_at, until, limited)
    more, due_at, plan = clocks.extension(clock, standard_of(case, ctx), ctx, until)
    if due_at <= clock.due_at:
        raise TimeNotLater(moment=until.isoformat(), after=clock.due_at.isoformat(), pointer="/until")
    return ExtensionGranted(
        until=due_at, extended=more, due_at=due_at, note=note, plan=plan, **_whole_extension(case, ctx, due_at)
    )


def _whole_extension(case: Case, ctx: Context, due_at: datetime) -> dict[str, Any]:
    """The fields of the extension fact for the whole case: its limit grows when the stage would end after it."""
    whole = case.whole
    if whole is None or whole.due_at is None or whole.overdue_at is not None:
        return {}
    if due_at <= whole.due_at:
        return {"whole_due_at": whole.due_at}
    more, until, plan = clocks.extension(whole, standard_of(case, ctx), ctx, due_at)
    return {"whole_due_at": until, "whole_extended": more, "whole_plan": plan}


def _require_below_ceiling(ceiling: datetime | None, due_at: datetime, clock: Clock) -> None:
    if ceiling is not None and due_at > ceiling:
        raise PastCeiling(moment=due_at.isoformat(), ceiling=ceiling.isoformat(), source=clock.source, pointer="/until")


def _require_supervisor(case: Case, ctx: Context) -> None:
    if Who.SUPERVISOR not in standing(actor(ctx), case, ctx.today):
        raise NotYours(command="grant_extension", who=Who.SUPERVISOR)


DECIDERS: dict[str, Decider] = {
    "return": return_,
    "grant_return": grant_return,
    "refuse_return": refuse_return,
    "request_extension": request_extension,
    "grant_extension": grant_extension,
    "refuse_extension": refuse_extension,
    "request_suspension": request_suspension,
    "grant_suspension": grant_suspension,
    "refuse_suspension": refuse_suspension,
    "resume": resume,
}
