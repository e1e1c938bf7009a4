"""The changes of facts that time brings: lights, deadlines, ladder steps."""

from models.case import Case, Clock
from models.enums import Light
from models.facts import (
    AcknowledgementLapsed,
    Fact,
    LightChanged,
    Overdue,
    Recomputed,
    Reminded,
    StepFired,
    SummonsMissed,
    UrgeOverdue,
)
from rules.evolvers.common import Changes, change, passed_on, recomputed_clocks, with_urge
from rules.requests import REQUEST_FIELDS


@change.register
def _(body: LightChanged, case: Case, fact: Fact) -> Changes:
    if body.stage is None:
        return {"whole": _whole(case).model_copy(update={"light": body.light})}
    return {"clock": _clock(case).model_copy(update={"light": body.light})}


@change.register
def _(body: Overdue, case: Case, fact: Fact) -> Changes:
    if body.stage is None:
        late = {"overdue_at": fact.at, "light": Light.RED, "round": case.round}
        return {"whole": _whole(case).model_copy(update=late), "remind_at": body.remind_at}
    clock = _clock(case).model_copy(update={"overdue_at": fact.at, "light": Light.RED})
    return {"clock": clock, "remind_at": body.remind_at}


@change.register
def _(body: Reminded, case: Case, fact: Fact) -> Changes:
    return {"remind_at": body.remind_at, **passed_on(case, body.decider)}


@change.register
def _(body: StepFired, case: Case, fact: Fact) -> Changes:
    if body.urge is not None:
        order = next(u for u in case.urges if u.number == body.urge)
        return {"urges": with_urge(case, body.urge, rungs=order.rungs[1:], last_step=body.step)}
    if body.request is not None:
        field = REQUEST_FIELDS[body.request]
        request = getattr(case, field)
        fired = request.model_copy(update={"rungs": request.rungs[1:], "last_step": body.step})
        if body.decider is not None:
            fired = fired.model_copy(update={"decider": body.decider})
        return {field: fired, "remind_at": body.remind_at or case.remind_at}
    name, clock = ("whole", _whole(case)) if body.whole else ("clock", _clock(case))
    assert clock.plan is not None
    plan = clock.plan.model_copy(update={"rungs": clock.plan.rungs[1:]})
    return {
        name: clock.model_copy(update={"plan": plan, "last_step": body.step}),
        "owner": body.owner or case.owner,
        "level": body.level,
        "remind_at": body.remind_at or case.remind_at,
        "consultation_at": fact.at if body.consultation and case.consultation_at is None else case.consultation_at,
    }


@change.register
def _(body: AcknowledgementLapsed, case: Case, fact: Fact) -> Changes:
    changes: Changes = {"acknowledged_by": None, "acknowledged_until": None}
    if case.clock is not None and case.clock.plan is not None:
        plan = case.clock.plan.model_copy(update={"rungs": body.rungs})
        changes["clock"] = case.clock.model_copy(update={"plan": plan})
    return changes


@change.register
def _(body: UrgeOverdue, case: Case, fact: Fact) -> Changes:
    return {"urges": with_urge(case, body.number, overdue_at=fact.at)}


@change.register
def _(body: Recomputed, case: Case, fact: Fact) -> Changes:
    return recomputed_clocks(case, body.clocks, fact)


@change.register
def _(body: SummonsMissed, case: Case, fact: Fact) -> Changes:
    return {
        "summons": tuple(
            s.model_copy(update={"missed_at": fact.at})
            if s.department == body.department and s.meet_at == body.meet_at and s.responded_at is None
            else s
            for s in case.summons
        )
    }


def _whole(case: Case) -> Clock:
    assert case.whole is not None
    return case.whole


def _clock(case: Case) -> Clock:
    assert case.clock is not None
    return case.clock
