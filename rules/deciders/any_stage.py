"""What can be done to any open case: talk, urge, climb, correct, merge, split, end."""

from collections.abc import Sequence
from datetime import timedelta

from models.case import Case, Owner
from models.commands import (
    Acknowledge,
    Adopt,
    AnswerUrge,
    Attach,
    Comment,
    Escalate,
    Merge,
    Recategorise,
    Relocate,
    Respond,
    Split,
    Urge,
    Void,
    Withdraw,
)
from models.context import Context
from models.enums import EscalationMode, Level, Outcome, OwnerKind, Role, Stage
from models.errors import (
    InputError,
    NoSuchLead,
    NoSuchVersion,
    NothingToChange,
    SecondPersonNeeded,
    UnknownCategory,
    UnknownGrid,
    VersionNotNewer,
)
from models.facts import (
    Acknowledged,
    Adopted,
    Attached,
    Body,
    Commented,
    Escalated,
    Merged,
    Recategorised,
    Relocated,
    Responded,
    SplitOff,
    UrgeAnswered,
    Urged,
    VoidProposed,
)
from rules.deadlines import clocks
from rules.deadlines.standards import opening
from rules.deciders.common import Move, actor, closing, departments_of, lapse, require_attachments, require_between
from rules.escalation.urge_orders import next_number, urge_rungs
from rules.routing import desk, route

#: The longest time an urge order may give for its answer (our choice).
REPLY_CAP = timedelta(days=90)


def comment(case: Case, cmd: Comment, ctx: Context) -> Sequence[Body]:
    return [Commented(note=cmd.note)]


def attach(case: Case, cmd: Attach, ctx: Context) -> Sequence[Body]:
    require_attachments(ctx, "/attachments")
    return [Attached(attachments=cmd.attachments, note=cmd.note)]


def acknowledge(case: Case, cmd: Acknowledge, ctx: Context) -> Sequence[Body]:
    """The ladder stands still until the acknowledgement lapses."""
    return [Acknowledged(note=cmd.note, lapses_at=lapse(case, ctx))]


def escalate(case: Case, cmd: Escalate, ctx: Context) -> Sequence[Body]:
    """One level up. To act: the unit there owns the case; to be informed: the owner stays."""
    to_level = Level(case.level - 1)
    unit = next((u for u in ctx.units if u.level <= to_level), ctx.units[-1])
    owner = Owner(kind=OwnerKind.UNIT, id=unit.code) if cmd.mode is EscalationMode.ACT else None
    return [
        Escalated(
            mode=cmd.mode,
            from_level=case.level,
            to_level=to_level,
            to_unit=unit.code,
            reason=cmd.reason,
            owner=owner,
        )
    ]


def urge(case: Case, cmd: Urge, ctx: Context) -> Sequence[Body]:
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
    open_ = [u.number for u in case.urges if u.answered_at is None]
    number = cmd.urge or open_[0]
    if number not in open_:
        raise InputError(
            why_zh=f"督办 {number} 不存在或已答复",
            why_en=f"urge order {number} does not exist or is answered",
            pointer="/urge",
        )
    return [UrgeAnswered(number=number, note=cmd.note)]


def recategorise(case: Case, cmd: Recategorise, ctx: Context) -> Sequence[Body]:
    """The running clocks keep their starts and take the limits of the new category, severity or condition.

    Raises UnknownCategory, UnknownCondition or NothingToChange.
    """
    severity = cmd.severity or case.severity
    opened = opening(ctx.policy, cmd.category, severity, cmd.condition)
    if (cmd.category, severity, opened.condition) == (case.category, case.severity, case.condition):
        raise NothingToChange(pointer="/category")
    host = route(ctx.policy, cmd.category, case.grid_path)
    found = clocks.recounted(case, opened.standard, ctx)
    stage = next((new for new in found if new.stage is not None), None)
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
        )
    ]


def adopt(case: Case, cmd: Adopt, ctx: Context) -> Sequence[Body]:
    """A newer policy version, for this case alone. Raises NoSuchVersion, VersionNotNewer or UnknownCategory."""
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
            clocks=clocks.recounted(case, opened.standard, there),
            whole=clocks.start_whole_late(case, opened.standard, there),
            reason=cmd.reason,
        )
    ]


def relocate(case: Case, cmd: Relocate, ctx: Context) -> Sequence[Body]:
    """The desk moves with the place; so does the owner, while the case still lies at a desk.

    Raises UnknownGrid or NothingToChange.
    """
    units = ctx.target_units
    if not units or units[0].code != cmd.grid or units[0].retired:
        raise UnknownGrid(grid=cmd.grid, pointer="/grid")
    if cmd.grid == case.grid:
        raise NothingToChange(pointer="/grid")
    grid_path = tuple(unit.code for unit in reversed(units))
    first = desk(ctx, units, Role.DUTY_OFFICER)
    host = route(ctx.policy, case.category, grid_path)
    return [
        Relocated(
            grid=cmd.grid,
            grid_path=grid_path,
            location=cmd.location,
            owner=_owner_after_move(case, ctx, first.owner),
            desk=first.owner,
            suggested_host=host.host,
            host_why=host.why,
            reason=cmd.reason,
        )
    ]


def _owner_after_move(case: Case, ctx: Context, first: Owner) -> Owner | None:
    if case.stage in (Stage.RECEIVE, Stage.DISPATCH):
        return first
    if case.stage is Stage.REVIEW:
        return desk(ctx, ctx.target_units, Role.REVIEWER).owner
    at_unit = case.owner is not None and case.owner.kind is OwnerKind.UNIT
    return first if at_unit else None


def merge(case: Case, cmd: Merge, ctx: Context) -> Sequence[Body]:
    """Raises NoSuchLead unless the other case is open and another."""
    lead = ctx.lead
    if lead is None or not lead.is_open or lead.report_id == case.report_id:
        raise NoSuchLead(case_no=cmd.into, pointer="/into")
    return [
        Merged(into=lead.case_no, lead=lead.report_id, reason=cmd.reason),
        closing(Outcome.MERGED, cmd.reason, ctx),
    ]


def split(case: Case, cmd: Split, ctx: Context) -> Sequence[Body]:
    """What a part becomes is a new case: its category must be in force now, its place in use, the case's own too.

    Raises UnknownCategory or UnknownGrid, pointing at the part.
    """
    policy = ctx.opens_under or ctx.policy
    known = {unit.code for unit in (*ctx.target_units, *ctx.units[:1]) if not unit.retired}
    for place, part in enumerate(cmd.parts):
        if policy.category(part.category) is None:
            raise UnknownCategory(category=part.category, pointer=f"/parts/{place}/category")
        if (grid := part.grid or case.grid) not in known:
            raise UnknownGrid(grid=grid, pointer=f"/parts/{place}/grid")
    return [SplitOff(parts=cmd.parts, reason=cmd.reason)]


def withdraw(case: Case, cmd: Withdraw, ctx: Context) -> Sequence[Body]:
    return [closing(Outcome.WITHDRAWN, cmd.reason, ctx)]


def void(case: Case, cmd: Void, ctx: Context) -> Sequence[Body]:
    """作废 takes two people: the first proposes, a second one ends the case.

    Raises SecondPersonNeeded when the same person asks twice.
    """
    if case.void_proposed_by is None:
        return [VoidProposed(reason=cmd.reason)]
    if case.void_proposed_by == actor(ctx).id:
        raise SecondPersonNeeded()
    return [closing(Outcome.VOIDED, cmd.reason, ctx)]


def respond(case: Case, cmd: Respond, ctx: Context) -> Sequence[Body]:
    mine = departments_of(actor(ctx), case, ctx)
    waiting = [s.department for s in case.summons if s.responded_at is None and s.department in mine]
    return [Responded(department=waiting[0], note=cmd.note)]


MOVES: dict[str, Move] = {
    "comment": comment,
    "attach": attach,
    "acknowledge": acknowledge,
    "escalate": escalate,
    "urge": urge,
    "answer_urge": answer_urge,
    "recategorise": recategorise,
    "adopt": adopt,
    "relocate": relocate,
    "merge": merge,
    "split": split,
    "withdraw": withdraw,
    "void": void,
    "respond": respond,
}
