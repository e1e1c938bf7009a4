"""Deciders of commands for any open stage: comment, urge, escalate, correct, withdraw, void, respond."""

from collections.abc import Sequence
from datetime import timedelta

from models.case import Case, Owner, UrgeOrder
from models.commands import (
    Acknowledge,
    Adopt,
    AnswerQuestions,
    AnswerUrge,
    Attach,
    CancelUrge,
    Comment,
    Escalate,
    LinkEnterprise,
    Recategorise,
    RefuseVoid,
    Relocate,
    Respond,
    Retract,
    Urge,
    Void,
    Withdraw,
)
from models.context import Context
from models.enums import EscalationMode, Level, Outcome, OwnerKind, Role, Source, Stage
from models.errors import (
    CategoryOutOfUse,
    InputError,
    LevelNotHigher,
    NoSuchVersion,
    NothingToChange,
    NotNow,
    NotYours,
    SecondPersonNeeded,
    UnknownGrid,
    VersionNotNewer,
)
from models.facts import (
    Acknowledged,
    Adopted,
    Attached,
    Body,
    Commented,
    EnterpriseLinked,
    Escalated,
    Recalled,
    Recategorised,
    Relocated,
    RequestRetracted,
    Responded,
    UrgeAnswered,
    UrgeCancelled,
    Urged,
    VoidProposed,
    VoidRefused,
)
from rules.deadlines import clocks
from rules.deadlines.standards import opening
from rules.deciders.common import (
    Decider,
    acknowledgement_end,
    actor,
    answers_given,
    closing_facts,
    due_for,
    require_attachments,
    require_between,
    require_enterprise,
    require_no_members,
    review_desk,
)
from rules.escalation.requests import decider_above, decision_terms
from rules.escalation.urge_orders import next_number, urge_rungs
from rules.levels import current_level, level_of
from rules.questions import take_answers
from rules.requests import has_deciders, own_requests
from rules.routing import desk, route
from rules.scope import departments_of

#: The longest time that an urge order may allow for its answer (our choice).
REPLY_CAP = timedelta(days=90)


def comment(case: Case, cmd: Comment, ctx: Context) -> Sequence[Body]:
    """Add a note to the case."""
    return [Commented(note=cmd.note)]


def attach(case: Case, cmd: Attach, ctx: Context) -> Sequence[Body]:
    """Add attachments to the case. Raises UnknownAttachment."""
    require_attachments(ctx, "/attachments")
    return [Attached(attachments=cmd.attachments, note=cmd.note)]


def acknowledge(case: Case, cmd: Acknowledge, ctx: Context) -> Sequence[Body]:
    """Hold the ladder until the acknowledgement lapses; past the deadline it is only recorded and holds nothing."""
    if clocks.is_overdue(case):
        return [Acknowledged(note=cmd.note, lapses_at=None, holds=False)]
    return [Acknowledged(note=cmd.note, lapses_at=acknowledgement_end(case, ctx))]


def escalate(case: Case, cmd: Escalate, ctx: Context) -> Sequence[Body]:
    """Escalate the case one level above its owner, or straight to a given level (越级).

    To act: the unit there becomes the owner. To be informed: owner and level stay as they are. Raises LevelNotHigher.
    """
    now_at = current_level(case)
    to_level = cmd.to_level or Level(now_at - 1)
    if to_level >= now_at:
        raise LevelNotHigher(level=int(now_at), pointer="/to_level")
    unit = next((u for u in ctx.units if u.level <= to_level), ctx.units[-1])
    owner = Owner(kind=OwnerKind.UNIT, id=unit.code) if cmd.mode is EscalationMode.ACT else None
    return [
        Escalated(
            mode=cmd.mode,
            from_level=now_at,
            to_level=to_level,
            level=to_level if owner is not None else now_at,
            to_unit=unit.code,
            reason=cmd.reason,
            owner=owner,
        )
    ]


def urge(case: Case, cmd: Urge, ctx: Context) -> Sequence[Body]:
    """Give an urge order with its own reply deadline. Raises TimeNotLater or TooLate."""
    require_between(cmd.reply_by, ctx.now, REPLY_CAP, "/reply_by")
    return [
        Urged(
            number=next_number(case),
            urge_kind=cmd.urge_kind,
            reply_by=cmd.reply_by,
            note=cmd.note,
            rungs=urge_rungs(cmd.urge_kind, ctx, cmd.reply_by),
        )
    ]


def answer_urge(case: Case, cmd: AnswerUrge, ctx: Context) -> Sequence[Body]:
    """Answer an urge order: the host department does once there is one, also while its result is reviewed; whoever
    gave the order may not. Raises InputError or NotYours.
    """
    order = _open_order(case, cmd.urge)
    if order.by == actor(ctx).id:
        raise NotYours(command="answer_urge", who="somebody other than who gave the order", pointer="/urge")
    return [UrgeAnswered(number=order.number, note=cmd.note)]


def cancel_urge(case: Case, cmd: CancelUrge, ctx: Context) -> Sequence[Body]:
    """Cancel an open urge order. Raises InputError when there is no such order."""
    return [UrgeCancelled(number=_open_order(case, cmd.urge).number, reason=cmd.reason)]


def _open_order(case: Case, number: int | None) -> UrgeOrder:
    open_ = [order for order in case.urges if order.is_open]
    found = next((order for order in open_ if number in (None, order.number)), None)
    if found is None:
        raise InputError(
            why_zh=f"督办 {number} 不存在、已答复或已撤销",
            why_en=f"urge order {number} does not exist, is answered or cancelled",
            pointer="/urge",
        )
    return found


def retract(case: Case, cmd: Retract, ctx: Context) -> Sequence[Body]:
    """Take back one of the actor's own pending requests.

    Raises NotYours when the actor has no such request, InputError when the command names none of several.
    """
    mine = own_requests(case, actor(ctx).id)
    if cmd.request is None and len(mine) > 1:
        kinds = ", ".join(mine)
        raise InputError(why_zh=f"请指明撤回哪一项:{kinds}", why_en=f"say which one: {kinds}", pointer="/request")
    if not mine or cmd.request not in (None, *mine):
        raise NotYours(command="retract", who="who asked", pointer="/request")
    return [RequestRetracted(request=cmd.request or mine[0], reason=cmd.reason)]


def answer_questions(case: Case, cmd: AnswerQuestions, ctx: Context) -> Sequence[Body]:
    """Answer questions of the category after the report; who answers is told what does not fit.

    Raises NothingToChange, UnknownQuestion, AnswerNotUnderstood or UnknownAttachment.
    """
    require_attachments(ctx, "/attachments")
    facts = answers_given(case, cmd.answers, cmd.attachments, ctx, not_known=cmd.not_known, note=cmd.note)
    if not facts:
        raise NothingToChange(pointer="/answers")
    return facts


def recategorise(case: Case, cmd: Recategorise, ctx: Context) -> Sequence[Body]:
    """Change category, severity or condition: the running clocks keep their starts and take the new limits.

    The questions of the new category are asked; answers given so far stay. Raises UnknownCategory, UnknownCondition,
    CategoryOutOfUse, NothingToChange, UnknownQuestion or AnswerNotUnderstood.
    """
    severity = cmd.severity or case.severity
    if case.stage is Stage.RECEIVE and ctx.opens_under is not None:
        ctx = ctx.model_copy(update={"policy": ctx.opens_under})
    opened = opening(ctx.policy, cmd.category, severity, cmd.condition)
    if (cmd.category, severity, opened.condition) == (case.category, case.severity, case.condition):
        raise NothingToChange(pointer="/category")
    category = ctx.policy.category(cmd.category)
    if cmd.category != case.category and category is not None and not category.active:
        raise CategoryOutOfUse(category=cmd.category, pointer="/category")
    host = route(ctx.policy, cmd.category, case.grid_path)
    found = clocks.recompute_clocks(case, opened.standard, ctx, steps_from=ctx.now)
    stage = next((new for new in found if new.stage is not None), None)
    asked = take_answers(ctx.policy, cmd.category, {}, (), before=case.answers)
    return [
        Recategorised(
            category=cmd.category,
            severity=severity,
            condition=opened.condition,
            suggested_host=host.host,
            host_why=host.why,
            limit=stage.limit if stage else None,
            source=stage.terms.source if stage else "",
            due_at=stage.due_at if stage else None,
            reason=cmd.reason,
            clocks=found,
            whole=clocks.start_whole_late(case, opened.standard, ctx),
            whole_ends=case.whole is not None and opened.standard.whole is None,
            policy_version=ctx.calendars_version if case.stage is Stage.RECEIVE and ctx.opens_under else None,
            unanswered=asked.unanswered if cmd.category != case.category else case.unanswered,
        ),
        *answers_given(case.model_copy(update={"category": cmd.category}), cmd.answers, (), ctx),
    ]


def adopt(case: Case, cmd: Adopt, ctx: Context) -> Sequence[Body]:
    """Move this case to a newer policy version. Raises NoSuchVersion, VersionNotNewer or UnknownCategory."""
    policy = ctx.adoptable
    if policy is None:
        raise NoSuchVersion(version=cmd.version, pointer="/version")
    if cmd.version <= case.policy_version:
        raise VersionNotNewer(version=cmd.version, current=case.policy_version, pointer="/version")
    there = ctx.model_copy(update={"policy": policy, "policy_version": cmd.version})
    found = policy.category(case.category)
    kept = found is not None and any(c.code == case.condition for c in found.conditions)
    opened = opening(policy, case.category, case.severity, case.condition if kept else None)
    return [
        Adopted(
            from_version=case.policy_version,
            to_version=cmd.version,
            condition=opened.condition,
            clocks=clocks.recompute_clocks(case, opened.standard, there, steps_from=ctx.now),
            whole=clocks.start_whole_late(case, opened.standard, there),
            whole_ends=case.whole is not None and opened.standard.whole is None,
            reason=cmd.reason,
        )
    ]


def link_enterprise(case: Case, cmd: LinkEnterprise, ctx: Context) -> Sequence[Body]:
    """Say which enterprise the case is about, or about none. Raises UnknownEnterprise or NothingToChange."""
    if cmd.enterprise == case.enterprise:
        raise NothingToChange(pointer="/enterprise")
    require_enterprise(cmd.enterprise, case.park, ctx)
    return [EnterpriseLinked(enterprise=cmd.enterprise, before=case.enterprise, reason=cmd.reason)]


def relocate(case: Case, cmd: Relocate, ctx: Context) -> Sequence[Body]:
    """Move the case to another place, or correct its location within its grid.

    The desk changes with the place, and so does the owner while a desk owns the case. Where the host department does
    not act at the new place, the case goes back to dispatch. Raises UnknownGrid or NothingToChange.
    """
    units = ctx.target_units
    if not units or units[0].code != cmd.grid or units[0].retired:
        raise UnknownGrid(grid=cmd.grid, pointer="/grid")
    if cmd.grid == case.grid and cmd.location is None:
        raise NothingToChange(pointer="/grid")
    grid_path = tuple(unit.code for unit in reversed(units))
    first = desk(ctx, units, Role.DUTY_OFFICER)
    host = route(ctx.policy, case.category, grid_path)
    stays = cmd.grid == case.grid
    owner = None if stays else _owner_after_move(case, ctx, first.owner)
    moved = Relocated(
        grid=cmd.grid,
        grid_path=grid_path,
        location=cmd.location,
        owner=owner,
        level=level_of(owner or case.owner or first.owner, grid_path),
        desk=first.owner,
        suggested_host=host.host,
        host_why=host.why,
        reason=cmd.reason,
        decider=None if stays else decider_above(ctx, units) if has_deciders(case) else None,
    )
    if case.stage is Stage.HANDLE and not ctx.host_reaches and not stays:
        assert case.host is not None
        due = due_for(case, Stage.DISPATCH, ctx)
        return [moved, Recalled(from_host=case.host, reason=cmd.reason, owner=first.owner, due=due)]
    return [moved]


def _owner_after_move(case: Case, ctx: Context, first: Owner) -> Owner | None:
    if case.stage in (Stage.RECEIVE, Stage.DISPATCH):
        return first
    if case.stage is Stage.REVIEW:
        return review_desk(case, ctx, units=ctx.target_units)
    at_unit = case.owner is not None and case.owner.kind is OwnerKind.UNIT
    return first if at_unit else None


def withdraw(case: Case, cmd: Withdraw, ctx: Context) -> Sequence[Body]:
    """Close the case at the word of its reporter, given by the reporter or by a second officer.

    Once accepted, a report by a grid worker and a case of a category that is not `withdrawable` can no longer be
    withdrawn. Raises LeadOfOthers or NotNow.
    """
    require_no_members(case)
    category = ctx.policy.category(case.category)
    must_finish = category is not None and not category.withdrawable
    if case.accepted_at is not None and (must_finish or case.source is Source.GRID_WORKER):
        raise NotNow(
            command="withdraw",
            why_zh="已立案的此类事项须办结或作废",
            why_en="once accepted, it is seen through or voided",
        )
    return closing_facts(case, Outcome.WITHDRAWN, cmd.reason, ctx)


def void(case: Case, cmd: Void, ctx: Context) -> Sequence[Body]:
    """Propose to void the case (作废), or close it when another person has proposed it. An undecided proposal lapses.

    Raises SecondPersonNeeded when the same person asks twice, and LeadOfOthers.
    """
    require_no_members(case)
    if case.void_request is None:
        return [VoidProposed(reason=cmd.reason, **decision_terms(ctx))]
    if case.void_request.by == actor(ctx).id:
        raise SecondPersonNeeded()
    return closing_facts(case, Outcome.VOIDED, cmd.reason, ctx)


def refuse_void(case: Case, cmd: RefuseVoid, ctx: Context) -> Sequence[Body]:
    """Refuse a proposal to void the case. Raises SecondPersonNeeded for whoever proposed it: they use `retract`."""
    assert case.void_request is not None
    if case.void_request.by == actor(ctx).id:
        raise SecondPersonNeeded()
    return [VoidRefused(reason=cmd.reason)]


def respond(case: Case, cmd: Respond, ctx: Context) -> Sequence[Body]:
    """Record the answer of the actor's department to a joint-meeting call."""
    mine = departments_of(actor(ctx), case, ctx.today)
    waiting = [s.department for s in case.summons if s.responded_at is None and s.department in mine]
    return [Responded(department=waiting[0], note=cmd.note)]


DECIDERS: dict[str, Decider] = {
    "comment": comment,
    "attach": attach,
    "acknowledge": acknowledge,
    "escalate": escalate,
    "urge": urge,
    "answer_urge": answer_urge,
    "cancel_urge": cancel_urge,
    "retract": retract,
    "refuse_void": refuse_void,
    "recategorise": recategorise,
    "adopt": adopt,
    "relocate": relocate,
    "answer_questions": answer_questions,
    "link_enterprise": link_enterprise,
    "withdraw": withdraw,
    "void": void,
    "respond": respond,
}
