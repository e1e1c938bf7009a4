"""What the facts of the life cycle change: stage, owner, clock, who handled it."""

from models.case import Case, CoHandler
from models.enums import Stage
from models.facts import (
    Aborted,
    Accepted,
    Archived,
    Claimed,
    Closed,
    Completed,
    Dispatched,
    Fact,
    InfoRequested,
    InfoSupplied,
    ProgressReported,
    Released,
    Reopened,
    ReturnGranted,
    ReviewFailed,
    ReviewPassed,
    SelfClosed,
    Transferred,
)
from rules.deadlines import clocks
from rules.evolvers.common import NOTHING_PENDING, Changes, change, enter, goes_on, past, request, with_new


@change.register
def _(body: Accepted, case: Case, fact: Fact) -> Changes:
    return {
        **enter(case, Stage.DISPATCH, body.owner, body.due, fact),
        "accepted_at": fact.at,
        "condition": body.condition or case.condition,
        "policy_version": body.policy_version or case.policy_version,
        "whole": body.whole and clocks.begun(body.whole, case.round),
    }


@change.register
def _(body: InfoRequested, case: Case, fact: Fact) -> Changes:
    assert case.clock is not None
    return {
        "clock": clocks.stopped(case.clock, fact.at),
        "whole": case.whole and clocks.stopped(case.whole, fact.at),
        "info_request": request(fact, until=body.answer_by),
    }


@change.register
def _(body: InfoSupplied, case: Case, fact: Fact) -> Changes:
    assert case.clock is not None
    return {
        **goes_on(case, body),
        "info_request": None,
        "attachments": with_new(case.attachments, *body.attachments),
    }


@change.register
def _(body: SelfClosed, case: Case, fact: Fact) -> Changes:
    return {
        **enter(case, Stage.REVIEW, body.owner, body.due, fact),
        "completed_at": fact.at,
        "handled_by": with_new(case.handled_by, fact.actor.person),
        "attachments": with_new(case.attachments, *body.evidence),
    }


@change.register
def _(body: Dispatched, case: Case, fact: Fact) -> Changes:
    return {
        **enter(case, Stage.HANDLE, body.owner, body.due, fact),
        "host": body.host,
        "co_handlers": tuple(CoHandler(department=d) for d in body.co_handlers),
        "departments": with_new(case.departments, body.host, *body.co_handlers),
        "claimed_by": None,
        "extensions_granted": 0,
    }


@change.register
def _(body: Claimed, case: Case, fact: Fact) -> Changes:
    return {
        "owner": body.owner,
        "claimed_by": fact.actor.person,
        "handled_by": with_new(case.handled_by, fact.actor.person),
    }


@change.register
def _(body: Released, case: Case, fact: Fact) -> Changes:
    return {"owner": body.owner, "claimed_by": None}


@change.register
def _(body: Transferred, case: Case, fact: Fact) -> Changes:
    handlers = (body.to_person,) if body.to_person else ()
    return {
        "owner": body.owner,
        "host": body.to_department,
        "co_handlers": tuple(c for c in case.co_handlers if c.department != body.to_department),
        "departments": with_new(case.departments, body.to_department),
        "claimed_by": body.to_person,
        "handled_by": with_new(case.handled_by, *handlers),
        "return_request": None,
    }


@change.register
def _(body: ProgressReported, case: Case, fact: Fact) -> Changes:
    return {
        "co_handlers": tuple(
            c.model_copy(update={"reported_at": fact.at}) if c.department == body.reports_for else c
            for c in case.co_handlers
        ),
        "handled_by": with_new(case.handled_by, fact.actor.person),
        "attachments": with_new(case.attachments, *body.attachments),
        "acknowledged_until": body.lapses_at or case.acknowledged_until,
    }


@change.register
def _(body: Completed, case: Case, fact: Fact) -> Changes:
    return {
        **enter(case, Stage.REVIEW, body.owner, body.due, fact),
        "completed_at": fact.at,
        "aborted": False,
        "handled_by": with_new(case.handled_by, fact.actor.person),
        "attachments": with_new(case.attachments, *body.evidence),
    }


@change.register
def _(body: Aborted, case: Case, fact: Fact) -> Changes:
    return {
        **enter(case, Stage.REVIEW, body.owner, body.due, fact),
        "completed_at": fact.at,
        "aborted": True,
        "handled_by": with_new(case.handled_by, fact.actor.person),
    }


@change.register
def _(body: ReviewPassed, case: Case, fact: Fact) -> Changes:
    return {"attachments": with_new(case.attachments, *body.evidence)}


@change.register
def _(body: ReviewFailed, case: Case, fact: Fact) -> Changes:
    return {
        **enter(case, body.to_stage, body.owner, body.due, fact, case.round + 1),
        "claimed_by": None,
        "completed_at": None,
        "aborted": False,
        "returns_settled": (),
        "extensions_granted": 0,
        "failed_reviews": case.failed_reviews + 1,
        "attachments": with_new(case.attachments, *body.evidence),
    }


@change.register
def _(body: Closed, case: Case, fact: Fact) -> Changes:
    return {
        **NOTHING_PENDING,
        "stage": Stage.CLOSED,
        "outcome": body.outcome,
        "owner": None,
        "clock": None,
        "past_clocks": past(case, fact),
        "whole": case.whole and clocks.ended(case.whole, fact.at),
        "closed_at": fact.at,
        "archive_at": body.archive_at,
        "void_proposed_by": None,
        "urges": tuple(u for u in case.urges if u.answered_at is not None),
    }


@change.register
def _(body: Archived, case: Case, fact: Fact) -> Changes:
    return {"archived_at": fact.at, "remind_at": None}


@change.register
def _(body: Reopened, case: Case, fact: Fact) -> Changes:
    return {
        **enter(case, body.to_stage, body.owner, body.due, fact, case.round + 1),
        "whole": body.whole and clocks.begun(body.whole, case.round + 1),
        "consultation_at": None,
        "reopen_request": None,
        "appeal": None,
        "outcome": None,
        "closed_at": None,
        "archive_at": None,
        "completed_at": None,
        "rating": None,
        "host": None,
        "co_handlers": (),
        "claimed_by": None,
        "aborted": False,
        "merged_into": None,
        "returns_settled": (),
        "extensions_granted": 0,
    }


@change.register
def _(body: ReturnGranted, case: Case, fact: Fact) -> Changes:
    return {
        **enter(case, Stage.DISPATCH, body.owner, body.due, fact),
        "host": None,
        "co_handlers": (),
        "claimed_by": None,
    }
