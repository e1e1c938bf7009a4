"""The changes of facts that can happen in any stage."""

from models.base import Instant
from models.case import Case, Clock, Errand, MergePoint, Summons, UrgeOrder
from models.facts import (
    Absorbed,
    Acknowledged,
    Adopted,
    Attached,
    Commented,
    Convened,
    EnterpriseLinked,
    ErrandReturned,
    ErrandSettled,
    Escalated,
    Fact,
    Informed,
    Merged,
    QuestionsAnswered,
    Recategorised,
    Relocated,
    Responded,
    Separated,
    SplitOff,
    UnmergeAsked,
    Unmerged,
    UrgeAnswered,
    UrgeCancelled,
    Urged,
    UrgeLapsed,
)
from models.plan import Plan
from rules.deadlines import clocks
from rules.deadlines.planning import postpone
from rules.evolvers.common import NOTHING_PENDING, Changes, change, passed_on, recomputed_clocks, with_added, with_urge
from rules.life_cycle import acknowledgement_key
from rules.questions import merged


@change.register
def _(body: Commented, case: Case, fact: Fact) -> Changes:
    return {}


@change.register
def _(body: Informed, case: Case, fact: Fact) -> Changes:
    return {}


@change.register
def _(body: Attached, case: Case, fact: Fact) -> Changes:
    return {"attachments": with_added(case.attachments, *body.attachments)}


@change.register
def _(body: Acknowledged, case: Case, fact: Fact) -> Changes:
    if not body.holds:
        return {"noted_for": case.owner}
    changes: Changes = {"acknowledged_by": fact.actor.person, "acknowledged_until": body.lapses_at}
    if case.clock is not None:
        held = with_added(case.clock.held, acknowledgement_key(case))
        changes["clock"] = case.clock.model_copy(update={"held": held})
    return changes


@change.register
def _(body: Escalated, case: Case, fact: Fact) -> Changes:
    return {"level": body.level or body.to_level, "owner": body.owner or case.owner}


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
    return {"urges": (*case.urges, order), "urges_given": max(case.urges_given, body.number)}


@change.register
def _(body: UrgeAnswered, case: Case, fact: Fact) -> Changes:
    return {"urges": with_urge(case, body.number, answered_at=fact.at)}


@change.register
def _(body: UrgeCancelled | UrgeLapsed, case: Case, fact: Fact) -> Changes:
    return {"urges": with_urge(case, body.number, ended_at=fact.at)}


@change.register
def _(body: QuestionsAnswered, case: Case, fact: Fact) -> Changes:
    now = {answer.question for answer in body.answers}
    return {
        "answers": merged(case.answers, body.answers),
        "unread": tuple(answer for answer in case.unread if answer.question not in now),
        "unanswered": body.unanswered,
        "not_known": tuple(dict.fromkeys((*(code for code in case.not_known if code not in now), *body.not_known))),
        "attachments": with_added(case.attachments, *body.attachments),
        "reporter_ref": case.reporter_ref or body.reporter_ref,
    }


@change.register
def _(body: Recategorised, case: Case, fact: Fact) -> Changes:
    changes: Changes = {
        "category": body.category,
        "condition": body.condition,
        "severity": body.severity,
        "suggested_host": body.suggested_host,
        "policy_version": body.policy_version or case.policy_version,
        "unanswered": body.unanswered,
        "not_known": case.not_known if body.category == case.category else (),
        **recomputed_clocks(case, body.clocks, fact, body.whole, whole_ends=body.whole_ends),
    }
    if case.clock is not None and body.limit is not None and not body.clocks:
        # A fact from before limits had units: they were natural time.
        by_hours = {"limit": body.limit, "source": body.source, "due_at": body.due_at}
        changes["clock"] = case.clock.model_copy(update=by_hours)
    return changes


@change.register
def _(body: Adopted, case: Case, fact: Fact) -> Changes:
    return {
        "policy_version": body.to_version,
        "condition": body.condition,
        **recomputed_clocks(case, body.clocks, fact, body.whole, whole_ends=body.whole_ends),
    }


@change.register
def _(body: Relocated, case: Case, fact: Fact) -> Changes:
    return {
        "grid": body.grid,
        "grid_path": body.grid_path,
        "owner": body.owner or case.owner,
        "level": body.level or case.level,
        "desk": body.desk,
        "suggested_host": body.suggested_host,
        **passed_on(case, body.decider),
    }


@change.register
def _(body: EnterpriseLinked, case: Case, fact: Fact) -> Changes:
    return {"enterprise": body.enterprise}


@change.register
def _(body: Merged, case: Case, fact: Fact) -> Changes:
    errand = Errand(id=f"absorb:{fact.seq}", lead=body.lead)
    assert case.owner is not None, "only an open case is merged"
    merge_point = MergePoint(
        stage=case.stage,
        owner=case.owner,
        level=case.level,
        lead=body.lead,
        merged_at=fact.at,
        plan=case.clock.plan if case.clock else None,
        whole_plan=case.whole.plan if case.whole else None,
    )
    return {"merged_into": body.into, "errands": (*case.errands, errand), "merged_at_stage": merge_point}


@change.register
def _(body: Unmerged, case: Case, fact: Fact) -> Changes:
    errands, merge_point = case.errands, case.merged_at_stage
    assert merge_point is not None, "only a merged case is unmerged"
    if body.refused is None:
        errands = (*errands, Errand(id=f"separate:{fact.seq}", left=merge_point.lead))
    *before, clock = case.past_clocks
    changes: Changes = {
        **NOTHING_PENDING,
        "stage": body.stage,
        "owner": body.owner,
        "level": body.level,
        "clock": _restarted_clock(clock, fact.at, merge_point.plan, (body.since, body.due_at, body.plan)),
        "past_clocks": tuple(before),
        "outcome": None,
        "closed_at": None,
        "archive_at": None,
        "rating": None,
        "merged_into": None,
        "merged_at_stage": None,
        "errands": errands,
    }
    if case.whole is not None:
        resumed = (body.since, body.whole_due_at, body.whole_plan)
        changes["whole"] = _restarted_clock(case.whole, fact.at, merge_point.whole_plan, resumed)
    return changes


def _restarted_clock(
    clock: Clock, at: Instant, plan: Plan | None, resumed: tuple[Instant | None, Instant | None, Plan | None]
) -> Clock:
    """The clock that the merge ended, as if it had run on, with its former plan; overdue steps do not fire all at once.

    A clock that was stopped at the merge resumes as `resumed` (since when, deadline, plan) says.
    """
    since, due_at, new_plan = resumed
    if since is not None and due_at is not None:
        return clocks.resumed(clock.model_copy(update={"ended_at": None}), since, due_at, new_plan)
    kept = None if plan is None else plan.model_copy(update={"rungs": postpone(plan.rungs, at)})
    return clocks.as_if_running(clock).model_copy(update={"plan": kept})


@change.register
def _(body: UnmergeAsked, case: Case, fact: Fact) -> Changes:
    return {"errands": (*case.errands, Errand(id=f"member:{fact.seq}", member=body.case_no, reason=body.reason))}


@change.register
def _(body: Separated, case: Case, fact: Fact) -> Changes:
    return {"absorbed": tuple(no for no in case.absorbed if no != body.case_no)}


@change.register
def _(body: ErrandReturned, case: Case, fact: Fact) -> Changes:
    returned = (e.model_copy(update={"refused": body.refused}) if e.id == body.errand else e for e in case.errands)
    return {"errands": tuple(e for e in returned if e.id != body.errand or e.part is not None)}


@change.register
def _(body: Absorbed, case: Case, fact: Fact) -> Changes:
    return {"absorbed": with_added(case.absorbed, body.case_no)}


@change.register
def _(body: SplitOff, case: Case, fact: Fact) -> Changes:
    errands = tuple(Errand(id=f"split:{fact.seq}:{n}", part=part) for n, part in enumerate(body.parts, 1))
    waiting = tuple(errand for errand in case.errands if errand.refused is None)
    return {"errands": (*waiting, *errands), "parts": case.parts + len(errands)}


@change.register
def _(body: ErrandSettled, case: Case, fact: Fact) -> Changes:
    return {"errands": tuple(e for e in case.errands if e.id != body.errand)}


@change.register
def _(body: Convened, case: Case, fact: Fact) -> Changes:
    called = tuple(Summons(department=d, meet_at=body.meet_at, watched=body.watched) for d in body.departments)
    return {
        "summons": (*case.summons, *called),
        "departments": with_added(case.departments, *body.departments),
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
