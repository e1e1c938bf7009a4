"""What time alone changes: lights, deadlines, the steps of ladders."""

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
    UrgeOverdue,
)
from rules.evolvers.common import Changes, change, counted_anew, with_urge


@change.register
def _(body: LightChanged, case: Case, fact: Fact) -> Changes:
    return {"clock": _clock(case).model_copy(update={"light": body.light})}


@change.register
def _(body: Overdue, case: Case, fact: Fact) -> Changes:
    if body.stage is None:
        assert case.whole is not None
        return {"whole": case.whole.model_copy(update={"overdue_at": fact.at}), "remind_at": body.remind_at}
    late = _clock(case).model_copy(update={"overdue_at": fact.at, "light": Light.RED})
    return {"clock": late, "remind_at": body.remind_at}


@change.register
def _(body: Reminded, case: Case, fact: Fact) -> Changes:
    return {"remind_at": body.remind_at}


@change.register
def _(body: StepFired, case: Case, fact: Fact) -> Changes:
    if body.urge is not None:
        order = next(u for u in case.urges if u.number == body.urge)
        return {"urges": with_urge(case, body.urge, rungs=order.rungs[1:], last_step=body.step)}
    clock = _clock(case)
    assert clock.plan is not None
    plan = clock.plan.model_copy(update={"rungs": clock.plan.rungs[1:]})
    return {
        "clock": clock.model_copy(update={"plan": plan, "last_step": body.step}),
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
    return counted_anew(case, body.clocks, fact)


def _clock(case: Case) -> Clock:
    assert case.clock is not None
    return case.clock
