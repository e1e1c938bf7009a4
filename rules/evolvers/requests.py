"""What requests and their decisions change, and what the reporter says at the end."""

from models.case import Case
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
    Resumed,
    ReturnRefused,
    ReturnRequested,
    SuspensionGranted,
    SuspensionRefused,
    SuspensionRequested,
    VoidProposed,
)
from rules.deadlines import clocks
from rules.evolvers.common import Changes, change, goes_on, request, with_new


@change.register
def _(body: ReturnRequested, case: Case, fact: Fact) -> Changes:
    return {"return_request": request(fact, department=body.department), "returns": case.returns + 1}


@change.register
def _(body: ReturnRefused, case: Case, fact: Fact) -> Changes:
    return {"return_request": None, "returns_settled": with_new(case.returns_settled, body.department)}


@change.register
def _(body: ExtensionRequested, case: Case, fact: Fact) -> Changes:
    return {"extension_request": request(fact, until=body.until)}


@change.register
def _(body: ExtensionGranted, case: Case, fact: Fact) -> Changes:
    assert case.clock is not None
    changes: Changes = {
        "extension_request": None,
        "extensions_granted": case.extensions_granted + 1,
        "clock": clocks.extended(case.clock, body.extended, body.due_at, body.plan, fact.at),
    }
    if case.whole is not None and body.whole_due_at is not None:
        longer = {"due_at": body.whole_due_at, "extended": case.whole.extended + body.whole_extended}
        changes["whole"] = case.whole.model_copy(update={**longer, "plan": body.whole_plan or case.whole.plan})
    return changes


@change.register
def _(body: ExtensionRefused, case: Case, fact: Fact) -> Changes:
    return {"extension_request": None}


@change.register
def _(body: SuspensionRequested, case: Case, fact: Fact) -> Changes:
    return {"suspension_request": request(fact, until=body.until)}


@change.register
def _(body: SuspensionGranted, case: Case, fact: Fact) -> Changes:
    assert case.clock is not None
    return {
        "suspension_request": None,
        "suspended_until": body.until,
        "clock": clocks.stopped(case.clock, fact.at),
        "whole": case.whole and clocks.stopped(case.whole, fact.at),
    }


@change.register
def _(body: SuspensionRefused, case: Case, fact: Fact) -> Changes:
    return {"suspension_request": None}


@change.register
def _(body: Resumed, case: Case, fact: Fact) -> Changes:
    return {"suspended_until": None, **goes_on(case, body)}


@change.register
def _(body: VoidProposed, case: Case, fact: Fact) -> Changes:
    return {"void_proposed_by": fact.actor.person}


@change.register
def _(body: Rated, case: Case, fact: Fact) -> Changes:
    return {"rating": body.score}


@change.register
def _(body: ReopenRequested, case: Case, fact: Fact) -> Changes:
    return {"reopen_request": request(fact), "remind_at": body.remind_at}


@change.register
def _(body: ReopenRefused, case: Case, fact: Fact) -> Changes:
    return {"reopen_request": None, "remind_at": None if case.appeal is None else case.remind_at}


@change.register
def _(body: Appealed, case: Case, fact: Fact) -> Changes:
    return {
        "appeal": request(fact),
        "appealed": True,
        "remind_at": body.remind_at,
        "attachments": with_new(case.attachments, *body.attachments),
    }


@change.register
def _(body: AppealDecided, case: Case, fact: Fact) -> Changes:
    still = None if case.reopen_request is None else case.remind_at
    return {"appeal": None, "exempt": body.upheld, "remind_at": still}
