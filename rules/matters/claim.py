"""The rules of the claim board (揭榜认领): the first claim wins, and binds whoever claims to its day (our choice)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from models.context import Person
from models.errors import AlreadyClaimed, ClaimForOthers, InputError, MatterNotNow
from models.matters.base import MatterBody, MatterCommand, MatterFact, MatterKind
from models.matters.claim import (
    BODIES,
    COMMANDS,
    AcceptDelivery,
    Claim,
    ClaimItem,
    DeliverItem,
    DeliveryAccepted,
    DeliveryRefused,
    EndItem,
    GiveBackItem,
    ItemClaimed,
    ItemDelivered,
    ItemEnded,
    ItemGivenBack,
    ItemMilestoneMissed,
    ItemMilestoneReached,
    ItemOverdue,
    ItemPosted,
    ItemReported,
    ItemUnclaimed,
    PostItem,
    ReachItemMilestone,
    RefuseDelivery,
    ReportItem,
)
from models.matters.context import MatterContext
from rules.matters.climb import end_climb, rungs_after, start_climb
from rules.matters.days import end_of
from rules.matters.kind import DESK, TERRITORIAL_PARTS, MatterRules, Part
from rules.matters.milestones import missed, next_milestone, plan_milestones, reached, require_open
from rules.scope import DEPARTMENT_ROLES, in_force

_STAFF = frozenset({Part.OWNER, Part.PARTICIPANT, Part.GRID_WORKER, Part.REVIEWER, Part.STAFF}) | DESK
_CLAIMANTS = frozenset({Part.OWNER, Part.SUPERVISOR})
_SUPERVISORS = frozenset({Part.SUPERVISOR})
#: What the ladders are about; besides, `milestone:<key>`.
UNCLAIMED, DELIVERY = "unclaimed", "delivery"


def decide(before: Claim | None, command: MatterCommand, ctx: MatterContext) -> Sequence[MatterBody]:
    """The facts of a command. Raises the DomainError that refuses it, pointing at the field."""
    if before is None:
        assert isinstance(command, PostItem)
        return [_post(command, ctx)]
    match command:
        case ClaimItem():
            return [_claim(before, command, ctx)]
        case EndItem(reason=reason):
            return [ItemEnded(reason=reason)]
        case AcceptDelivery(note=note):
            _require(before, command, "delivered", "尚未交榜", "it has not been delivered")
            return [DeliveryAccepted(note=note)]
        case RefuseDelivery(reason=reason):
            _require(before, command, "delivered", "尚未交榜", "it has not been delivered")
            return [DeliveryRefused(reason=reason)]
    _require(before, command, "claimed", "未在办理中", "nobody is at work on it")
    match command:
        case GiveBackItem(reason=reason):
            return [ItemGivenBack(reason=reason)]
        case ReportItem(note=note, evidence=evidence):
            return [ItemReported(note=note, evidence=evidence)]
        case ReachItemMilestone(milestone=key, note=note, evidence=evidence):
            late = ctx.now > require_open(before.milestones, key).due_at
            return [ItemMilestoneReached(milestone=key, note=note, late=late, evidence=evidence)]
        case DeliverItem(result=result, evidence=evidence):
            late = before.overdue_at is not None
            return [ItemDelivered(result=result, late=late, evidence=evidence)]
    raise AssertionError(f"no such command of the claim board: {command.kind}")


def _require(before: Claim, command: MatterCommand, status: str, why_zh: str, why_en: str) -> None:
    if before.status != status:
        raise MatterNotNow(command=command.kind, why_zh=why_zh, why_en=why_en)


def _post(command: PostItem, ctx: MatterContext) -> ItemPosted:
    if command.due_on < ctx.today:
        raise InputError(why_zh="期限不能早于今天", why_en="the day must not have passed", pointer="/due_on")
    if command.claim_by is not None and not ctx.today <= command.claim_by <= command.due_on:
        raise InputError(
            why_zh="揭榜期限须在今天与完成期限之间",
            why_en="it is to be claimed between today and the day it is due",
            pointer="/claim_by",
        )
    if command.topic is not None and ctx.person is not None and ctx.extra is None:
        raise InputError(
            why_zh=f"没有议题 {command.topic}", why_en=f"there is no topic {command.topic}", pointer="/topic"
        )
    assert ctx.number is not None
    return ItemPosted(
        id=ctx.id,
        code=ctx.number,
        name=command.name,
        grid=command.grid,
        grid_path=ctx.grid_path,
        text=command.text,
        claim_by=command.claim_by,
        claim_by_at=None if command.claim_by is None else end_of(command.claim_by, ctx),
        due_on=command.due_on,
        due_at=end_of(command.due_on, ctx),
        topic=command.topic,
    )


def _claim(before: Claim, command: ClaimItem, ctx: MatterContext) -> ItemClaimed:
    """The claim, for the person's own department or unit. Raises AlreadyClaimed, which names who was first."""
    if before.status != "open":
        raise AlreadyClaimed(
            by=before.claimant,
            moment="" if before.claimed_at is None else before.claimed_at.isoformat(timespec="minutes"),
        )
    person = ctx.person
    if person is None or (command.department is None) == (command.unit is None):
        raise InputError(
            why_zh="请填写揭榜部门或单位(二选一)", why_en="name a department or a unit, one of the two",
            pointer="/department",
        )  # fmt: skip
    if not _acts_for(person, command, ctx.today):
        raise ClaimForOthers(pointer="/department" if command.department else "/unit")
    return ItemClaimed(
        department=command.department,
        unit=command.unit,
        person=person.id,
        claimant=str(ctx.extra or command.department or command.unit),
        plan=command.plan,
        milestones=plan_milestones(command.milestones, before.due_on, ctx),
    )


def _acts_for(person: Person, command: ClaimItem, today: date) -> bool:
    """Whether the person works in that department, or for that unit or one above it."""
    grants = in_force(person, today)
    if command.department is not None:
        return any(g.role in DEPARTMENT_ROLES and g.department == command.department for g in grants)
    return any(g.role in TERRITORIAL_PARTS and g.grid is not None and g.grid == command.unit for g in grants)


def due(matter: Claim, moment: datetime, ctx: MatterContext) -> Sequence[MatterBody]:
    """Nobody claimed it, a milestone passed, or it was not delivered."""
    found: list[MatterBody] = []
    if _waits_for_claim(matter) and matter.claim_by_at is not None and matter.claim_by_at <= moment:
        found.append(ItemUnclaimed(due_at=matter.claim_by_at, rungs=rungs_after(matter.claim_by_at, ctx)))
    if matter.status == "claimed":
        for one in missed(matter.milestones, moment):
            rungs = rungs_after(one.due_at, ctx)
            found.append(ItemMilestoneMissed(milestone=one.key, due_at=one.due_at, rungs=rungs))
    if _waits_for_delivery(matter) and matter.last_due_at <= moment:
        found.append(ItemOverdue(due_at=matter.last_due_at, rungs=rungs_after(matter.last_due_at, ctx)))
    return found


def _waits_for_claim(matter: Claim) -> bool:
    return matter.status == "open" and not any(climb.about == UNCLAIMED for climb in matter.climbs)


def _waits_for_delivery(matter: Claim) -> bool:
    return matter.status in ("open", "claimed") and matter.overdue_at is None


def next_wake_up(matter: Claim) -> datetime | None:
    """The next day that may be missed."""
    moments = [
        matter.claim_by_at if _waits_for_claim(matter) else None,
        next_milestone(matter.milestones) if matter.status == "claimed" else None,
        matter.last_due_at if _waits_for_delivery(matter) else None,
    ]
    return min((at for at in moments if at is not None), default=None)


def evolve(before: Claim | None, fact: MatterFact) -> Claim:
    """The item after the fact."""
    body = fact.body
    if isinstance(body, ItemPosted):
        return Claim(
            **body.model_dump(exclude={"kind"}),
            last_due_at=body.due_at,
            seq=fact.seq,
            status="open",
            created_at=fact.at,
            created_by=fact.actor.person,
            updated_at=fact.at,
        )
    assert before is not None
    return before.model_copy(update=_changes(before, body, fact.at))


def _changes(before: Claim, body: MatterBody, at: datetime) -> dict[str, Any]:
    match body:
        case ItemClaimed():
            return {
                "status": "claimed",
                "department": body.department,
                "unit": body.unit,
                "claimant": body.claimant,
                "people": (body.person,),
                "claimed_by": body.person,
                "claimed_at": at,
                "plan": body.plan,
                "milestones": body.milestones,
                "climbs": end_climb(before.climbs, UNCLAIMED),
            }
        case ItemGivenBack():
            left: dict[str, Any] = {"department": None, "unit": None, "people": (), "claimed_by": None}
            left |= {
                "claimant": "",
                "claimed_at": None,
                "plan": "",
                "milestones": (),
                "given_back": before.given_back + 1,
            }
            climbs = tuple(climb for climb in before.climbs if not climb.about.startswith("milestone:"))
            return {**left, "status": "open", "climbs": climbs}
        case ItemReported(note=note, evidence=evidence):
            return {"progress": note, "evidence": (*before.evidence, *evidence)}
        case ItemDelivered(result=result, evidence=evidence):
            kept_evidence = (*before.evidence, *evidence)
            return {"status": "delivered", "result": result, "evidence": kept_evidence, "climbs": ()}
        case DeliveryAccepted():
            return {**_ended("done", at), "done_at": at}
        case DeliveryRefused():
            # Where its day has passed, the next step of the clock says so again.
            return {"status": "claimed", "result": "", "overdue_at": None}
        case ItemEnded(reason=reason):
            return {**_ended("ended", at), "end_reason": reason}
    return _timed(before, body, at)


def _timed(before: Claim, body: MatterBody, at: datetime) -> dict[str, Any]:
    """What changes with a milestone or a missed day."""
    match body:
        case ItemMilestoneReached(milestone=key, note=note, evidence=evidence):
            milestones = reached(before.milestones, key, at, note, evidence)
            return {"milestones": milestones, "climbs": end_climb(before.climbs, f"milestone:{key}")}
        case ItemMilestoneMissed(milestone=key, due_at=due_at, rungs=rungs):
            kept = tuple(m.model_copy(update={"missed_at": at}) if m.key == key else m for m in before.milestones)
            return {"milestones": kept, "climbs": start_climb(before.climbs, f"milestone:{key}", due_at, rungs)}
        case ItemUnclaimed(due_at=due_at, rungs=rungs):
            return {"climbs": start_climb(before.climbs, UNCLAIMED, due_at, rungs)}
        case ItemOverdue(due_at=due_at, rungs=rungs):
            climbs = start_climb(before.climbs, DELIVERY, due_at, rungs)
            return {"overdue_at": due_at, "missed": True, "climbs": climbs}
    return {}


def _ended(status: str, at: datetime) -> dict[str, Any]:
    return {"status": status, "ended_at": at, "due_at": None, "overdue_at": None, "climbs": ()}


def fits(matter: Claim, command: str) -> bool:
    """Whether the command makes sense now."""
    match command:
        case "claim":
            return matter.status == "open"
        case "accept_delivery" | "refuse_delivery":
            return matter.status == "delivered"
        case "end":
            return True
        case "reach_milestone":
            return matter.status == "claimed" and any(m.done_at is None for m in matter.milestones)
    return matter.status == "claimed"


RULES = MatterRules(
    kind=MatterKind.CLAIM,
    name_zh="揭榜事项",
    name_en="item of the claim board",
    state=Claim,
    commands=COMMANDS,
    bodies=BODIES,
    creates="post",
    who={
        "post": DESK,
        "claim": _STAFF,
        "give_back": _CLAIMANTS,
        "report_progress": _CLAIMANTS,
        "reach_milestone": _CLAIMANTS,
        "deliver": _CLAIMANTS,
        "accept_delivery": _SUPERVISORS,
        "refuse_delivery": _SUPERVISORS,
        "end": _SUPERVISORS,
    },
    decide=decide,
    evolve=evolve,
    due=due,
    next_wake_up=next_wake_up,
    effects=lambda before, fact, after: (),
    fits=fits,
    open_to_staff=True,
    number_prefix="B",
)
