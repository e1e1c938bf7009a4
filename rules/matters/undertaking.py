"""The rules of undertakings (承诺事项): public, dated, and never removed; missing the day shows by itself (our choice).

A campaign's places are cases: its progress is how many of them are closed, counted from the cases themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from models.commands.report import MatterReference, Report
from models.errors import InputError, MatterNotNow, UnknownPerson
from models.facts import Actor
from models.ids import derived_id
from models.matters.base import MatterBody, MatterCommand, MatterFact, MatterKind
from models.matters.context import MatterContext
from models.matters.effects import Effect, OpenCase
from models.matters.milestones import Milestone
from models.matters.undertaking import (
    BODIES,
    COMMANDS,
    MOST_PLACES,
    AddPlaces,
    CompleteUndertaking,
    CompletionRejected,
    EndUndertaking,
    MilestoneMissed,
    MilestoneReached,
    Place,
    PlacesAdded,
    PlannedPlace,
    PostponeUndertaking,
    ReachMilestone,
    RejectCompletion,
    ReportUndertaking,
    Undertake,
    Undertaken,
    Undertaking,
    UndertakingDone,
    UndertakingEnded,
    UndertakingOverdue,
    UndertakingPostponed,
    UndertakingReported,
    UndertakingType,
)
from rules.matters.climb import end_climb, rungs_after, start_climb
from rules.matters.days import end_of
from rules.matters.given import check_category
from rules.matters.kind import DESK, MatterRules, Part
from rules.matters.milestones import missed, next_milestone, plan_milestones, reached, require_open

_OWNERS = frozenset({Part.OWNER, Part.SUPERVISOR, Part.DUTY_OFFICER})
_SUPERVISORS = frozenset({Part.SUPERVISOR})
#: What the ladder is about: the whole, or `milestone:<key>`.
WHOLE = "undertaking"


def decide(before: Undertaking | None, command: MatterCommand, ctx: MatterContext) -> Sequence[MatterBody]:
    """The facts of a command. Raises the DomainError that refuses it, pointing at the field."""
    if before is None:
        assert isinstance(command, Undertake)
        return [_undertake(command, ctx)]
    match command:
        case EndUndertaking(reason=reason):
            return [UndertakingEnded(reason=reason)]
        case RejectCompletion(reason=reason):
            return _reject(before, reason, ctx)
    if before.status != "open":
        raise MatterNotNow(command=command.kind, why_zh="该事项已办结", why_en="it is done already")
    match command:
        case AddPlaces(places=places):
            return [_add_places(before, places, ctx)]
        case ReportUndertaking():
            return [_report(before, command)]
        case ReachMilestone(milestone=key, note=note, evidence=evidence):
            milestone = require_open(before.milestones, key)
            late = ctx.now > milestone.due_at
            return [MilestoneReached(milestone=key, note=note, late=late, evidence=evidence)]
        case CompleteUndertaking(result=result, evidence=evidence):
            return [UndertakingDone(result=result, late=before.overdue_at is not None, evidence=evidence)]
        case PostponeUndertaking():
            return [_postpone(before, command, ctx)]
    raise AssertionError(f"no such command of an undertaking: {command.kind}")


def _undertake(command: Undertake, ctx: MatterContext) -> Undertaken:
    if command.due_on < ctx.today:
        raise InputError(why_zh="期限不能早于今天", why_en="the day must not have passed", pointer="/due_on")
    is_campaign = command.type is UndertakingType.CAMPAIGN
    if is_campaign != (command.category is not None):
        raise InputError(
            why_zh="专项行动须选定小类,其他事项不填小类",
            why_en="a campaign names the category of its cases, and nothing else does",
            pointer="/category",
        )
    if command.category is not None:
        check_category(ctx, command.category, "/category")
    if command.department is not None and ctx.department(command.department) is None:
        raise InputError(why_zh="没有该部门", why_en="there is no such department", pointer="/department")
    found: Mapping[str, UUID] = (ctx.extra or {}).get("people", {})
    if command.person is not None and command.person not in found:
        raise UnknownPerson(person=command.person, pointer="/person")
    assert ctx.number is not None
    return Undertaken(
        id=ctx.id,
        code=ctx.number,
        name=command.name,
        grid=command.grid,
        grid_path=ctx.grid_path,
        type=command.type,
        statement=command.statement,
        owner_name=command.owner_name,
        department=command.department,
        person=found.get(command.person) if command.person else None,
        due_on=command.due_on,
        due_at=end_of(command.due_on, ctx),
        number=command.number,
        category=command.category,
        milestones=plan_milestones(command.milestones, command.due_on, ctx),
    )


def _report(before: Undertaking, command: ReportUndertaking) -> UndertakingReported:
    if before.type is UndertakingType.CAMPAIGN and command.percent is not None:
        raise InputError(
            why_zh="专项行动的进度按案件计算,不能填写",
            why_en="the progress of a campaign is counted from its cases",
            pointer="/percent",
        )
    return UndertakingReported(note=command.note, percent=command.percent, evidence=command.evidence)


def _add_places(before: Undertaking, places: tuple[PlannedPlace, ...], ctx: MatterContext) -> PlacesAdded:
    if before.type is not UndertakingType.CAMPAIGN:
        raise InputError(why_zh="只有专项行动才有点位", why_en="only a campaign has places", pointer="/places")
    if len(before.places) + len(places) > MOST_PLACES:
        raise InputError(why_zh=f"点位最多 {MOST_PLACES} 个", why_en=f"at most {MOST_PLACES} places", pointer="/places")
    known = {place.key for place in before.places}
    units: Iterable[str] = (ctx.extra or {}).get("units", ())
    for at, place in enumerate(places):
        if place.key in known:
            raise InputError(
                why_zh=f"点位编号 {place.key} 重复", why_en=f"place {place.key} is named twice",
                pointer=f"/places/{at}/key",
            )  # fmt: skip
        if place.grid not in units:
            raise InputError(
                why_zh=f"没有网格 {place.grid},或不在本事项范围内",
                why_en=f"there is no unit {place.grid} within this campaign",
                pointer=f"/places/{at}/grid",
            )
        known.add(place.key)
    return PlacesAdded(
        places=tuple(
            Place(key=p.key, name=p.name, grid=p.grid, report_id=derived_id(before.id, "place", p.key)) for p in places
        ),
        given=places,
    )


def _postpone(before: Undertaking, command: PostponeUndertaking, ctx: MatterContext) -> UndertakingPostponed:
    if command.due_on <= before.due_on or command.due_on < ctx.today:
        raise InputError(
            why_zh="新期限须晚于原期限,且不早于今天",
            why_en="the new day must be later than the old one, and not have passed",
            pointer="/due_on",
        )
    return UndertakingPostponed(
        old_due_on=before.due_on, due_on=command.due_on, due_at=end_of(command.due_on, ctx), reason=command.reason
    )


def _reject(before: Undertaking, reason: str, ctx: MatterContext) -> Sequence[MatterBody]:
    if before.status != "done":
        raise MatterNotNow(command="reject_completion", why_zh="尚未办结", why_en="it is not done yet")
    return [CompletionRejected(reason=reason, due_at=end_of(before.due_on, ctx))]


def due(matter: Undertaking, moment: datetime, ctx: MatterContext) -> Sequence[MatterBody]:
    """What fell due: the whole, or milestones."""
    if matter.status != "open":
        return []
    found: list[MatterBody] = []
    for milestone in missed(matter.milestones, moment):
        rungs = rungs_after(milestone.due_at, ctx)
        found.append(MilestoneMissed(milestone=milestone.key, due_at=milestone.due_at, rungs=rungs))
    if matter.due_at is not None and matter.due_at <= moment and matter.overdue_at is None:
        found.append(UndertakingOverdue(due_at=matter.due_at, rungs=rungs_after(matter.due_at, ctx)))
    return found


def next_wake_up(matter: Undertaking) -> datetime | None:
    """The next day that may be missed."""
    if matter.status != "open":
        return None
    whole = matter.due_at if matter.overdue_at is None else None
    return min((at for at in (whole, next_milestone(matter.milestones)) if at is not None), default=None)


def evolve(before: Undertaking | None, fact: MatterFact) -> Undertaking:
    """The undertaking after the fact."""
    body = fact.body
    if isinstance(body, Undertaken):
        return _begun(body, fact)
    assert before is not None
    return before.model_copy(update=_changes(before, body, fact.at))


def _begun(body: Undertaken, fact: MatterFact) -> Undertaking:
    return Undertaking(
        **body.model_dump(exclude={"kind", "person", "milestones"}),
        milestones=body.milestones,
        people=() if body.person is None else (body.person,),
        seq=fact.seq,
        status="open",
        created_at=fact.at,
        created_by=fact.actor.person,
        updated_at=fact.at,
        first_due_on=body.due_on,
    )


def _changes(before: Undertaking, body: MatterBody, at: datetime) -> dict[str, Any]:
    match body:
        case PlacesAdded(places=places):
            return {
                "places": (*before.places, *places),
                "opening": (*before.opening, *(place.key for place in places)),
            }
        case UndertakingReported(note=note, percent=percent, evidence=evidence):
            kept = before.percent if percent is None else percent
            return {"progress": note, "percent": kept, "evidence": (*before.evidence, *evidence)}
        case MilestoneReached(milestone=key, note=note, evidence=evidence):
            milestones = reached(before.milestones, key, at, note, evidence)
            return {"milestones": milestones, "climbs": end_climb(before.climbs, f"milestone:{key}")}
        case MilestoneMissed(milestone=key, due_at=due_at, rungs=rungs):
            return {
                "milestones": _with_missed(before.milestones, key, at),
                "climbs": start_climb(before.climbs, f"milestone:{key}", due_at, rungs),
            }
        case UndertakingOverdue(due_at=due_at, rungs=rungs):
            climbs = start_climb(before.climbs, WHOLE, due_at, rungs)
            return {"overdue_at": due_at, "missed": True, "climbs": climbs}
        case UndertakingDone(result=result, evidence=evidence):
            done = {"status": "done", "done_at": at, "result": result, "percent": 100, "climbs": (), "due_at": None}
            return {**done, "overdue_at": None, "evidence": (*before.evidence, *evidence)}
        case CompletionRejected(due_at=due_at):
            # Where its day has passed, the next step of the clock says so.
            return {"status": "open", "done_at": None, "due_at": due_at, "percent": None, "result": ""}
        case UndertakingPostponed(due_on=due_on, due_at=due_at, reason=reason):
            moved = (*before.postponements, reason)
            changes = {"due_on": due_on, "due_at": due_at, "postponements": moved, "overdue_at": None}
            return {**changes, "climbs": end_climb(before.climbs, WHOLE)}
        case UndertakingEnded(reason=reason):
            return {"status": "ended", "ended_at": at, "end_reason": reason, "climbs": (), "due_at": None}
    return _settled(before, body)


def _settled(before: Undertaking, body: MatterBody) -> dict[str, Any]:
    """A place whose case was opened, or refused."""
    errand = getattr(body, "errand", None)
    if errand is None:
        return {}
    number, refused = getattr(body, "case_no", None), getattr(body, "refused", None)
    places = tuple(
        place.model_copy(update={"case_no": number, "refused": refused}) if place.key == errand else place
        for place in before.places
    )
    return {"places": places}


def _with_missed(milestones: tuple[Milestone, ...], key: str, at: datetime) -> tuple[Milestone, ...]:
    return tuple(m.model_copy(update={"missed_at": at}) if m.key == key else m for m in milestones)


def effects(before: Undertaking | None, fact: MatterFact, after: Undertaking) -> Sequence[Effect]:
    """A case for each place that was added."""
    if not isinstance(fact.body, PlacesAdded) or after.category is None:
        return []
    given = {place.key: place for place in fact.body.given}
    return [
        OpenCase(
            errand=place.key,
            actor=Actor(person=fact.actor.person),
            report=Report(
                report_id=place.report_id,
                category=after.category,
                title=place.name,
                description=given[place.key].description,
                grid=place.grid,
                location=given[place.key].location,
                occurred_at=fact.at,
                reported_at=fact.at,
                matter=MatterReference(kind=MatterKind.UNDERTAKING, code=after.code, name=after.name),
                content_hash=f"place:{place.report_id}",
            ),
        )
        for place in fact.body.places
    ]


def fits(matter: Undertaking, command: str) -> bool:
    """Whether the command makes sense now; `decide` refuses it with the reason."""
    match command:
        case "end":
            return True
        case "reject_completion":
            return matter.status == "done"
        case "add_places":
            return matter.status == "open" and matter.type is UndertakingType.CAMPAIGN
        case "reach_milestone":
            return matter.status == "open" and any(m.done_at is None for m in matter.milestones)
    return matter.status == "open"


RULES = MatterRules(
    kind=MatterKind.UNDERTAKING,
    name_zh="承诺事项",
    name_en="undertaking",
    state=Undertaking,
    commands=COMMANDS,
    bodies=BODIES,
    creates="undertake",
    who={
        "undertake": DESK | {Part.HEAD},
        "add_places": _OWNERS,
        "report_progress": _OWNERS,
        "reach_milestone": _OWNERS,
        "complete": _OWNERS,
        "reject_completion": _SUPERVISORS,
        "postpone": _SUPERVISORS,
        "end": _SUPERVISORS,
    },
    decide=decide,
    evolve=evolve,
    due=due,
    next_wake_up=next_wake_up,
    effects=effects,
    fits=fits,
    open_to_staff=True,
    number_prefix="U",
)
