"""The changes of life-cycle facts: stage, owner, clock, handlers."""

from models.case import Case, CoHandler
from models.enums import Stage
from models.facts import (
    Aborted,
    Accepted,
    Archived,
    Claimed,
    ClaimEnded,
    Closed,
    CoHandlerReleased,
    CoHandlersAdded,
    Completed,
    Dispatched,
    Fact,
    InfoRequested,
    InfoSupplied,
    ProgressReported,
    Recalled,
    Redispatched,
    Released,
    Reopened,
    ReturnGranted,
    ReviewerAssigned,
    ReviewFailed,
    ReviewPassed,
    SelfClosed,
    SentBack,
    Transferred,
    VerificationReported,
    VerificationRequested,
)
from rules.deadlines import clocks
from rules.evolvers.common import (
    HOST_REQUESTS,
    NOTHING_PENDING,
    Changes,
    change,
    ended_clocks,
    enter_stage,
    new_request,
    next_round,
    resume_clocks,
    with_added,
)
from rules.levels import level_of


@change.register
def _(body: Accepted, case: Case, fact: Fact) -> Changes:
    return {
        **enter_stage(case, Stage.DISPATCH, body.owner, body.due, fact),
        "accepted_at": fact.at,
        "condition": body.condition or case.condition,
        "policy_version": body.policy_version or case.policy_version,
        "whole": clocks.started(body.whole, case.round) if body.whole else case.whole,
    }


@change.register
def _(body: InfoRequested, case: Case, fact: Fact) -> Changes:
    changes: Changes = {
        "info_request": new_request(fact, until=body.answer_by),
        "info_requests": case.info_requests + 1,
    }
    if case.clock is not None and body.stops_stage:
        changes["clock"] = clocks.stopped(case.clock, fact.at)
    if case.whole is not None and body.stops_whole:
        changes["whole"] = clocks.stopped(case.whole, fact.at)
    return changes


@change.register
def _(body: VerificationRequested, case: Case, fact: Fact) -> Changes:
    asked = new_request(fact, until=body.report_by, asked=body.unit, decide_by=body.decide_by, rungs=body.rungs)
    return {"verification_request": asked}


@change.register
def _(body: VerificationReported, case: Case, fact: Fact) -> Changes:
    return {
        "verification_request": None,
        "attachments": with_added(case.attachments, *body.attachments),
    }


@change.register
def _(body: SentBack, case: Case, fact: Fact) -> Changes:
    return {**enter_stage(case, Stage.RECEIVE, body.owner, body.due, fact), "accepted_at": None}


@change.register
def _(body: InfoSupplied, case: Case, fact: Fact) -> Changes:
    return {
        **resume_clocks(case, body),
        "info_request": None,
        "attachments": with_added(case.attachments, *body.attachments),
    }


@change.register
def _(body: SelfClosed, case: Case, fact: Fact) -> Changes:
    return {
        **enter_stage(case, Stage.REVIEW, body.owner, body.due, fact),
        "completed_at": fact.at,
        "self_closed": True,
        "handled_by": with_added(case.handled_by, fact.actor.person),
        "attachments": with_added(case.attachments, *body.evidence),
    }


@change.register
def _(body: Dispatched, case: Case, fact: Fact) -> Changes:
    return {
        **enter_stage(case, Stage.HANDLE, body.owner, body.due, fact),
        "host": body.host,
        "co_handlers": tuple(CoHandler(department=d) for d in body.co_handlers),
        "departments": with_added(case.departments, body.host, *body.co_handlers),
        "hosts": with_added(case.hosts, body.host),
        "claimed_by": None,
        "extensions_granted": case.extensions_granted if body.per_round else 0,
    }


@change.register
def _(body: Redispatched, case: Case, fact: Fact) -> Changes:
    """The clock runs on; the requests of the former host end."""
    reported = {helper.department: helper for helper in case.co_handlers}
    return {
        "owner": body.owner,
        "level": level_of(body.owner, case.grid_path),
        "host": body.host,
        "hosts": with_added(case.hosts, body.host),
        "co_handlers": tuple(reported.get(d, CoHandler(department=d)) for d in body.co_handlers),
        "departments": with_added(case.departments, body.host, *body.co_handlers),
        "claimed_by": None,
        **HOST_REQUESTS,
    }


@change.register
def _(body: Recalled, case: Case, fact: Fact) -> Changes:
    return {
        **enter_stage(case, Stage.DISPATCH, body.owner, body.due, fact),
        "host": None,
        "co_handlers": (),
        "claimed_by": None,
    }


@change.register
def _(body: CoHandlersAdded, case: Case, fact: Fact) -> Changes:
    added = tuple(CoHandler(department=department) for department in body.departments)
    return {
        "co_handlers": (*case.co_handlers, *added),
        "departments": with_added(case.departments, *body.departments),
    }


@change.register
def _(body: CoHandlerReleased, case: Case, fact: Fact) -> Changes:
    return {"co_handlers": tuple(c for c in case.co_handlers if c.department != body.department)}


@change.register
def _(body: ClaimEnded, case: Case, fact: Fact) -> Changes:
    return {"owner": body.owner, "claimed_by": None}


@change.register
def _(body: ReviewerAssigned, case: Case, fact: Fact) -> Changes:
    return {"owner": body.owner, "level": level_of(body.owner, case.grid_path), "reviewer": body.person}


@change.register
def _(body: Claimed, case: Case, fact: Fact) -> Changes:
    return {
        "owner": body.owner,
        "claimed_by": fact.actor.person,
        "handled_by": with_added(case.handled_by, fact.actor.person),
    }


@change.register
def _(body: Released, case: Case, fact: Fact) -> Changes:
    return {"owner": body.owner, "claimed_by": None}


@change.register
def _(body: Transferred, case: Case, fact: Fact) -> Changes:
    handlers = (body.to_person,) if body.to_person else ()
    lapsed: Changes = {} if body.keeps_requests else {"return_request": None}
    lapsed |= HOST_REQUESTS if body.to_department != case.host else {}
    return {
        "owner": body.owner,
        "host": body.to_department,
        "co_handlers": tuple(c for c in case.co_handlers if c.department != body.to_department),
        "departments": with_added(case.departments, body.to_department),
        "hosts": with_added(case.hosts, body.to_department),
        "claimed_by": body.to_person,
        "handled_by": with_added(case.handled_by, *handlers),
        **lapsed,
    }


@change.register
def _(body: ProgressReported, case: Case, fact: Fact) -> Changes:
    return {
        "co_handlers": tuple(
            c.model_copy(update={"reported_at": fact.at}) if c.department == body.reports_for else c
            for c in case.co_handlers
        ),
        "handled_by": with_added(case.handled_by, fact.actor.person),
        "attachments": with_added(case.attachments, *body.attachments),
        "acknowledged_until": body.lapses_at or case.acknowledged_until,
    }


@change.register
def _(body: Completed, case: Case, fact: Fact) -> Changes:
    return {
        **enter_stage(case, Stage.REVIEW, body.owner, body.due, fact),
        "completed_at": fact.at,
        "aborted": False,
        "handled_by": with_added(case.handled_by, fact.actor.person),
        "attachments": with_added(case.attachments, *body.evidence),
    }


@change.register
def _(body: Aborted, case: Case, fact: Fact) -> Changes:
    return {
        **enter_stage(case, Stage.REVIEW, body.owner, body.due, fact),
        "completed_at": fact.at,
        "aborted": True,
        "handled_by": with_added(case.handled_by, fact.actor.person),
    }


@change.register
def _(body: ReviewPassed, case: Case, fact: Fact) -> Changes:
    return {"attachments": with_added(case.attachments, *body.evidence)}


@change.register
def _(body: ReviewFailed, case: Case, fact: Fact) -> Changes:
    """The next round begins; co-handlers whose part failed report again. A self-closed case counts as accepted."""
    again = body.departments or ()
    changes: Changes = {
        **enter_stage(case, body.to_stage, body.owner, body.due, fact, case.round + 1),
        **next_round(case, fact),
        "hosts": (case.host,) if case.host and body.to_stage is Stage.HANDLE else (),
        "co_handlers": tuple(
            c.model_copy(update={"reported_at": None}) if c.department in again else c for c in case.co_handlers
        ),
        "failed_reviews": case.failed_reviews + 1,
        "attachments": with_added(case.attachments, *body.evidence),
    }
    if body.to_stage is Stage.DISPATCH:
        changes |= {"host": None, "co_handlers": ()}
    if body.accepted_at is not None:
        changes |= {
            "accepted_at": body.accepted_at,
            "condition": body.condition or case.condition,
            "policy_version": body.policy_version or case.policy_version,
            "whole": clocks.started(body.whole, case.round) if body.whole else case.whole,
        }
    return changes


@change.register
def _(body: Closed, case: Case, fact: Fact) -> Changes:
    return {
        **NOTHING_PENDING,
        "stage": Stage.CLOSED,
        "outcome": body.outcome,
        "owner": None,
        "clock": None,
        "past_clocks": ended_clocks(case, fact),
        "whole": case.whole and clocks.ended(case.whole, fact.at),
        "closed_at": fact.at,
        "archive_at": body.archive_at,
        "void_request": None,
        "errands": tuple(errand for errand in case.errands if errand.refused is None),
        "urges": tuple(u.model_copy(update={"ended_at": fact.at}) if u.is_open else u for u in case.urges),
    }


@change.register
def _(body: Archived, case: Case, fact: Fact) -> Changes:
    return {"archived_at": fact.at, "remind_at": None}


@change.register
def _(body: Reopened, case: Case, fact: Fact) -> Changes:
    """A new round. The clock of the whole case continues; in facts from before `per_case_whole` it started anew."""
    whole = case.whole
    past_clocks = ended_clocks(case, fact)
    if body.per_case_whole:
        whole = None if whole is None else clocks.reopened(whole, fact.at, body.whole_due_at, body.whole_plan)
    else:
        past_clocks += (whole,) if whole is not None else ()
        whole = None if body.whole is None else clocks.started(body.whole, case.round + 1)
    return {
        **enter_stage(case, body.to_stage, body.owner, body.due, fact, case.round + 1),
        **next_round(case, fact),
        "past_clocks": past_clocks,
        "whole": whole,
        "reopenings": case.reopenings + 1,
        "hosts": (),
        "consultation_at": None,
        "reopen_request": None,
        "outcome": None,
        "closed_at": None,
        "archive_at": None,
        "rating": None,
        "host": None,
        "co_handlers": (),
        "merged_into": None,
        "merged_at_stage": None,
    }


@change.register
def _(body: ReturnGranted, case: Case, fact: Fact) -> Changes:
    settled = (body.department,) if body.department else ()
    return {
        **enter_stage(case, Stage.DISPATCH, body.owner, body.due, fact),
        "host": None,
        "co_handlers": (),
        "claimed_by": None,
        "returns_settled": with_added(case.returns_settled, *settled),
    }
