"""Deciders of handling (处置): claim, transfer, report, complete. Requests of the host are in `requests`."""

from collections.abc import Sequence

from models.case import Case, Owner
from models.commands import (
    Abort,
    Claim,
    Complete,
    GrantTransfer,
    RefuseTransfer,
    Release,
    ReportProgress,
    Transfer,
)
from models.context import Context
from models.enums import OwnerKind, Stage
from models.errors import (
    CoHandlersMissing,
    ConflictOfInterest,
    InputError,
    NothingToChange,
    NotYours,
    ReturnSettled,
    UnknownPerson,
)
from models.facts import (
    Aborted,
    Body,
    Claimed,
    Completed,
    ProgressReported,
    Released,
    Transferred,
    TransferRefused,
    TransferRequested,
)
from rules.conflicts import in_conflict
from rules.deciders.common import (
    Decider,
    acknowledgement_end,
    actor,
    department_owner,
    due_for,
    person_owner,
    require_attachments,
    require_claimant,
    require_department,
    require_other_person,
    require_remaining,
    review_desk,
)
from rules.deciders.receive import require_answer, require_evidence
from rules.escalation.requests import decision_terms
from rules.scope import departments_of, is_head_of


def claim(case: Case, cmd: Claim, ctx: Context) -> Sequence[Body]:
    """Make the actor the claimant. A case that was escalated to a unit stays owned by that unit."""
    at_department = case.owner is not None and case.owner.kind is OwnerKind.DEPARTMENT
    owner = person_owner(actor(ctx).id) if at_department else case.owner
    assert owner is not None
    return [Claimed(owner=owner)]


def release(case: Case, cmd: Release, ctx: Context) -> Sequence[Body]:
    """Give up the claim: the case goes back to the host department. Raises NotYours."""
    require_claimant(case, ctx, "release")
    return [Released(reason=cmd.reason, owner=_back_to_host(case))]


def transfer(case: Case, cmd: Transfer, ctx: Context) -> Sequence[Body]:
    """Transfer the case to a colleague, or ask another department to take it over. The clock runs on.

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
    if colleague is None or case.host not in departments_of(colleague, case, ctx.today):
        raise UnknownPerson(person=cmd.to_person, pointer="/to_person")
    if colleague.id == case.claimed_by:
        raise NothingToChange(pointer="/to_person")
    if in_conflict(colleague, case, ctx.today):
        raise ConflictOfInterest(person=cmd.to_person, pointer="/to_person")
    owner = person_owner(colleague.id)
    return [
        Transferred(
            to_department=case.host, to_person=colleague.id, reason=cmd.reason, owner=owner, keeps_requests=True
        )
    ]


def _transfer_to_department(case: Case, cmd: Transfer, department: str, ctx: Context) -> Sequence[Body]:
    """The request to the other department, which it grants or refuses. Not allowed once a return was decided."""
    assert case.host is not None
    if not is_head_of(actor(ctx), case.host, case, ctx.today):
        raise NotYours(command="transfer", who="host_head")
    require_department(ctx, department, "/to_department")
    if department == case.host:
        raise NothingToChange(pointer="/to_department")
    if case.host in case.returns_settled:
        raise ReturnSettled()
    if department in case.transfers_refused:
        raise InputError(
            why_zh=f"{department} 本轮已拒绝接收",
            why_en=f"{department} refused it in this round",
            pointer="/to_department",
        )
    require_remaining(case.transfers, ctx.policy.transfers, "转办", "transfers")
    return [
        TransferRequested(from_department=case.host, to_department=department, reason=cmd.reason, **decision_terms(ctx))
    ]


def grant_transfer(case: Case, cmd: GrantTransfer, ctx: Context) -> Sequence[Body]:
    """Make the department that was asked the host; the clock runs on. Raises NotYours."""
    request = case.transfer_request
    assert request is not None
    assert request.department is not None
    require_other_person(request.by, ctx, "grant_transfer")
    owner = department_owner(request.department)
    return [Transferred(to_department=request.department, to_person=None, reason=cmd.note, owner=owner)]


def refuse_transfer(case: Case, cmd: RefuseTransfer, ctx: Context) -> Sequence[Body]:
    """Refuse to take the case over: it stays with its host. Raises NotYours."""
    request = case.transfer_request
    assert request is not None
    require_other_person(request.by, ctx, "refuse_transfer")
    return [TransferRefused(department=request.department or "", reason=cmd.reason)]


def report_progress(case: Case, cmd: ReportProgress, ctx: Context) -> Sequence[Body]:
    """Record progress. From a co-handler it is the report that completion waits for, unless it is interim."""
    require_attachments(ctx, "/attachments")
    mine = departments_of(actor(ctx), case, ctx.today)
    unreported = [c.department for c in case.co_handlers if c.department in mine and c.reported_at is None]
    reports_for = None if cmd.interim or not unreported else unreported[0]
    lapses_at = acknowledgement_end(case, ctx) if case.acknowledged_by is not None else None
    return [ProgressReported(note=cmd.note, attachments=cmd.attachments, reports_for=reports_for, lapses_at=lapses_at)]


def complete(case: Case, cmd: Complete, ctx: Context) -> Sequence[Body]:
    """Complete the handling: the case goes to review.

    Raises NotYours, CoHandlersMissing, UnknownAttachment, EvidenceMissing or AnswerMissing.
    """
    require_claimant(case, ctx, "complete")
    missing = [c.department for c in case.co_handlers if c.reported_at is None]
    if missing:
        raise CoHandlersMissing(departments=", ".join(missing))
    require_attachments(ctx, "/evidence")
    require_evidence(case, cmd.evidence, ctx)
    require_answer(case, cmd.answer, ctx)
    due = due_for(case, Stage.REVIEW, ctx)
    return [
        Completed(result=cmd.result, evidence=cmd.evidence, owner=review_desk(case, ctx), due=due, answer=cmd.answer)
    ]


def abort(case: Case, cmd: Abort, ctx: Context) -> Sequence[Body]:
    """End the handling without a result: the case goes to review. Raises NotYours."""
    require_claimant(case, ctx, "abort")
    return [Aborted(reason=cmd.reason, owner=review_desk(case, ctx), due=due_for(case, Stage.REVIEW, ctx))]


def _back_to_host(case: Case) -> Owner:
    """The owner after a release: the host department, or the unit that owns the case."""
    assert case.host is not None
    assert case.owner is not None
    return case.owner if case.owner.kind is OwnerKind.UNIT else department_owner(case.host)


DECIDERS: dict[str, Decider] = {
    "claim": claim,
    "release": release,
    "transfer": transfer,
    "grant_transfer": grant_transfer,
    "refuse_transfer": refuse_transfer,
    "report_progress": report_progress,
    "complete": complete,
    "abort": abort,
}
