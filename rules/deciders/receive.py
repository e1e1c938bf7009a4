"""Deciders of receiving (受理): the report itself, and what the duty desk does with it."""

from collections.abc import Sequence
from datetime import timedelta

from models.case import Case, Clock, Owner
from models.commands import (
    Accept,
    Reject,
    Report,
    ReportVerification,
    RequestInfo,
    RequestVerification,
    SelfClose,
    SupplyInfo,
)
from models.context import Context, Grant
from models.enums import Outcome, OwnerKind, Role, Source, Stage
from models.errors import (
    AnswerMissing,
    CategoryOutOfUse,
    EvidenceMissing,
    InputError,
    NotNow,
    NotYours,
    OutsideYourScope,
    TimeInFuture,
    TimeNotLater,
    UnknownCategory,
    UnknownGrid,
)
from models.facts import (
    Accepted,
    Body,
    InfoRequested,
    InfoSupplied,
    Received,
    SelfClosed,
    VerificationReported,
    VerificationRequested,
)
from models.wire_names import OPEN311
from rules.deadlines import clocks
from rules.deadlines.standards import opening
from rules.deciders.common import (
    Decider,
    actor,
    answers_given,
    closing_facts,
    due_for,
    require_attachments,
    require_between,
    require_enterprise,
    require_no_members,
    require_remaining,
    review_desk,
)
from rules.escalation.requests import decision_terms
from rules.escalation.wake_ups import resume_clocks
from rules.questions import graver, merged, take_answers
from rules.routing import desk, low_desk, route
from rules.scope import REPORTING_ROLES, in_force, may_report
from rules.titles import title_of

#: How far a phone's clock may run ahead of ours before its times are refused (our choice).
CLOCK_SKEW = timedelta(minutes=2)
#: The channels of people who report for themselves.
OWN_SOURCES = frozenset({Source.RESIDENT, Source.ENTERPRISE, Source.OPEN311})
#: The longest time a reporter may be given to answer a question (our choice).
ANSWER_CAP = timedelta(days=30)
#: The longest time a grid worker may be given to look at a place (our choice).
VERIFY_CAP = timedelta(days=7)


def report(cmd: Report, ctx: Context) -> Sequence[Body]:
    """Open a case for the report (上报); it has an owner from the start.

    Raises UnknownCategory, CategoryOutOfUse, UnknownGrid, OutsideYourScope, NotYours, TimeInFuture, TimeNotLater,
    UnknownAttachment or UnknownEnterprise, each pointing at its field.
    """
    category = ctx.policy.category(cmd.category)
    if category is None:
        raise UnknownCategory(category=cmd.category, pointer="/category")
    if not category.active:
        raise CategoryOutOfUse(category=cmd.category, pointer="/category")
    door = None if cmd.asked is None else cmd.asked.door
    taken = take_answers(
        ctx.policy, cmd.category, cmd.answers or {}, cmd.attachments, door=door, before=cmd.carried
    )  # fmt: skip
    declared = cmd.severity or category.severity
    severity = graver(declared, taken.severity)
    opened = opening(ctx.policy, cmd.category, severity)
    if not ctx.units or ctx.units[0].code != cmd.grid or ctx.units[0].retired:
        raise UnknownGrid(grid=cmd.grid, pointer="/grid")
    grid_path = tuple(unit.code for unit in reversed(ctx.units))
    _check_sensor(cmd)
    _check_open311(cmd, ctx)
    if ctx.person is not None and cmd.split_from is None and cmd.matter is None:
        _check_source(cmd, _check_reporter(ctx, cmd.grid, grid_path))
    _check_times(cmd, ctx)
    require_attachments(ctx, "/attachments")
    if cmd.split_from is None:  # a part stays with the enterprise of its case, whatever has become of it
        require_enterprise(cmd.enterprise, grid_path[0], ctx)
    assert ctx.case_no is not None, "a number is drawn before a report is decided"
    duty = desk(ctx, ctx.units, Role.DUTY_OFFICER)
    first = low_desk(ctx, opened.standard.first_level) or duty
    host = route(ctx.policy, cmd.category, grid_path)
    return [
        Received(
            report_id=cmd.report_id,
            case_no=ctx.case_no,
            category=cmd.category,
            title=cmd.title or title_of(cmd.description, category.name_zh, ctx.units[0].name),
            description=cmd.description,
            severity=severity,
            source=cmd.source,
            grid=cmd.grid,
            grid_path=grid_path,
            location=cmd.location,
            occurred_at=cmd.occurred_at,
            reported_at=cmd.reported_at,
            attachments=cmd.attachments,
            reporter_ref=cmd.reporter_ref,
            anonymous=cmd.anonymous,
            external=cmd.external,
            split_from=cmd.split_from,
            matter=cmd.matter,
            enterprise=cmd.enterprise,
            policy_version=ctx.policy_version,
            content_hash=cmd.content_hash,
            owner=first.owner,
            desk=duty.owner,
            level=first.level,
            owner_why=first.why,
            suggested_host=host.host,
            host_why=host.why,
            due=clocks.start(ctx, opened.standard, Stage.RECEIVE, ctx.now),
            condition=opened.condition,
            answers=merged(cmd.carried, taken.answers),
            unread=taken.unread,
            unanswered=taken.unanswered,
            severity_why=None if severity is declared else taken.why,
        )
    ]


def _check_reporter(ctx: Context, grid: str, grid_path: tuple[str, ...]) -> list[Grant]:
    held = [g for g in in_force(actor(ctx), ctx.today) if g.role in REPORTING_ROLES]
    if not held:
        raise NotYours(command="report", who=" / ".join(sorted(REPORTING_ROLES)))
    if not any(may_report(grant, grid_path) for grant in held):
        raise OutsideYourScope(grid=grid, pointer="/grid")
    return held


def _check_sensor(cmd: Report) -> None:
    """Raise InputError for a report by the channel `sensor` that no monitoring station has asked for."""
    if cmd.source is Source.SENSOR and (cmd.matter is None or cmd.matter.kind != "station"):
        raise InputError(
            why_zh="“物联感知”渠道只属于登记的监测站,人员和导入不能使用",
            why_en="the channel “sensor” belongs to registered monitoring stations; no person or import may use it",
            pointer="/source",
        )


def _check_open311(cmd: Report, ctx: Context) -> None:
    """Raise InputError for a report by the channel `open311` from anybody but the interface's own account: such cases
    are listed publicly."""
    if cmd.source is Source.OPEN311 and (ctx.person is None or ctx.person.id != OPEN311):
        raise InputError(
            why_zh="“Open311 接口”渠道只属于该接口,人员和导入不能使用",
            why_en="the channel “open311” belongs to that interface; no person or import may use it",
            pointer="/source",
        )


def _check_source(cmd: Report, held: list[Grant]) -> None:
    """Raise InputError when the actor may not report by this channel: it decides whose name is shown to whom."""
    staff = any(grant.role is not Role.REPORTER for grant in held)
    internal = cmd.source is Source.SPLIT or (cmd.source is Source.IMPORT and cmd.external is None)
    if internal or (not staff and cmd.source not in OWN_SOURCES):
        raise InputError(
            why_zh=f"您不能以“{cmd.source}”渠道上报",
            why_en=f"you cannot report by the channel “{cmd.source}”",
            pointer="/source",
        )


def _check_times(cmd: Report, ctx: Context) -> None:
    latest = ctx.now + CLOCK_SKEW
    if cmd.occurred_at > latest:
        raise TimeInFuture(moment=cmd.occurred_at.isoformat(), pointer="/occurred_at")
    if cmd.reported_at > latest:
        raise TimeInFuture(moment=cmd.reported_at.isoformat(), pointer="/reported_at")
    if cmd.occurred_at > cmd.reported_at + CLOCK_SKEW:
        raise TimeNotLater(
            moment=cmd.reported_at.isoformat(), after=cmd.occurred_at.isoformat(), pointer="/reported_at"
        )


def accept(case: Case, cmd: Accept, ctx: Context) -> Sequence[Body]:
    """Accept the case (立案) under the policy version in force now, the context's, which the case keeps from here on.

    Where that version no longer has the category, under the version it was received under. Raises UnknownCondition.
    """
    version = ctx.policy_version
    if ctx.policy.category(case.category) is None and ctx.received_under is not None:
        version = case.policy_version
        ctx = ctx.model_copy(update={"policy": ctx.received_under})
    opened = opening(ctx.policy, case.category, case.severity, cmd.condition)
    return [
        Accepted(
            note=cmd.note,
            owner=case.desk,
            due=clocks.start(ctx, opened.standard, Stage.DISPATCH, ctx.now),
            condition=opened.condition,
            policy_version=version,
            whole=None if case.whole is not None else clocks.start_whole(ctx, opened.standard, ctx.now),
        )
    ]


def reject(case: Case, cmd: Reject, ctx: Context) -> Sequence[Body]:
    """Reject the report: the case closes. Raises LeadOfOthers."""
    require_no_members(case)
    return closing_facts(case, Outcome.REJECTED, cmd.reason, ctx, cmd.right_channel)


def request_info(case: Case, cmd: RequestInfo, ctx: Context) -> Sequence[Body]:
    """Ask the reporter a question, in receive, handle or review. A statutory clock runs on meanwhile.

    Raises LimitReached, TimeNotLater or TooLate.
    """
    require_remaining(case.info_requests, ctx.policy.info_requests, "补充信息", "requests for information")
    answer_by = cmd.answer_by or ctx.now + timedelta(hours=ctx.policy.answer_hours)
    require_between(answer_by, ctx.now, ANSWER_CAP, "/answer_by")
    return [
        InfoRequested(
            question=cmd.question,
            answer_by=answer_by,
            stops_stage=_may_stop(case.clock),
            stops_whole=_may_stop(case.whole),
        )
    ]


def _may_stop(clock: Clock | None) -> bool:
    return clock is not None and clock.runs and not clocks.terms_of(clock).is_statutory


def request_verification(case: Case, cmd: RequestVerification, ctx: Context) -> Sequence[Body]:
    """Ask the nearest unit with a grid worker today to look at the place (发核实). The clock runs on.

    Raises NotNow when no unit has one, TimeNotLater or TooLate.
    """
    unit = next((unit for unit in ctx.units if Role.GRID_WORKER in unit.staffed), None)
    if unit is None:
        raise NotNow(
            command="request_verification", why_zh="今日无网格员在岗", why_en="no grid worker is on duty there today"
        )
    report_by = cmd.report_by or ctx.now + timedelta(hours=ctx.policy.verify_hours)
    require_between(report_by, ctx.now, VERIFY_CAP, "/report_by")
    asked = Owner(kind=OwnerKind.UNIT, id=unit.code)
    return [
        VerificationRequested(question=cmd.question, unit=asked, report_by=report_by, **decision_terms(ctx, report_by))
    ]


def report_verification(case: Case, cmd: ReportVerification, ctx: Context) -> Sequence[Body]:
    """Record what the grid worker found. Raises UnknownAttachment."""
    require_attachments(ctx, "/attachments")
    return [VerificationReported(confirmed=cmd.confirmed, note=cmd.note, attachments=cmd.attachments)]


def supply_info(case: Case, cmd: SupplyInfo, ctx: Context) -> Sequence[Body]:
    """Record the reporter's answer, and the answers to questions of the category; stopped clocks resume.

    Raises UnknownAttachment, UnknownQuestion or AnswerNotUnderstood.
    """
    require_attachments(ctx, "/attachments")
    supplied = InfoSupplied(note=cmd.note, attachments=cmd.attachments, **resume_clocks(case, ctx, ctx.now))
    return [supplied, *answers_given(case, cmd.answers, cmd.attachments, ctx)]


def self_close(case: Case, cmd: SelfClose, ctx: Context) -> Sequence[Body]:
    """Settle the case on the spot: it goes to review. Raises UnknownAttachment or EvidenceMissing."""
    require_attachments(ctx, "/evidence")
    require_evidence(case, cmd.evidence, ctx)
    due = due_for(case, Stage.REVIEW, ctx)
    return [SelfClosed(result=cmd.result, evidence=cmd.evidence, owner=review_desk(case, ctx), due=due)]


def require_evidence(case: Case, evidence: tuple[str, ...], ctx: Context) -> None:
    """Raise EvidenceMissing when the category requires evidence and none was given."""
    category = ctx.policy.category(case.category)
    if category is not None and category.evidence_required and not evidence:
        raise EvidenceMissing(pointer="/evidence")


def require_answer(case: Case, answer: str, ctx: Context) -> None:
    """Raise AnswerMissing when the policy requires an answer for reporters of this channel, and none was given."""
    if case.source in ctx.policy.answers_required and not answer:
        raise AnswerMissing(pointer="/answer")


DECIDERS: dict[str, Decider] = {
    "accept": accept,
    "reject": reject,
    "request_info": request_info,
    "supply_info": supply_info,
    "request_verification": request_verification,
    "report_verification": report_verification,
    "self_close": self_close,
}
