"""The dispatch from a fact to its function, and what several of these functions need."""

from collections.abc import Iterable
from datetime import timedelta
from functools import singledispatch
from typing import Any

from models.base import Frozen
from models.case import Case, Clock, Owner, Request, Round, UrgeOrder
from models.enums import Stage
from models.facts import Due, Fact, InfoSupplied, Resumed, Retimed
from rules.deadlines import clocks
from rules.levels import level_of
from rules.requests import REQUEST_FIELDS, pending_requests

Changes = dict[str, Any]

NOTHING_PENDING: Changes = {
    "info_request": None,
    "return_request": None,
    "extension_request": None,
    "suspension_request": None,
    "verification_request": None,
    "transfer_request": None,
    "suspended_until": None,
    "remind_at": None,
    "acknowledged_by": None,
    "acknowledged_until": None,
    "noted_for": None,
    "reviewer": None,
}
#: The host's own requests: they end when another department becomes the host.
HOST_REQUESTS: Changes = dict.fromkeys(
    ("return_request", "transfer_request", "extension_request", "suspension_request")
)
#: The fields that a new round resets; `Case.rounds` keeps the values of the last one.
NEW_ROUND: Changes = {
    "claimed_by": None,
    "completed_at": None,
    "aborted": False,
    "self_closed": False,
    "summons": (),
    "returns_settled": (),
    "transfers_refused": (),
    "extensions_granted": 0,
    "suspensions_granted": 0,
    "suspended_for": timedelta(),
    "info_requests": 0,
    "transfers": 0,
}


@singledispatch
def change(body: Frozen, case: Case, fact: Fact) -> Changes:
    """The fields of `case` that the fact with this body changes, with their new values."""
    raise TypeError(f"no rule says what {type(body).__name__} changes")


def enter_stage(case: Case, stage: Stage, owner: Owner, due: Due, fact: Fact, round_: int | None = None) -> Changes:
    """The changes when a stage begins: its clock starts, the old one ends, and pending requests of the old stage end.

    The ladder starts again at the level of the stage's owner.
    """
    return {
        "stage": stage,
        "owner": owner,
        "level": level_of(owner, case.grid_path),
        "round": round_ or case.round,
        "clock": clocks.started(due, round_ or case.round),
        "past_clocks": ended_clocks(case, fact),
        **NOTHING_PENDING,
    }


def resume_clocks(case: Case, body: Resumed | InfoSupplied) -> Changes:
    """The changes when stopped clocks resume: that of the stage, and that of the whole case with it."""
    changes: Changes = {}
    if case.clock is not None and body.due_at is not None:
        changes["clock"] = clocks.resumed(case.clock, body.since, body.due_at, body.plan)
    if case.whole is not None and body.whole_due_at is not None:
        changes["whole"] = clocks.resumed(case.whole, body.since, body.whole_due_at, body.whole_plan)
    return changes


def next_round(case: Case, fact: Fact) -> Changes:
    """The changes when a round ends: its record in `Case.rounds`, and the reset fields of the new round."""
    ended = Round(
        number=case.round,
        ended_at=fact.at,
        outcome=case.outcome,
        hosts=case.hosts,
        co_handlers=case.co_handlers,
        summons=case.summons,
        extensions_granted=case.extensions_granted,
        suspensions_granted=case.suspensions_granted,
        info_requests=case.info_requests,
        transfers=case.transfers,
        rating=case.rating,
    )
    return {**NEW_ROUND, "rounds": (*case.rounds, ended)}


def ended_clocks(case: Case, fact: Fact) -> tuple[Clock, ...]:
    """The ended clocks, after this fact has ended the running one."""
    return case.past_clocks if case.clock is None else (*case.past_clocks, clocks.ended(case.clock, fact.at))


def with_added(known: tuple[Any, ...], *more: Any) -> tuple[Any, ...]:
    """`known` followed by those of `more` that it does not hold yet."""
    return tuple(dict.fromkeys((*known, *more)))


def new_request(fact: Fact, **fields: Any) -> Request:
    """The request that the fact's actor makes."""
    assert fact.actor.person is not None, "requests come from people"
    return Request(by=fact.actor.person, at=fact.at, **fields)


def passed_on(case: Case, decider: Owner | None) -> Changes:
    """The changes when somebody else decides what waits for a supervisor; none with `decider` None."""
    if decider is None:
        return {}
    new = {"decider": decider}
    pending = {REQUEST_FIELDS[kind]: request for kind, request in pending_requests(case).items()}
    changes: Changes = {
        field: request.model_copy(update=new) for field, request in pending.items() if request.decider is not None
    }
    if any(appeal.decider is not None for appeal in case.pending_appeals):
        changes["appeals"] = tuple(
            appeal if appeal.upheld is not None or appeal.decider is None else appeal.model_copy(update=new)
            for appeal in case.appeals
        )
    return changes


def recomputed_clocks(
    case: Case, found: Iterable[Retimed], fact: Fact, whole: Due | None = None, *, whole_ends: bool = False
) -> Changes:
    """The changes when a fact recomputes clocks; `whole`: the clock that it starts for the whole case.

    `whole_ends`: it ends the clock of the whole case.
    """
    changes: Changes = {} if whole is None else {"whole": clocks.started_late(whole, case)}
    if whole_ends and case.whole is not None:
        changes |= {"whole": None, "past_clocks": (*case.past_clocks, clocks.ended(case.whole, fact.at))}
    for new in found:
        name, clock = ("whole", case.whole) if new.stage is None else ("clock", case.clock)
        assert clock is not None
        changes[name] = clocks.recomputed(clock, new, fact.at)
    return changes


def with_urge(case: Case, number: int, **changes: Any) -> tuple[UrgeOrder, ...]:
    """The case's urge orders, with `changes` applied to the one of that number."""
    return tuple(u.model_copy(update=changes) if u.number == number else u for u in case.urges)
