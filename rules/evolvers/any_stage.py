"""What can happen in any stage."""

from models.case import Case, Errand, Summons, UrgeOrder
from models.facts import (
    Absorbed,
    Acknowledged,
    Adopted,
    Attached,
    Commented,
    Convened,
    ErrandSettled,
    Escalated,
    Fact,
    Merged,
    Recategorised,
    Relocated,
    Responded,
    SplitOff,
    UrgeAnswered,
    Urged,
)
from rules.evolvers.common import Changes, change, counted_anew, with_new, with_urge


@change.register
def _(body: Commented, case: Case, fact: Fact) -> Changes:
    return {}


@change.register
def _(body: Attached, case: Case, fact: Fact) -> Changes:
    return {"attachments": with_new(case.attachments, *body.attachments)}


@change.register
def _(body: Acknowledged, case: Case, fact: Fact) -> Changes:
    return {"acknowledged_by": fact.actor.person, "acknowledged_until": body.lapses_at}


@change.register
def _(body: Escalated, case: Case, fact: Fact) -> Changes:
    return {"level": body.to_level, "owner": body.owner or case.owner}


@change.register
def _(body: Urged, case: Case, fact: Fact) -> Changes:
    order = UrgeOrder(
        number=body.number,
        kind=body.urge_kind,
        by=fact.actor.person,
        cause=body.cause,
        urged_at=fact.at,
        reply_by=body.reply_by,
        rungs=body.rungs,
    )
    return {"urges": (*case.urges, order)}


@change.register
def _(body: UrgeAnswered, case: Case, fact: Fact) -> Changes:
    return {"urges": with_urge(case, body.number, answered_at=fact.at)}


@change.register
def _(body: Recategorised, case: Case, fact: Fact) -> Changes:
    changes: Changes = {
        "category": body.category,
        "condition": body.condition,
        "severity": body.severity,
        "suggested_host": body.suggested_host,
        **counted_anew(case, body.clocks, fact, body.whole),
    }
    if case.clock is not None and body.limit is not None and not body.clocks:
        # From before limits had units; they were natural time.
        by_hours = {"limit": body.limit, "source": body.source, "due_at": body.due_at}
        changes["clock"] = case.clock.model_copy(update=by_hours)
    return changes


@change.register
def _(body: Adopted, case: Case, fact: Fact) -> Changes:
    return {
        "policy_version": body.to_version,
        "condition": body.condition,
        **counted_anew(case, body.clocks, fact, body.whole),
    }


@change.register
def _(body: Relocated, case: Case, fact: Fact) -> Changes:
    return {
        "grid": body.grid,
        "grid_path": body.grid_path,
        "owner": body.owner or case.owner,
        "desk": body.desk,
        "suggested_host": body.suggested_host,
    }


@change.register
def _(body: Merged, case: Case, fact: Fact) -> Changes:
    errand = Errand(id=f"absorb:{fact.seq}", lead=body.lead)
    return {"merged_into": body.into, "errands": (*case.errands, errand)}


@change.register
def _(body: Absorbed, case: Case, fact: Fact) -> Changes:
    return {"absorbed": with_new(case.absorbed, body.case_no)}


@change.register
def _(body: SplitOff, case: Case, fact: Fact) -> Changes:
    errands = tuple(Errand(id=f"split:{fact.seq}:{n}", part=part) for n, part in enumerate(body.parts, 1))
    return {"errands": (*case.errands, *errands), "parts": case.parts + len(errands)}


@change.register
def _(body: ErrandSettled, case: Case, fact: Fact) -> Changes:
    return {"errands": tuple(e for e in case.errands if e.id != body.errand)}


@change.register
def _(body: Convened, case: Case, fact: Fact) -> Changes:
    called = tuple(Summons(department=d, meet_at=body.meet_at) for d in body.departments)
    return {
        "summons": (*case.summons, *called),
        "departments": with_new(case.departments, *body.departments),
    }


@change.register
def _(body: Responded, case: Case, fact: Fact) -> Changes:
    return {
        "summons": tuple(
            s.model_copy(update={"responded_at": fact.at})
            if s.department == body.department and s.responded_at is None
            else s
            for s in case.summons
        )
    }
