"""The changes of requests and their decisions, and of the reporter's rating."""

from datetime import timedelta
from typing import Any

from models.case import AppealRecord, Case
from models.enums import RequestKind
from models.facts import (
    AppealDecided,
    Appealed,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    Fact,
    Rated,
    ReopenRefused,
    ReopenRequested,
    RequestLapsed,
    RequestRetracted,
    Resumed,
    ReturnRefused,
    ReturnRequested,
    SuspensionGranted,
    SuspensionRefused,
    SuspensionRequested,
    TransferRefused,
    TransferRequested,
    VoidProposed,
    VoidRefused,
)
from rules.deadlines import clocks
from rules.evolvers.common import Changes, change, new_request, resume_clocks, with_added
from rules.requests import REQUEST_FIELDS


@change.register
def _(body: ReturnRequested, case: Case, fact: Fact) -> Changes:
    asked = new_request(fact, department=body.department, **decision_fields(body))
    return {"return_request": asked, "returns": case.returns + 1}


@change.register
def _(body: ReturnRefused, case: Case, fact: Fact) -> Changes:
    return {"return_request": None, "returns_settled": with_added(case.returns_settled, body.department)}


@change.register
def _(body: ExtensionRequested, case: Case, fact: Fact) -> Changes:
    asked = new_request(
        fact, until=body.until, department=case.host, granted_by=body.granted_by, **decision_fields(body)
    )
    return {"extension_request": asked}


@change.register
def _(body: ExtensionGranted, case: Case, fact: Fact) -> Changes:
    assert case.clock is not None
    changes: Changes = {
        "extension_request": None,
        "extensions_granted": case.extensions_granted + 1,
        "clock": clocks.extended(case.clock, body.extended, body.due_at, body.plan, fact.at, until=body.until),
    }
    if case.whole is not None and body.whole_due_at is not None:
        until = body.whole_due_at if body.until is not None and body.whole_extended else None
        changes["whole"] = (
            clocks.extended(case.whole, body.whole_extended, body.whole_due_at, body.whole_plan, fact.at, until=until)
            if body.whole_extended
            else case.whole.model_copy(update={"due_at": body.whole_due_at})
        )
    return changes


@change.register
def _(body: ExtensionRefused, case: Case, fact: Fact) -> Changes:
    return {"extension_request": None}


@change.register
def _(body: SuspensionRequested, case: Case, fact: Fact) -> Changes:
    return {"suspension_request": new_request(fact, until=body.until, department=case.host, **decision_fields(body))}


@change.register
def _(body: SuspensionGranted, case: Case, fact: Fact) -> Changes:
    assert case.clock is not None
    return {
        "suspension_request": None,
        "suspended_until": body.until,
        "suspensions_granted": case.suspensions_granted + 1,
        "suspended_for": case.suspended_for + (body.until - fact.at),
        "clock": clocks.stopped(case.clock, fact.at),
        "whole": case.whole and clocks.stopped(case.whole, fact.at),
    }


@change.register
def _(body: SuspensionRefused, case: Case, fact: Fact) -> Changes:
    return {"suspension_request": None}


@change.register
def _(body: Resumed, case: Case, fact: Fact) -> Changes:
    unused = timedelta() if case.suspended_until is None else case.suspended_until - body.since
    return {
        "suspended_until": None,
        "suspended_for": max(case.suspended_for - unused, timedelta()),
        **resume_clocks(case, body),
    }


@change.register
def _(body: VoidProposed, case: Case, fact: Fact) -> Changes:
    return {"void_request": new_request(fact, **decision_fields(body))}


@change.register
def _(body: VoidRefused, case: Case, fact: Fact) -> Changes:
    return {"void_request": None}


@change.register
def _(body: TransferRequested, case: Case, fact: Fact) -> Changes:
    return {
        "transfer_request": new_request(fact, department=body.to_department, **decision_fields(body)),
        "departments": with_added(case.departments, body.to_department),
        "transfers": case.transfers + 1,
    }


@change.register
def _(body: TransferRefused, case: Case, fact: Fact) -> Changes:
    return {"transfer_request": None, "transfers_refused": with_added(case.transfers_refused, body.department)}


@change.register
def _(body: RequestLapsed, case: Case, fact: Fact) -> Changes:
    return {REQUEST_FIELDS[body.request]: None}


@change.register
def _(body: RequestRetracted, case: Case, fact: Fact) -> Changes:
    """A retracted return or appeal no longer counts."""
    if body.request is RequestKind.APPEAL:
        mine = next(a for a in case.pending_appeals if a.by == fact.actor.person)
        return {"appeals": tuple(appeal for appeal in case.appeals if appeal is not mine)}
    changes: Changes = {REQUEST_FIELDS[body.request]: None}
    if body.request is RequestKind.RETURN:
        changes["returns"] = case.returns - 1
    if body.request is RequestKind.INFO:
        changes["info_requests"] = case.info_requests
    return changes


@change.register
def _(body: Rated, case: Case, fact: Fact) -> Changes:
    return {"rating": body.score}


@change.register
def _(body: ReopenRequested, case: Case, fact: Fact) -> Changes:
    return {"reopen_request": new_request(fact, **decision_fields(body)), "remind_at": body.remind_at}


@change.register
def _(body: ReopenRefused, case: Case, fact: Fact) -> Changes:
    return {"reopen_request": None, "remind_at": case.remind_at if case.pending_appeals else None}


@change.register
def _(body: Appealed, case: Case, fact: Fact) -> Changes:
    assert fact.actor.person is not None, "appeals come from people"
    record = AppealRecord(
        department=body.department or case.host or "",
        round=body.round or case.round,
        by=fact.actor.person,
        at=fact.at,
        decider=body.decider,
    )
    return {
        "appeals": (*case.appeals, record),
        "remind_at": body.remind_at,
        "attachments": with_added(case.attachments, *body.attachments),
    }


@change.register
def _(body: AppealDecided, case: Case, fact: Fact) -> Changes:
    named = (body.department, body.round)
    about = next(a for a in case.pending_appeals if body.round is None or (a.department, a.round) == named)
    decided = tuple(a.model_copy(update={"upheld": body.upheld}) if a is about else a for a in case.appeals)
    waiting = case.reopen_request is not None or len(case.pending_appeals) > 1 or case.is_open
    return {"appeals": decided, "remind_at": case.remind_at if waiting else None}


def decision_fields(body: Any) -> dict[str, Any]:
    """The fields of a request for its decision: deadline, ladder and, where it takes a supervisor, whose task it is."""
    return {"decide_by": body.decide_by, "rungs": body.rungs, "decider": getattr(body, "decider", None)}
