"""The plan after a fact."""

from datetime import datetime

from models.matters.base import Climb, MatterBody, MatterFact
from models.matters.plan import (
    Batch,
    DutiesIssued,
    DutiesMissed,
    DutiesWithdrawn,
    DutyDone,
    EnterpriseFollowed,
    MissedBatch,
    PlanAmended,
    PlanEnded,
    PlanMade,
    PlanPaused,
    PlanResumed,
    PlanState,
)
from rules.matters.climb import end_climb, start_climb


def evolve(plan: PlanState | None, fact: MatterFact) -> PlanState:
    """Apply a fact. A ladder that has fired its last step is dropped with the batch that it climbed for."""
    if plan is None:
        assert isinstance(fact.body, PlanMade)
        return _begun(fact, fact.body)
    return _settled(plan.model_copy(update=_changes(plan, fact)))


def _changes(plan: PlanState, fact: MatterFact) -> dict[str, object]:
    """What a fact changes of what the plan says and of where it stands."""
    match fact.body:
        case PlanAmended() as body:
            return _amended(plan, body, fact.at)
        case PlanPaused(resume_at=resume_at):
            return {"status": "paused", "next_issue_at": None, "resume_at": resume_at}
        case PlanResumed(next_issue_at=next_issue_at):
            return {"status": "active", "resume_at": None, "issued_until": None, "next_issue_at": next_issue_at}
        case PlanEnded():
            gone = {"climbs": (), "missed": (), "next_issue_at": None, "resume_at": None}
            return {"status": "ended", "ended_at": fact.at, **gone}
        case _:
            return _duties(plan, fact.body, fact.at)


def _duties(plan: PlanState, body: MatterBody, at: datetime) -> dict[str, object]:
    """What a fact changes of the duties that are waited for."""
    match body:
        case DutiesIssued(batches=batches, until=until, next_at=next_at):
            known = {batch.key for batch in batches}
            kept = tuple(batch for batch in plan.open if batch.key not in known)
            return {"open": kept + batches, "issued_until": until, "next_issue_at": next_at}
        case EnterpriseFollowed():
            return {"issued_until": None, "next_issue_at": at}
        case DutiesWithdrawn(batches=keys):
            return {"open": tuple(batch for batch in plan.open if batch.key not in keys)}
        case DutiesMissed():
            return _missed(plan, body)
        case DutyDone():
            return _done(plan, body)
        case _:
            return {}


def _amended(plan: PlanState, body: PlanAmended, at: datetime) -> dict[str, object]:
    """Other terms are followed at once: what was withdrawn is given out again, as it then is."""
    changes: dict[str, object] = {"name": body.name, "people": body.people, "fingerprint": body.fingerprint}
    if body.terms == plan.terms:
        return changes
    department = body.terms.workers.department
    next_issue_at = at if plan.status == "active" else None
    anew = {"issued_until": None, "next_issue_at": next_issue_at}
    return {**changes, "terms": body.terms, "keys": body.keys, "department": department, **anew}


def _begun(fact: MatterFact, body: PlanMade) -> PlanState:
    return PlanState(
        id=fact.command_id,
        code=body.code,
        name=body.name,
        seq=fact.seq,
        status="active",
        grid=body.grid,
        grid_path=body.grid_path,
        department=body.terms.workers.department,
        people=body.people,
        created_at=fact.at,
        created_by=fact.actor.person,
        updated_at=fact.at,
        terms=body.terms,
        keys=body.keys,
        zone=body.zone,
        fingerprint=body.fingerprint,
        next_issue_at=body.next_issue_at,
    )


def _missed(plan: PlanState, body: DutiesMissed) -> dict[str, object]:
    climbs = plan.climbs
    if body.rungs:
        climbs = start_climb(climbs, about(body.batch), body.due_at, body.rungs)
        climbs = tuple(
            c.model_copy(update={"fired": body.fired}) if c.about == about(body.batch) else c for c in climbs
        )
    batch = MissedBatch(key=body.batch, due_at=body.due_at, left=body.places)
    return {
        "open": tuple(batch for batch in plan.open if batch.key != body.batch),
        "missed": (*plan.missed, batch),
        "climbs": climbs,
    }


def _done(plan: PlanState, body: DutyDone) -> dict[str, object]:
    """One place is done: a batch without any left is no longer waited for, and its ladder ends."""
    open_ = tuple(
        batch.model_copy(update={"done": (*batch.done, body.place)}) if batch.key == body.batch else batch
        for batch in plan.open
    )
    missed = tuple(
        batch.model_copy(update={"left": tuple(key for key in batch.left if key != body.place)})
        if batch.key == body.batch
        else batch
        for batch in plan.missed
    )
    climbs = plan.climbs
    for batch in missed:
        if not batch.left:
            climbs = end_climb(climbs, about(batch.key))
    return {
        "open": tuple(batch for batch in open_ if set(keys_of(plan.keys, batch)) - set(batch.done)),
        "missed": tuple(batch for batch in missed if batch.left),
        "climbs": climbs,
        "opening": (*plan.opening, *(asked.errand for asked in (*body.failed, *body.topics))),
    }


def about(batch: str) -> str:
    """What the ladder of a missed batch is about (`Climb.about`)."""
    return f"duties:{batch}"


def keys_of(keys: tuple[str, ...], batch: Batch) -> tuple[str, ...]:
    """The places of a batch: those it names, else all of the plan."""
    return keys if batch.places is None else batch.places


def _settled(plan: PlanState) -> PlanState:
    """The plan without ladders that have fired their last step, and with its next deadline and oldest miss."""
    climbs = tuple(climb for climb in plan.climbs if _goes_on(climb))
    running = {climb.about for climb in climbs}
    missed = tuple(batch for batch in plan.missed if about(batch.key) in running)
    return plan.model_copy(
        update={
            "climbs": climbs,
            "missed": missed,
            "due_at": min((batch.due_at for batch in plan.open), default=None),
            "overdue_at": min((batch.due_at for batch in missed), default=None),
        }
    )


def _goes_on(climb: Climb) -> bool:
    return climb.fired < len(climb.rungs)
