"""`evolve(case, fact) -> case`: what a case is after one more fact. Pure, total, and never in doubt.

Nothing is decided here. A fact says what happened; each function below says what that leaves changed.
"""

from collections.abc import Iterable
from functools import singledispatch
from typing import Any

from models.base import Frozen
from models.case import Case, Clock, CoHandler, Errand, Request, Summons, UrgeOrder
from models.facts import (
    Aborted,
    Absorbed,
    Accepted,
    Acknowledged,
    AppealDecided,
    Appealed,
    Archived,
    Attached,
    Claimed,
    Closed,
    Commented,
    Completed,
    Convened,
    Dispatched,
    Due,
    ErrandSettled,
    Escalated,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    Fact,
    InfoRequested,
    InfoSupplied,
    Merged,
    Overdue,
    ProgressReported,
    Rated,
    Recategorised,
    Received,
    Released,
    Relocated,
    Reminded,
    Reopened,
    ReopenRefused,
    ReopenRequested,
    Responded,
    Resumed,
    ReturnGranted,
    ReturnRefused,
    ReturnRequested,
    ReviewFailed,
    ReviewPassed,
    SelfClosed,
    SplitOff,
    SuspensionGranted,
    SuspensionRefused,
    SuspensionRequested,
    Transferred,
    UrgeAnswered,
    Urged,
    UrgeOverdue,
    VoidProposed,
)
from models.words import Stage
from rules import clocks

Changes = dict[str, Any]


class GapInFacts(ValueError):
    """A fact does not follow the one before it: the record is damaged, and nothing may build on it."""


def evolve(case: Case | None, fact: Fact) -> Case:
    """The case after `fact`.

    Raises GapInFacts when the fact's number is not the next one.
    """
    expected = 1 if case is None else case.seq + 1
    if fact.seq != expected:
        raise GapInFacts(f"fact {fact.seq} came where {expected} was due")
    if case is None:
        if not isinstance(fact.body, Received):
            raise GapInFacts(f"a case begins with received, not {fact.body.kind}")
        return _first(fact, fact.body)
    return case.model_copy(update={"seq": fact.seq, "updated_at": fact.at, **_change(fact.body, case, fact)})


def fold(facts: Iterable[Fact], case: Case | None = None) -> Case | None:
    """The case after all of `facts`, going on from `case`."""
    for fact in facts:
        case = evolve(case, fact)
    return case


def _first(fact: Fact, body: Received) -> Case:
    assert fact.actor.person is not None, "every report has somebody who sent it"
    return Case(
        report_id=body.report_id,
        case_no=body.case_no,
        seq=fact.seq,
        stage=Stage.RECEIVE,
        category=body.category,
        severity=body.severity,
        source=body.source,
        title=body.title,
        grid=body.grid,
        grid_path=body.grid_path,
        level=body.level,
        policy_version=body.policy_version,
        reported_by=fact.actor.person,
        reporter_ref=body.reporter_ref,
        occurred_at=body.occurred_at,
        reported_at=body.reported_at,
        received_at=fact.at,
        updated_at=fact.at,
        owner=body.owner,
        desk=body.desk,
        suggested_host=body.suggested_host,
        clock=clocks.begun(body.due, 1),
        attachments=body.attachments,
    )


def _enter(case: Case, stage: Stage, due: Due, fact: Fact, round_: int | None = None) -> Changes:
    """A stage begins: the old clock ends, the new one runs, and what was pending in the old one lapses."""
    return {
        "stage": stage,
        "round": round_ or case.round,
        "clock": clocks.begun(due, round_ or case.round),
        "past_clocks": _past(case, fact),
        **_NOTHING_PENDING,
    }


_NOTHING_PENDING: Changes = {
    "info_request": None,
    "return_request": None,
    "extension_request": None,
    "suspension_request": None,
    "suspended_until": None,
    "remind_at": None,
    "acknowledged_by": None,
}


def _past(case: Case, fact: Fact) -> tuple[Clock, ...]:
    return case.past_clocks if case.clock is None else (*case.past_clocks, clocks.ended(case.clock, fact.at))


def _with(known: tuple[Any, ...], *more: Any) -> tuple[Any, ...]:
    """`known` and what of `more` is new, in order."""
    return tuple(dict.fromkeys((*known, *more)))


def _request(fact: Fact, **fields: Any) -> Request:
    assert fact.actor.person is not None, "requests come from people"
    return Request(by=fact.actor.person, at=fact.at, **fields)


@singledispatch
def _change(body: Frozen, case: Case, fact: Fact) -> Changes:
    raise TypeError(f"no rule says what {type(body).__name__} changes")


@_change.register
def _(body: Accepted, case: Case, fact: Fact) -> Changes:
    return {**_enter(case, Stage.DISPATCH, body.due, fact), "owner": body.owner, "accepted_at": fact.at}


@_change.register
def _(body: InfoRequested, case: Case, fact: Fact) -> Changes:
    assert case.clock is not None
    return {
        "clock": clocks.stopped(case.clock, fact.at),
        "info_request": _request(fact, until=body.answer_by),
    }


@_change.register
def _(body: InfoSupplied, case: Case, fact: Fact) -> Changes:
    assert case.clock is not None
    return {
        "clock": clocks.resumed(case.clock, body.since, body.due_at),
        "info_request": None,
        "attachments": _with(case.attachments, *body.attachments),
    }


@_change.register
def _(body: SelfClosed, case: Case, fact: Fact) -> Changes:
    return {
        **_enter(case, Stage.REVIEW, body.due, fact),
        "owner": body.owner,
        "completed_at": fact.at,
        "handled_by": _with(case.handled_by, fact.actor.person),
        "attachments": _with(case.attachments, *body.evidence),
    }


@_change.register
def _(body: Dispatched, case: Case, fact: Fact) -> Changes:
    return {
        **_enter(case, Stage.HANDLE, body.due, fact),
        "owner": body.owner,
        "host": body.host,
        "co_handlers": tuple(CoHandler(department=d) for d in body.co_handlers),
        "departments": _with(case.departments, body.host, *body.co_handlers),
        "claimed_by": None,
        "extensions_granted": 0,
    }


@_change.register
def _(body: Claimed, case: Case, fact: Fact) -> Changes:
    return {
        "owner": body.owner,
        "claimed_by": fact.actor.person,
        "handled_by": _with(case.handled_by, fact.actor.person),
    }


@_change.register
def _(body: Released, case: Case, fact: Fact) -> Changes:
    return {"owner": body.owner, "claimed_by": None}


@_change.register
def _(body: Transferred, case: Case, fact: Fact) -> Changes:
    handlers = (body.to_person,) if body.to_person else ()
    return {
        "owner": body.owner,
        "host": body.to_department,
        "co_handlers": tuple(c for c in case.co_handlers if c.department != body.to_department),
        "departments": _with(case.departments, body.to_department),
        "claimed_by": body.to_person,
        "handled_by": _with(case.handled_by, *handlers),
        "return_request": None,
    }


@_change.register
def _(body: ProgressReported, case: Case, fact: Fact) -> Changes:
    return {
        "co_handlers": tuple(
            c.model_copy(update={"reported_at": fact.at}) if c.department == body.reports_for else c
            for c in case.co_handlers
        ),
        "handled_by": _with(case.handled_by, fact.actor.person),
        "attachments": _with(case.attachments, *body.attachments),
    }


@_change.register
def _(body: Completed, case: Case, fact: Fact) -> Changes:
    return {
        **_enter(case, Stage.REVIEW, body.due, fact),
        "owner": body.owner,
        "completed_at": fact.at,
        "aborted": False,
        "handled_by": _with(case.handled_by, fact.actor.person),
        "attachments": _with(case.attachments, *body.evidence),
    }


@_change.register
def _(body: Aborted, case: Case, fact: Fact) -> Changes:
    return {
        **_enter(case, Stage.REVIEW, body.due, fact),
        "owner": body.owner,
        "completed_at": fact.at,
        "aborted": True,
        "handled_by": _with(case.handled_by, fact.actor.person),
    }


@_change.register
def _(body: ReviewPassed, case: Case, fact: Fact) -> Changes:
    return {"attachments": _with(case.attachments, *body.evidence)}


@_change.register
def _(body: ReviewFailed, case: Case, fact: Fact) -> Changes:
    return {
        **_enter(case, body.to_stage, body.due, fact, case.round + 1),
        "owner": body.owner,
        "claimed_by": None,
        "completed_at": None,
        "aborted": False,
        "returns_settled": (),
        "extensions_granted": 0,
        "attachments": _with(case.attachments, *body.evidence),
    }


@_change.register
def _(body: Closed, case: Case, fact: Fact) -> Changes:
    return {
        **_NOTHING_PENDING,
        "stage": Stage.CLOSED,
        "outcome": body.outcome,
        "owner": None,
        "clock": None,
        "past_clocks": _past(case, fact),
        "closed_at": fact.at,
        "archive_at": body.archive_at,
        "void_proposed_by": None,
        "urges": tuple(u for u in case.urges if u.answered_at is not None),
    }


@_change.register
def _(body: Archived, case: Case, fact: Fact) -> Changes:
    return {"archived_at": fact.at, "remind_at": None}


@_change.register
def _(body: ReturnRequested, case: Case, fact: Fact) -> Changes:
    return {"return_request": _request(fact, department=body.department)}


@_change.register
def _(body: ReturnGranted, case: Case, fact: Fact) -> Changes:
    return {
        **_enter(case, Stage.DISPATCH, body.due, fact),
        "owner": body.owner,
        "host": None,
        "co_handlers": (),
        "claimed_by": None,
    }


@_change.register
def _(body: ReturnRefused, case: Case, fact: Fact) -> Changes:
    return {"return_request": None, "returns_settled": _with(case.returns_settled, body.department)}


@_change.register
def _(body: ExtensionRequested, case: Case, fact: Fact) -> Changes:
    return {"extension_request": _request(fact, until=body.until)}


@_change.register
def _(body: ExtensionGranted, case: Case, fact: Fact) -> Changes:
    assert case.clock is not None
    extended = case.clock.extended + body.extended
    return {
        "extension_request": None,
        "extensions_granted": case.extensions_granted + 1,
        "clock": case.clock.model_copy(update={"extended": extended, "due_at": body.due_at}),
    }


@_change.register
def _(body: ExtensionRefused, case: Case, fact: Fact) -> Changes:
    return {"extension_request": None}


@_change.register
def _(body: SuspensionRequested, case: Case, fact: Fact) -> Changes:
    return {"suspension_request": _request(fact, until=body.until)}


@_change.register
def _(body: SuspensionGranted, case: Case, fact: Fact) -> Changes:
    assert case.clock is not None
    return {
        "suspension_request": None,
        "suspended_until": body.until,
        "clock": clocks.stopped(case.clock, fact.at),
    }


@_change.register
def _(body: SuspensionRefused, case: Case, fact: Fact) -> Changes:
    return {"suspension_request": None}


@_change.register
def _(body: Resumed, case: Case, fact: Fact) -> Changes:
    assert case.clock is not None
    return {"suspended_until": None, "clock": clocks.resumed(case.clock, body.since, body.due_at)}


@_change.register
def _(body: VoidProposed, case: Case, fact: Fact) -> Changes:
    return {"void_proposed_by": fact.actor.person}


@_change.register
def _(body: Rated, case: Case, fact: Fact) -> Changes:
    return {"rating": body.score}


@_change.register
def _(body: ReopenRequested, case: Case, fact: Fact) -> Changes:
    return {"reopen_request": _request(fact), "remind_at": body.remind_at}


@_change.register
def _(body: Reopened, case: Case, fact: Fact) -> Changes:
    return {
        **_enter(case, body.to_stage, body.due, fact, case.round + 1),
        "owner": body.owner,
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


@_change.register
def _(body: ReopenRefused, case: Case, fact: Fact) -> Changes:
    return {"reopen_request": None, "remind_at": None if case.appeal is None else case.remind_at}


@_change.register
def _(body: Appealed, case: Case, fact: Fact) -> Changes:
    return {
        "appeal": _request(fact),
        "appealed": True,
        "remind_at": body.remind_at,
        "attachments": _with(case.attachments, *body.attachments),
    }


@_change.register
def _(body: AppealDecided, case: Case, fact: Fact) -> Changes:
    still = None if case.reopen_request is None else case.remind_at
    return {"appeal": None, "exempt": body.upheld, "remind_at": still}


@_change.register
def _(body: Commented, case: Case, fact: Fact) -> Changes:
    return {}


@_change.register
def _(body: Attached, case: Case, fact: Fact) -> Changes:
    return {"attachments": _with(case.attachments, *body.attachments)}


@_change.register
def _(body: Acknowledged, case: Case, fact: Fact) -> Changes:
    return {"acknowledged_by": fact.actor.person}


@_change.register
def _(body: Escalated, case: Case, fact: Fact) -> Changes:
    return {"level": body.to_level, "owner": body.owner or case.owner}


@_change.register
def _(body: Urged, case: Case, fact: Fact) -> Changes:
    assert fact.actor.person is not None
    order = UrgeOrder(
        number=body.number,
        kind=body.urge_kind,
        by=fact.actor.person,
        urged_at=fact.at,
        reply_by=body.reply_by,
    )
    return {"urges": (*case.urges, order)}


@_change.register
def _(body: UrgeAnswered, case: Case, fact: Fact) -> Changes:
    return {"urges": _urge(case, body.number, answered_at=fact.at)}


@_change.register
def _(body: UrgeOverdue, case: Case, fact: Fact) -> Changes:
    return {"urges": _urge(case, body.number, overdue_at=fact.at)}


def _urge(case: Case, number: int, **changes: Any) -> tuple[UrgeOrder, ...]:
    return tuple(u.model_copy(update=changes) if u.number == number else u for u in case.urges)


@_change.register
def _(body: Recategorised, case: Case, fact: Fact) -> Changes:
    changes: Changes = {
        "category": body.category,
        "severity": body.severity,
        "suggested_host": body.suggested_host,
    }
    if case.clock is not None and body.limit is not None:
        changes["clock"] = case.clock.model_copy(
            update={"limit": body.limit, "source": body.source, "due_at": body.due_at}
        )
    return changes


@_change.register
def _(body: Relocated, case: Case, fact: Fact) -> Changes:
    return {
        "grid": body.grid,
        "grid_path": body.grid_path,
        "owner": body.owner or case.owner,
        "desk": body.desk,
        "suggested_host": body.suggested_host,
    }


@_change.register
def _(body: Merged, case: Case, fact: Fact) -> Changes:
    errand = Errand(id=f"absorb:{fact.seq}", lead=body.lead)
    return {"merged_into": body.into, "errands": (*case.errands, errand)}


@_change.register
def _(body: Absorbed, case: Case, fact: Fact) -> Changes:
    return {"absorbed": _with(case.absorbed, body.case_no)}


@_change.register
def _(body: SplitOff, case: Case, fact: Fact) -> Changes:
    errands = tuple(Errand(id=f"split:{fact.seq}:{n}", part=part) for n, part in enumerate(body.parts, 1))
    return {"errands": (*case.errands, *errands), "parts": case.parts + len(errands)}


@_change.register
def _(body: ErrandSettled, case: Case, fact: Fact) -> Changes:
    return {"errands": tuple(e for e in case.errands if e.id != body.errand)}


@_change.register
def _(body: Convened, case: Case, fact: Fact) -> Changes:
    called = tuple(Summons(department=d, meet_at=body.meet_at) for d in body.departments)
    return {
        "summons": (*case.summons, *called),
        "departments": _with(case.departments, *body.departments),
    }


@_change.register
def _(body: Responded, case: Case, fact: Fact) -> Changes:
    return {
        "summons": tuple(
            s.model_copy(update={"responded_at": fact.at})
            if s.department == body.department and s.responded_at is None
            else s
            for s in case.summons
        )
    }


@_change.register
def _(body: Overdue, case: Case, fact: Fact) -> Changes:
    assert case.clock is not None
    return {
        "clock": case.clock.model_copy(update={"overdue_at": fact.at}),
        "remind_at": body.remind_at,
    }


@_change.register
def _(body: Reminded, case: Case, fact: Fact) -> Changes:
    return {"remind_at": body.remind_at}
