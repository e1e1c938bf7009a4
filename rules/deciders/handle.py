"""处置: claim, pass on, report, complete; and the three things that can be asked for and granted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from models.case import Case, Clock, Owner, Request
from models.commands import (
    Abort,
    Claim,
    Complete,
    GrantExtension,
    GrantReturn,
    GrantSuspension,
    RefuseExtension,
    RefuseReturn,
    RefuseSuspension,
    Release,
    ReportProgress,
    RequestExtension,
    RequestSuspension,
    Resume,
    Return,
    Transfer,
)
from models.context import Context
from models.enums import OwnerKind, Role, Stage
from models.errors import (
    CoHandlersMissing,
    ExtensionsUsedUp,
    InputError,
    NoExtensionOnceOverdue,
    NothingToChange,
    NotNow,
    NotYours,
    PastCeiling,
    ReturnSettled,
    TimeNotLater,
    UnknownPerson,
)
from models.facts import (
    Aborted,
    Body,
    Claimed,
    Completed,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    ProgressReported,
    Released,
    Resumed,
    ReturnGranted,
    ReturnRefused,
    ReturnRequested,
    SuspensionGranted,
    SuspensionRefused,
    SuspensionRequested,
    Transferred,
)
from rules.deadlines import clocks
from rules.deadlines.limits import deadline
from rules.deadlines.standards import extension_rule, standard_of, suspension_days
from rules.deciders.common import (
    Move,
    actor,
    department_owner,
    departments_of,
    due_for,
    heads,
    lapse,
    person_owner,
    require_attachments,
    require_between,
    require_claimant,
    require_department,
    review_desk,
)
from rules.deciders.receive import require_evidence
from rules.escalation.wake_ups import goes_on
from rules.life_cycle import Who
from rules.scope import standing


def claim(case: Case, cmd: Claim, ctx: Context) -> Sequence[Body]:
    """The person takes it on. A case that was escalated to a unit stays owned there."""
    at_department = case.owner is not None and case.owner.kind is OwnerKind.DEPARTMENT
    owner = person_owner(actor(ctx).id) if at_department else case.owner
    assert owner is not None
    return [Claimed(owner=owner)]


def release(case: Case, cmd: Release, ctx: Context) -> Sequence[Body]:
    require_claimant(case, ctx, "release")
    return [Released(reason=cmd.reason, owner=_back_to_host(case))]


def transfer(case: Case, cmd: Transfer, ctx: Context) -> Sequence[Body]:
    """The clock is the same one: passing a case on never resets it.

    Raises InputError, UnknownPerson, UnknownDepartment, NotYours or NothingToChange.
    """
    require_claimant(case, ctx, "transfer")
    assert case.host is not None
    if (cmd.to_person is None) == (cmd.to_department is None):
        raise InputError(
            why_zh="to_person 与 to_department 填且只填一个",
            why_en="give exactly one of to_person and to_department",
            pointer="/to_person",
        )
    if cmd.to_department is not None:
        return _transfer_to_department(case, cmd, cmd.to_department, ctx)
    colleague = ctx.colleague
    if colleague is None or case.host not in departments_of(colleague, case, ctx):
        raise UnknownPerson(person=cmd.to_person, pointer="/to_person")
    if colleague.id == case.claimed_by:
        raise NothingToChange(pointer="/to_person")
    owner = person_owner(colleague.id)
    return [Transferred(to_department=case.host, to_person=colleague.id, reason=cmd.reason, owner=owner)]


def _transfer_to_department(case: Case, cmd: Transfer, department: str, ctx: Context) -> Sequence[Body]:
    if not heads(actor(ctx), case.host, case, ctx):
        raise NotYours(command="transfer", who="host_head")
    require_department(ctx, department, "/to_department")
    if department == case.host:
        raise NothingToChange(pointer="/to_department")
    owner = department_owner(department)
    return [Transferred(to_department=department, to_person=None, reason=cmd.reason, owner=owner)]


def return_(case: Case, cmd: Return, ctx: Context) -> Sequence[Body]:
    """退单: the clock runs on. Once decided for a department, not again in the round (our choice,
    after 潍坊12345条例 §22: a unit fixed by study or designation may not return the item)."""
    require_claimant(case, ctx, "return")
    assert case.host is not None
    if case.host in case.returns_settled:
        raise ReturnSettled()
    return [ReturnRequested(department=case.host, reason=cmd.reason)]


def grant_return(case: Case, cmd: GrantReturn, ctx: Context) -> Sequence[Body]:
    _require_other(case.return_request, ctx, "grant_return")
    return [ReturnGranted(note=cmd.note, owner=case.desk, due=due_for(case, Stage.DISPATCH, ctx))]


def refuse_return(case: Case, cmd: RefuseReturn, ctx: Context) -> Sequence[Body]:
    request = _require_other(case.return_request, ctx, "refuse_return")
    return [ReturnRefused(department=request.department or "", reason=cmd.reason)]


def report_progress(case: Case, cmd: ReportProgress, ctx: Context) -> Sequence[Body]:
    """From a co-handler this is the report that completion waits for, unless it is interim."""
    require_attachments(ctx, "/attachments")
    mine = departments_of(actor(ctx), case, ctx)
    helping = [c.department for c in case.co_handlers if c.department in mine]
    reports_for = None if cmd.interim or not helping else helping[0]
    lapses_at = lapse(case, ctx) if case.acknowledged_by is not None else None
    return [ProgressReported(note=cmd.note, attachments=cmd.attachments, reports_for=reports_for, lapses_at=lapses_at)]


def complete(case: Case, cmd: Complete, ctx: Context) -> Sequence[Body]:
    """Raises NotYours, CoHandlersMissing or EvidenceMissing."""
    require_claimant(case, ctx, "complete")
    missing = [c.department for c in case.co_handlers if c.reported_at is None]
    if missing:
        raise CoHandlersMissing(departments=", ".join(missing))
    require_attachments(ctx, "/evidence")
    require_evidence(case, cmd.evidence, ctx)
    due = due_for(case, Stage.REVIEW, ctx)
    return [Completed(result=cmd.result, evidence=cmd.evidence, owner=review_desk(ctx), due=due)]


def request_extension(case: Case, cmd: RequestExtension, ctx: Context) -> Sequence[Body]:
    """Raises NoExtensionOnceOverdue, ExtensionsUsedUp, TimeNotLater, TooLate or PastCeiling."""
    require_claimant(case, ctx, "request_extension")
    _require_extendable(case, ctx)
    _extended(case, ctx, cmd.until, latest_extension(case, ctx))
    return [ExtensionRequested(until=cmd.until, reason=cmd.reason)]


def grant_extension(case: Case, cmd: GrantExtension, ctx: Context) -> Sequence[Body]:
    """Up to what was asked for, by whom the standard names. Raises NotYours and what asking for it raises."""
    request = _require_other(case.extension_request, ctx, "grant_extension")
    _require_extendable(case, ctx)
    if extension_rule(standard_of(case, ctx), ctx.policy).granted_by is Role.SUPERVISOR:
        _require_supervisor(case, ctx)
    assert request.until is not None
    return [_extended(case, ctx, cmd.until or request.until, request.until, cmd.note)]


def refuse_extension(case: Case, cmd: RefuseExtension, ctx: Context) -> Sequence[Body]:
    _require_other(case.extension_request, ctx, "refuse_extension")
    return [ExtensionRefused(reason=cmd.reason)]


def request_suspension(case: Case, cmd: RequestSuspension, ctx: Context) -> Sequence[Body]:
    """挂账. As with an extension, it must be asked for in time (our choice)."""
    require_claimant(case, ctx, "request_suspension")
    _require_in_time(case)
    longest = timedelta(days=suspension_days(standard_of(case, ctx), ctx.policy))
    require_between(cmd.until, ctx.now, longest, "/until")
    return [SuspensionRequested(until=cmd.until, reason=cmd.reason)]


def grant_suspension(case: Case, cmd: GrantSuspension, ctx: Context) -> Sequence[Body]:
    request = _require_other(case.suspension_request, ctx, "grant_suspension")
    _require_in_time(case)
    assert request.until is not None
    until = cmd.until or request.until
    require_between(until, ctx.now, request.until - ctx.now, "/until")
    return [SuspensionGranted(until=until, note=cmd.note)]


def refuse_suspension(case: Case, cmd: RefuseSuspension, ctx: Context) -> Sequence[Body]:
    _require_other(case.suspension_request, ctx, "refuse_suspension")
    return [SuspensionRefused(reason=cmd.reason)]


def resume(case: Case, cmd: Resume, ctx: Context) -> Sequence[Body]:
    return [Resumed(note=cmd.note, **goes_on(case, ctx, ctx.now))]


def abort(case: Case, cmd: Abort, ctx: Context) -> Sequence[Body]:
    require_claimant(case, ctx, "abort")
    return [Aborted(reason=cmd.reason, owner=review_desk(ctx), due=due_for(case, Stage.REVIEW, ctx))]


def _back_to_host(case: Case) -> Owner:
    """Released by a person, the case is its department's again; a unit that owns it keeps it."""
    assert case.host is not None
    assert case.owner is not None
    return case.owner if case.owner.kind is OwnerKind.UNIT else department_owner(case.host)


def _require_other(request: Request | None, ctx: Context, command: str) -> Request:
    """Nobody decides on their own request."""
    assert request is not None, "the table of needs lets no decision through without a request"
    if request.by == actor(ctx).id:
        raise NotYours(command=command, who="somebody other than who asked")
    return request


def _require_in_time(case: Case) -> None:
    if clocks.is_overdue(case):
        raise NoExtensionOnceOverdue()


def _require_extendable(case: Case, ctx: Context) -> None:
    _require_in_time(case)
    most = extension_rule(standard_of(case, ctx), ctx.policy).times
    if case.extensions_granted >= most:
        raise ExtensionsUsedUp(most=most)
    if case.clock is None or case.clock.due_at is None:
        raise NotNow(command="request_extension", why_zh="计时已停止", why_en="the clock is stopped")


def latest_extension(case: Case, ctx: Context) -> datetime:
    """The latest deadline that one more extension may set, the law's ceilings left aside.

    By the standard's own rule; without one, so many natural days as the policy says.
    """
    assert case.clock is not None
    assert case.clock.due_at is not None
    rule = standard_of(case, ctx).extensions
    if rule is None:
        return case.clock.due_at + timedelta(days=ctx.policy.extension_days)
    length = rule.most or clocks.terms_of(case.clock)
    return deadline(length, clocks.calendar_of(length, ctx), case.clock.due_at)


def _extended(case: Case, ctx: Context, until: datetime, latest: datetime, note: str = "") -> ExtensionGranted:
    """What granting `until` would bring. Raises TimeNotLater, TooLate or PastCeiling."""
    clock = case.clock
    assert clock is not None
    assert clock.due_at is not None
    require_between(until, clock.due_at, max(latest - clock.due_at, timedelta()), "/until")
    more, due_at, plan = clocks.extension(clock, standard_of(case, ctx), ctx, until)
    if not more:
        raise TimeNotLater(moment=until.isoformat(), after=clock.due_at.isoformat(), pointer="/until")
    for limited in (clock, case.whole):
        if limited is not None and limited.plan is not None:
            _require_below(limited.plan.ceiling_at, due_at, limited)
    return ExtensionGranted(extended=more, due_at=due_at, note=note, plan=plan, **_whole_extended(case, ctx, due_at))


def _whole_extended(case: Case, ctx: Context, due_at: datetime) -> dict[str, Any]:
    """What the fact says of the whole case: its limit grows with a stage that would end after it."""
    whole = case.whole
    if whole is None or whole.due_at is None:
        return {}
    if due_at <= whole.due_at:
        return {"whole_due_at": whole.due_at}
    more, until, plan = clocks.extension(whole, standard_of(case, ctx), ctx, due_at)
    return {"whole_due_at": until, "whole_extended": more, "whole_plan": plan}


def _require_below(ceiling: datetime | None, due_at: datetime, clock: Clock) -> None:
    if ceiling is not None and due_at > ceiling:
        raise PastCeiling(moment=due_at.isoformat(), ceiling=ceiling.isoformat(), source=clock.source, pointer="/until")


def _require_supervisor(case: Case, ctx: Context) -> None:
    if Who.SUPERVISOR not in standing(actor(ctx), case, ctx.today):
        raise NotYours(command="grant_extension", who=Who.SUPERVISOR)


MOVES: dict[str, Move] = {
    "claim": claim,
    "release": release,
    "transfer": transfer,
    "return": return_,
    "grant_return": grant_return,
    "refuse_return": refuse_return,
    "report_progress": report_progress,
    "complete": complete,
    "request_extension": request_extension,
    "grant_extension": grant_extension,
    "refuse_extension": refuse_extension,
    "request_suspension": request_suspension,
    "grant_suspension": grant_suspension,
    "refuse_suspension": refuse_suspension,
    "resume": resume,
    "abort": abort,
}
