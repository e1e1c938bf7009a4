"""Making, changing, pausing and ending a plan, with everything that is refused."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from models.errors import (
    MatterNotNow,
    NobodyForPlace,
    NothingToChange,
    PlaceOutsidePlan,
    PlaceTwice,
    SamePlan,
    TimeNotLater,
    UnknownChecklist,
    UnknownDepartment,
    UnknownGrid,
    UnknownPerson,
)
from models.matters.base import MatterBody
from models.matters.context import MatterContext
from models.matters.plan import (
    AmendPlan,
    DutiesWithdrawn,
    EndPlan,
    EnterpriseFollowed,
    Every,
    FollowEnterprise,
    MakePlan,
    PausePlan,
    PlanAmended,
    PlanEnded,
    PlanMade,
    PlanPaused,
    PlanPlace,
    PlanResumed,
    PlanState,
    PlanTerms,
    ResumePlan,
    Rhythm,
)
from rules.deadlines.wall_time import moment
from rules.matters.plan.extra import extra_of, surroundings
from rules.matters.plan.occurrences import check_ever_due, nominal

_TERMS = ("places", "workers", "rhythm", "calendar", "plant_days", "checklist", "until")


def make(cmd: MakePlan, ctx: MatterContext) -> Sequence[MatterBody]:
    """Make a plan; its first duties are given out at once, by the clock."""
    terms = proposed(None, cmd, ctx.today)
    keys = tuple(f"p{n}" for n in range(1, len(terms.places) + 1))
    _check(terms, keys, cmd.grid, ctx)
    assert ctx.number is not None
    person = extra_of(ctx).person
    made = PlanMade(
        name=cmd.name,
        code=ctx.number,
        grid=cmd.grid,
        grid_path=ctx.grid_path,
        terms=terms,
        keys=keys,
        zone=ctx.policy.zone,
        fingerprint=fingerprint(cmd.grid, terms),
        people=() if person is None else (person,),
        next_issue_at=ctx.now,
    )
    return [made]


def proposed(plan: PlanState | None, cmd: MakePlan | AmendPlan, today: date) -> PlanTerms:
    """What the plan would say after the command."""
    if isinstance(cmd, MakePlan):
        said = {name: getattr(cmd, name) for name in ("work", *_TERMS)}
        return PlanTerms(**said, begins=today, first_due=cmd.first_due or _first_due(cmd.rhythm, today))
    assert plan is not None
    changes: dict[str, object] = {name: value for name in _TERMS if (value := getattr(cmd, name)) is not None}
    changes |= dict.fromkeys(cmd.clear)
    if cmd.rhythm is not None or cmd.first_due is not None:
        changes["begins"] = today
        changes["first_due"] = cmd.first_due or _first_due(cmd.rhythm or plan.terms.rhythm, today)
    return plan.terms.model_copy(update=changes)


def _first_due(rhythm: Rhythm, today: date) -> date:
    """The first due day where none is given: when a period has passed; shifts and days begin today."""
    return nominal(rhythm, today, 1) if isinstance(rhythm, Every) and rhythm.unit != "day" else today


def amend(plan: PlanState, cmd: AmendPlan, ctx: MatterContext) -> Sequence[MatterBody]:
    """Change a plan. Its duties that are not due yet are given out anew; those that were missed or done stay."""
    terms = proposed(plan, cmd, ctx.today)
    name = cmd.name or plan.name
    if terms == plan.terms and name == plan.name:
        raise NothingToChange()
    keys = _keys(plan, terms.places)
    if terms != plan.terms:
        _check(terms, keys, plan.grid, ctx)
    person = extra_of(ctx).person
    amended = PlanAmended(
        name=name,
        terms=terms,
        keys=keys,
        fingerprint=fingerprint(plan.grid, terms),
        people=() if person is None else (person,),
    )
    return [*(_withdrawal(plan) if terms != plan.terms else ()), amended]


def _keys(plan: PlanState, places: tuple[PlanPlace, ...]) -> tuple[str, ...]:
    """The keys of the places: a place that stays keeps its key, a new one gets one that was never used."""
    known = dict(zip(plan.terms.places, plan.keys, strict=True))
    last = max((int(key[1:]) for key in plan.keys), default=0)
    found = []
    for place in places:
        if place in known:
            found.append(known[place])
        else:
            last += 1
            found.append(f"p{last}")
    return tuple(found)


def pause(plan: PlanState, cmd: PausePlan, ctx: MatterContext) -> Sequence[MatterBody]:
    """Let the plan rest. After the day `until` it goes on by itself."""
    if plan.status == "paused":
        raise MatterNotNow(command="pause_plan", why_zh="该计划已暂停", why_en="the plan rests already")
    if cmd.until is not None and cmd.until < ctx.today:
        raise TimeNotLater(moment=cmd.until, after=ctx.today, pointer="/until")
    resume_at = None if cmd.until is None else midnight(plan.zone, cmd.until + timedelta(days=1))
    return [*_withdrawal(plan), PlanPaused(reason=cmd.reason, until=cmd.until, resume_at=resume_at)]


def resume(plan: PlanState, cmd: ResumePlan, ctx: MatterContext) -> Sequence[MatterBody]:
    """Let the plan go on: its duties are given out again."""
    if plan.status != "paused":
        raise MatterNotNow(command="resume_plan", why_zh="该计划没有暂停", why_en="the plan does not rest")
    return [PlanResumed(note=cmd.note, next_issue_at=ctx.now)]


def end(plan: PlanState, cmd: EndPlan) -> Sequence[MatterBody]:
    """End the plan. What was missed stays missed."""
    return [*_withdrawal(plan), PlanEnded(reason=cmd.reason)]


def follow_enterprise(plan: PlanState, cmd: FollowEnterprise) -> Sequence[MatterBody]:
    """Give the duties out anew, as the enterprises are visited and work now. A plan that rests does so later."""
    return [*_withdrawal(plan), EnterpriseFollowed(about=cmd.about)] if plan.status == "active" else []


def _withdrawal(plan: PlanState) -> Sequence[MatterBody]:
    return [DutiesWithdrawn(batches=tuple(batch.key for batch in plan.open))] if plan.open else []


def _check(terms: PlanTerms, keys: tuple[str, ...], grid: str, ctx: MatterContext) -> None:
    """Raises the error that says what is wrong with the terms."""
    extra = extra_of(ctx)
    _check_workers(terms, ctx)
    shown = {place: place.name or place.grid for place in terms.places}
    for place, times in Counter(terms.places).items():
        if times > 1:
            raise PlaceTwice(place=shown[place], pointer="/places")
    for n, place in enumerate(terms.places):
        known = extra.places.get(place.grid)
        if known is None:
            raise UnknownGrid(grid=place.grid, pointer=f"/places/{n}/grid")
        if grid not in known.path:
            raise PlaceOutsidePlan(place=shown[place], grid=grid, pointer=f"/places/{n}/grid")
        if terms.workers.department is None and not known.people:
            who = terms.workers.role.value if terms.workers.role else terms.workers.person
            raise NobodyForPlace(place=known.name or shown[place], role=who, pointer="/workers")
    if terms.checklist is not None and ctx.policy.park.checklist(terms.checklist) is None:
        names = ", ".join(checklist.code for checklist in ctx.policy.park.checklists) or "—"
        raise UnknownChecklist(checklist=terms.checklist, known=names, pointer="/checklist")
    check_ever_due(terms, keys, surroundings(ctx), ctx.today)
    if extra.same is not None:
        raise SamePlan(code=extra.same[0], name=extra.same[1])


def _check_workers(terms: PlanTerms, ctx: MatterContext) -> None:
    workers = terms.workers
    if workers.person is not None and extra_of(ctx).person is None:
        raise UnknownPerson(person=workers.person, pointer="/workers/person")
    if workers.department is not None and ctx.department(workers.department) is None:
        raise UnknownDepartment(department=workers.department, pointer="/workers/department")


def fingerprint(grid: str, terms: PlanTerms) -> str:
    """What two plans that say the same have in common: everything but their names and their days."""
    said = terms.model_dump(mode="json", include={"work", "workers", "rhythm", "calendar", "plant_days", "checklist"})
    places = sorted(repr((place.grid, place.name, place.enterprise)) for place in terms.places)
    return hashlib.sha256(repr((grid, sorted(said.items()), places)).encode()).hexdigest()[:32]


def midnight(zone: str, day: date) -> datetime:
    """The beginning of a day."""
    return moment(ZoneInfo(zone), day, timedelta(), ends=False)
