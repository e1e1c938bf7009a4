"""The rules of meetings (季度联席会议、会商): an agenda made of what is open, and decisions that become something.

Who attends and what is said stays with people; what is decided on an item is a case, an undertaking, an item of the
claim board, or a note, and is begun at once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models.commands.report import MatterReference, Report
from models.enums import EscalationMode
from models.errors import InputError, MatterNotNow, UnknownDepartment
from models.facts import Actor, Reached
from models.ids import derived_id
from models.matters.base import MatterBody, MatterCommand, MatterFact, MatterKind
from models.matters.claim import PostItem
from models.matters.common import OpeningSettled
from models.matters.context import MatterContext
from models.matters.effects import ActOnMatter, BeginMatter, Effect, OpenCase
from models.matters.meeting import (
    BODIES,
    COMMANDS,
    MOST_ITEMS,
    AddAgendaItem,
    AgendaAdded,
    AgendaItem,
    AgendaItemDecided,
    AgendaItemDropped,
    CallMeeting,
    CancelMeeting,
    CloseMeeting,
    DecideItem,
    DropAgendaItem,
    ItemOutcome,
    Meeting,
    MeetingCalled,
    MeetingCancelled,
    MeetingClosed,
    MeetingMoved,
    MinutesOverdue,
    MoveMeeting,
    RefreshAgenda,
)
from models.matters.topic import SettleTopic
from models.matters.undertaking import Undertake, UndertakingType
from rules.matters.climb import rungs_after, start_climb
from rules.matters.days import after
from rules.matters.given import check_category
from rules.matters.kind import DESK, MatterRules

#: What the ladder is about.
MINUTES = "minutes"


def decide(before: Meeting | None, command: MatterCommand, ctx: MatterContext) -> Sequence[MatterBody]:
    """The facts of a command. Raises the DomainError that refuses it, pointing at the field."""
    if before is None:
        assert isinstance(command, CallMeeting)
        return [_call(command, ctx)]
    match command:
        case RefreshAgenda():
            return _refresh(before, ctx)
        case AddAgendaItem(title=title):
            _require_room(before, 1)
            return [AgendaAdded(items=(AgendaItem(key=_next_key(before), title=title),))]
        case DropAgendaItem(item=key, reason=reason):
            return [AgendaItemDropped(item=_open_item(before, key).key, reason=reason)]
        case DecideItem():
            return [_decide_item(before, command, ctx)]
        case MoveMeeting(meet_at=meet_at, reason=reason):
            _require_future(meet_at, ctx)
            return [
                MeetingMoved(
                    old_meet_at=before.meet_at,
                    meet_at=meet_at,
                    due_at=after(ctx.policy.park.agenda.minutes_within, meet_at, ctx),
                    reason=reason,
                    reached=_told(before.departments),
                )
            ]
        case CloseMeeting(minutes=minutes, attended=attended):
            return [_close(before, minutes, attended, ctx)]
        case CancelMeeting(reason=reason):
            return [MeetingCancelled(reason=reason, reached=_told(before.departments))]
    raise AssertionError(f"no such command of a meeting: {command.kind}")


def _call(command: CallMeeting, ctx: MatterContext) -> MeetingCalled:
    _require_future(command.meet_at, ctx)
    for at, code in enumerate(command.departments):
        if ctx.department(code) is None:
            raise UnknownDepartment(department=code, pointer=f"/departments/{at}")
    assert ctx.number is not None
    open_items: Sequence[AgendaItem] = ctx.extra or ()
    return MeetingCalled(
        id=ctx.id,
        code=ctx.number,
        name=command.name,
        grid=command.grid,
        grid_path=ctx.grid_path,
        type=command.type,
        meet_at=command.meet_at,
        due_at=after(ctx.policy.park.agenda.minutes_within, command.meet_at, ctx),
        place=command.place,
        departments=command.departments,
        items=_numbered(open_items[:MOST_ITEMS], 0),
        reached=_told(command.departments),
    )


def _require_future(meet_at: datetime, ctx: MatterContext) -> None:
    if meet_at <= ctx.now:
        raise InputError(why_zh="会议时间已过", why_en="that time has passed", pointer="/meet_at")


def _told(departments: tuple[str, ...]) -> tuple[Reached, ...]:
    return tuple(Reached(mode=EscalationMode.INFORM, department=code) for code in departments)


def _numbered(items: Sequence[AgendaItem], so_far: int) -> tuple[AgendaItem, ...]:
    return tuple(item.model_copy(update={"key": str(so_far + n)}) for n, item in enumerate(items, 1))


def _next_key(before: Meeting) -> str:
    return str(len(before.items) + 1)


def _require_room(before: Meeting, more: int) -> None:
    if len(before.items) + more > MOST_ITEMS:
        raise InputError(why_zh=f"议程最多 {MOST_ITEMS} 项", why_en=f"an agenda has at most {MOST_ITEMS} items")


def _refresh(before: Meeting, ctx: MatterContext) -> Sequence[MatterBody]:
    """What is open now and not on the agenda yet; nothing when there is none."""
    known = {(item.of, item.reference) for item in before.items}
    open_items: Sequence[AgendaItem] = ctx.extra or ()
    fresh = [item for item in open_items if (item.of, item.reference) not in known]
    fresh = fresh[: MOST_ITEMS - len(before.items)]
    return [AgendaAdded(items=_numbered(fresh, len(before.items)))] if fresh else []


def _open_item(before: Meeting, key: str) -> AgendaItem:
    """The item of that key. Raises InputError when there is none, or it has been dealt with."""
    item = next((one for one in before.items if one.key == key), None)
    if item is None:
        raise InputError(why_zh=f"议程没有第 {key} 项", why_en=f"the agenda has no item {key}", pointer="/item")
    if item.outcome is not None or item.dropped:
        raise MatterNotNow(
            command="decide_item", why_zh=f"第 {key} 项已议定或已移出", why_en=f"item {key} has been dealt with"
        )
    return item


def _decide_item(before: Meeting, command: DecideItem, ctx: MatterContext) -> AgendaItemDecided:
    item = _open_item(before, command.item)
    if command.category is not None or command.outcome is ItemOutcome.CASE:
        check_category(ctx, command.category or "", "/category")
    match command.outcome:
        case ItemOutcome.UNDERTAKING:
            if not command.owner_name:
                raise InputError(
                    why_zh="承诺事项须写明责任单位", why_en="an undertaking names who answers for it",
                    pointer="/owner_name",
                )  # fmt: skip
            _require_day(command, ctx)
        case ItemOutcome.CLAIM:
            _require_day(command, ctx)
    if command.department is not None and ctx.department(command.department) is None:
        raise UnknownDepartment(department=command.department, pointer="/department")
    return AgendaItemDecided(
        item=item.key,
        title=item.title,
        decision=command.decision,
        outcome=command.outcome,
        category=command.category,
        department=command.department,
        owner_name=command.owner_name,
        due_on=command.due_on,
        outcome_id=derived_id(before.id, "item", item.key),
    )


def _require_day(command: DecideItem, ctx: MatterContext) -> None:
    if command.due_on is None or command.due_on < ctx.today:
        raise InputError(
            why_zh="须填写不早于今天的期限", why_en="it needs a day that has not passed", pointer="/due_on"
        )


def _close(before: Meeting, minutes: str, attended: str, ctx: MatterContext) -> MeetingClosed:
    if ctx.now < before.meet_at:
        raise MatterNotNow(command="close", why_zh="会议尚未召开", why_en="it has not been held yet")
    left = [item.key for item in before.items if item.outcome is None and not item.dropped]
    if left:
        raise MatterNotNow(
            command="close",
            why_zh=f"第 {'、'.join(left)} 项尚未议定,请逐项议定或移出",
            why_en=f"items {', '.join(left)} are open: decide each, or take it off",
        )
    return MeetingClosed(minutes=minutes, attended=attended, late=before.overdue_at is not None)


def due(matter: Meeting, moment: datetime, ctx: MatterContext) -> Sequence[MatterBody]:
    """The minutes fell due."""
    assert matter.due_at is not None
    return [MinutesOverdue(due_at=matter.due_at, rungs=rungs_after(matter.due_at, ctx))]


def next_wake_up(matter: Meeting) -> datetime | None:
    """When the minutes fall due."""
    return matter.due_at if matter.status == "called" and matter.overdue_at is None else None


def evolve(before: Meeting | None, fact: MatterFact) -> Meeting:
    """The meeting after the fact."""
    body = fact.body
    if isinstance(body, MeetingCalled):
        return Meeting(
            **body.model_dump(exclude={"kind", "reached", "items"}),
            items=body.items,
            seq=fact.seq,
            status="called",
            created_at=fact.at,
            created_by=fact.actor.person,
            updated_at=fact.at,
        )
    assert before is not None
    return before.model_copy(update=_changes(before, body, fact.at))


def _changes(before: Meeting, body: MatterBody, at: datetime) -> dict[str, Any]:
    match body:
        case AgendaAdded(items=items):
            return {"items": (*before.items, *items)}
        case AgendaItemDropped(item=key, reason=reason):
            return {"items": _with_item(before, key, dropped=reason)}
        case AgendaItemDecided(item=key):
            decided: dict[str, Any] = {"decision": body.decision, "outcome": body.outcome}
            decided |= {"owner_name": body.owner_name, "due_on": body.due_on}
            waits = () if body.outcome is ItemOutcome.NOTED else (key,)
            return {"items": _with_item(before, key, **decided), "opening": (*before.opening, *waits)}
        case OpeningSettled(errand=key, case_no=number, matter_code=code, refused=refused):
            return {"items": _with_item(before, key, becomes=number or code, refused=refused)}
        case MeetingMoved(meet_at=meet_at, due_at=due_at):
            return {"meet_at": meet_at, "due_at": due_at, "overdue_at": None, "climbs": ()}
        case MinutesOverdue(due_at=due_at, rungs=rungs):
            return {"overdue_at": due_at, "climbs": start_climb(before.climbs, MINUTES, due_at, rungs)}
        case MeetingClosed(minutes=minutes, attended=attended):
            return {**_ended("closed", at), "closed_at": at, "minutes": minutes, "attended": attended}
        case MeetingCancelled(reason=reason):
            return {**_ended("cancelled", at), "cancel_reason": reason}
    return {}


def _ended(status: str, at: datetime) -> dict[str, Any]:
    return {"status": status, "ended_at": at, "due_at": None, "overdue_at": None, "climbs": ()}


def _with_item(before: Meeting, key: str, **changes: Any) -> tuple[AgendaItem, ...]:
    return tuple(item.model_copy(update=changes) if item.key == key else item for item in before.items)


def effects(before: Meeting | None, fact: MatterFact, after_: Meeting) -> Sequence[Effect]:
    """What a decision becomes; and the topic that was decided is settled."""
    body = fact.body
    if not isinstance(body, AgendaItemDecided):
        return []
    item = next(one for one in after_.items if one.key == body.item)
    found: list[Effect] = []
    begun = _begun(after_, body, Actor(person=fact.actor.person), fact.at)
    if begun is not None:
        found.append(begun)
    if item.of == "topic" and item.reference_id is not None:
        settle = SettleTopic(meeting=after_.code, decision=body.decision).model_dump(mode="json")
        found.append(ActOnMatter(matter_kind=MatterKind.TOPIC, matter_id=item.reference_id, command=settle))
    return found


def _begun(meeting: Meeting, body: AgendaItemDecided, actor: Actor, at: datetime) -> Effect | None:
    match body.outcome:
        case ItemOutcome.CASE if body.category is not None:
            report = Report(
                report_id=body.outcome_id,
                category=body.category,
                title=body.title,
                description=body.decision,
                grid=meeting.grid,
                occurred_at=at,
                reported_at=at,
                matter=MatterReference(kind=MatterKind.MEETING, code=meeting.code, name=meeting.name),
                content_hash=f"meeting:{body.outcome_id}",
            )
            return OpenCase(errand=body.item, report=report, actor=actor)
        case ItemOutcome.UNDERTAKING if body.due_on is not None and body.owner_name:
            undertake = Undertake(
                name=body.title,
                grid=meeting.grid,
                type=UndertakingType.PLEDGE,
                statement=body.decision,
                owner_name=body.owner_name,
                department=body.department,
                due_on=body.due_on,
            ).model_dump(mode="json")
            return BeginMatter(
                matter_kind=MatterKind.UNDERTAKING,
                matter_id=body.outcome_id,
                command=undertake,
                actor=actor,
                errand=body.item,
            )
        case ItemOutcome.CLAIM if body.due_on is not None:
            post = PostItem(name=body.title, grid=meeting.grid, text=body.decision, due_on=body.due_on)
            return BeginMatter(
                matter_kind=MatterKind.CLAIM,
                matter_id=body.outcome_id,
                command=post.model_dump(mode="json"),
                actor=actor,
                errand=body.item,
            )
    return None


def fits(matter: Meeting, command: str) -> bool:
    """Whether the command makes sense now."""
    if command in ("decide_item", "drop_item"):
        return any(item.outcome is None and not item.dropped for item in matter.items)
    return matter.status == "called"


RULES = MatterRules(
    kind=MatterKind.MEETING,
    name_zh="会议",
    name_en="meeting",
    state=Meeting,
    commands=COMMANDS,
    bodies=BODIES,
    creates="call",
    who={
        "call": DESK,
        "refresh_agenda": DESK,
        "add_item": DESK,
        "drop_item": DESK,
        "decide_item": DESK,
        "move": DESK,
        "close": DESK,
        "cancel": DESK,
    },
    decide=decide,
    evolve=evolve,
    due=due,
    next_wake_up=next_wake_up,
    effects=effects,
    fits=fits,
    number_prefix="M",
)
