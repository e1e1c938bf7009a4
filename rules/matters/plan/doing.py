"""Reporting a duty as done: who may, what is refused, and what is late.

Late is what arrives after the deadline, whatever the phone's time says: a phone's clock proves nothing. The phone's
time is kept and shown beside it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from models.context import Person
from models.enums import Role
from models.errors import (
    DutyDoneAlready,
    DutyNotOpen,
    ItemsMissing,
    NoSuchDuty,
    NotYours,
    PhotoMissing,
    TimeInFuture,
    UnknownChecklist,
    UnknownItem,
)
from models.matters.base import MatterBody
from models.matters.context import MatterContext
from models.matters.messages import content_digest
from models.matters.plan import (
    DutyDone,
    DutyStatus,
    FailedItem,
    ItemOutcome,
    KnownDuty,
    PlanState,
    ReportDuty,
)
from models.policy.checklists import Checklist
from rules.matters.given import check_category
from rules.matters.plan.extra import extra_of
from rules.scope import DEPARTMENT_ROLES, covers, in_force

#: How far a phone's clock may run ahead of ours before its times are refused (our choice; the same as for reports).
CLOCK_SKEW = timedelta(minutes=2)
#: The roles that may report any duty in the subtree they hold, whoever it is given to.
STAND_INS = frozenset({Role.DUTY_OFFICER, Role.SUPERVISOR})
_DONE = frozenset({DutyStatus.DONE, DutyStatus.LATE})


def report(plan: PlanState, cmd: ReportDuty, ctx: MatterContext) -> Sequence[MatterBody]:
    """Record a duty as done, in time or late. The same report again, under another id, changes nothing."""
    extra = extra_of(ctx)
    duty = extra.duty
    if duty is None:
        raise NoSuchDuty(duty=cmd.duty)
    if ctx.person is not None and not may_do(ctx.person, plan, duty.grid_path, ctx.today):
        raise NotYours(command="report_duty", who=_whose(plan))
    said = said_by(cmd)
    if duty.status in _DONE:
        if duty.said == said and ctx.person is not None and ctx.person.id == duty.done_by:
            return []
        raise DutyDoneAlready(by=duty.done_by_name, at=duty.received_at)
    done_at = cmd.done_at or ctx.now
    if done_at > ctx.now + CLOCK_SKEW:
        raise TimeInFuture(moment=done_at, pointer="/done_at")
    if min(done_at, ctx.now) < duty.opens_at:
        raise DutyNotOpen(opens_at=duty.opens_at, pointer="/done_at" if ctx.now >= duty.opens_at else None)
    checklist = _checklist(duty, extra.checklist)
    _check_items(cmd, checklist)
    return [
        DutyDone(
            duty=duty.id,
            batch=duty.batch,
            place=duty.place,
            where=duty.where,
            day=duty.day,
            shift=duty.shift,
            due_at=duty.due_at,
            done_at=min(done_at, ctx.now),
            late=ctx.now >= duty.due_at,
            items=cmd.items,
            note=cmd.note,
            needs=cmd.needs,
            photos=cmd.photos,
            location=cmd.location,
            failed=tuple(_failed(cmd, duty, checklist, ctx)),
            topics=tuple(_topics(cmd, duty)),
            said=said,
        )
    ]


def may_do(person: Person, plan: PlanState, grid_path: tuple[str, ...], day: date) -> bool:
    """Whether the person may report the plan's duty at that place: it is theirs, or they stand in from above."""
    workers = plan.terms.workers
    if any(person.acts_for(named, day) for named in plan.people):
        return True
    for grant in in_force(person, day):
        if grant.role in STAND_INS or grant.role is workers.role:
            mine = True
        else:
            mine = grant.role in DEPARTMENT_ROLES and None is not workers.department == grant.department
        if mine and covers(grant, grid_path):
            return True
    return False


def said_by(cmd: ReportDuty) -> str:
    """What distinguishes a report from another one of the same duty: what was found, not when or where."""
    return content_digest(cmd.model_dump(mode="json", exclude={"kind", "done_at", "location"}))


def _whose(plan: PlanState) -> str:
    workers = plan.terms.workers
    return (workers.role.value if workers.role else None) or workers.person or workers.department or ""


def _checklist(duty: KnownDuty, checklist: Checklist | None) -> Checklist | None:
    if duty.checklist is not None and checklist is None:
        raise UnknownChecklist(checklist=duty.checklist, known="—")
    return checklist


def _check_items(cmd: ReportDuty, checklist: Checklist | None) -> None:
    """Raises UnknownItem, ItemsMissing or PhotoMissing: every item is answered once, a failed one as it asks."""
    known = {item.code: item for item in checklist.items} if checklist is not None else {}
    times = Counter(answer.item for answer in cmd.items)
    for n, answer in enumerate(cmd.items):
        if answer.item not in known or times[answer.item] > 1:
            name = checklist.code if checklist is not None else "—"
            raise UnknownItem(checklist=name, item=answer.item, pointer=f"/items/{n}/item")
    if missing := [item.text_zh for item in known.values() if item.code not in times]:
        raise ItemsMissing(items="; ".join(missing), pointer="/items")
    for n, answer in enumerate(cmd.items):
        item = known[answer.item]
        if answer.outcome is ItemOutcome.FAILED and item.photo and not answer.photos:
            raise PhotoMissing(item=item.text_zh, pointer=f"/items/{n}/photos")


def _failed(cmd: ReportDuty, duty: KnownDuty, checklist: Checklist | None, ctx: MatterContext) -> Iterator[FailedItem]:
    """What opens a case: the items that failed, and the needs that were given a category."""
    enterprise = duty.where.enterprise if extra_of(ctx).on_register else None
    for answer in cmd.items:
        item = checklist.item(answer.item) if checklist is not None else None
        if item is not None and answer.outcome is ItemOutcome.FAILED:
            yield FailedItem(
                errand=f"duty:{duty.id}:{item.code}",
                item=item.code,
                text=item.text_zh,
                note=answer.note,
                category=item.category,
                severity=item.severity.value if item.severity else None,
                enterprise=enterprise,
                photos=answer.photos,
            )
    for n, need in enumerate(cmd.needs):
        if need.category is not None:
            check_category(ctx, need.category, f"/needs/{n}/category")
            errand = f"duty:{duty.id}:need{n}"
            yield FailedItem(
                errand=errand, text=need.text, category=need.category, enterprise=enterprise, photos=need.photos
            )


def _topics(cmd: ReportDuty, duty: KnownDuty) -> Iterator[FailedItem]:
    """The needs that go to the agenda."""
    for n, need in enumerate(cmd.needs):
        if need.topic:
            yield FailedItem(errand=f"duty:{duty.id}:topic{n}", text=need.text, photos=need.photos)
