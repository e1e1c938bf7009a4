"""How a fact finds its function, and what several of these need."""

from functools import singledispatch
from typing import Any

from models.base import Frozen
from models.case import Case, Clock, Request
from models.facts import Due, Fact
from models.words import Stage
from rules import clocks

Changes = dict[str, Any]

NOTHING_PENDING: Changes = {
    "info_request": None,
    "return_request": None,
    "extension_request": None,
    "suspension_request": None,
    "suspended_until": None,
    "remind_at": None,
    "acknowledged_by": None,
}


@singledispatch
def change(body: Frozen, case: Case, fact: Fact) -> Changes:
    """The fields of `case` that the fact with this body changes, with their new values."""
    raise TypeError(f"no rule says what {type(body).__name__} changes")


def enter(case: Case, stage: Stage, due: Due, fact: Fact, round_: int | None = None) -> Changes:
    """A stage begins: the old clock ends, the new one runs, and what was pending in the old one lapses."""
    return {
        "stage": stage,
        "round": round_ or case.round,
        "clock": clocks.begun(due, round_ or case.round),
        "past_clocks": past(case, fact),
        **NOTHING_PENDING,
    }


def past(case: Case, fact: Fact) -> tuple[Clock, ...]:
    """The clocks that are over once this fact ends the running one."""
    return case.past_clocks if case.clock is None else (*case.past_clocks, clocks.ended(case.clock, fact.at))


def with_new(known: tuple[Any, ...], *more: Any) -> tuple[Any, ...]:
    """`known` and what of `more` is new, in order."""
    return tuple(dict.fromkeys((*known, *more)))


def request(fact: Fact, **fields: Any) -> Request:
    """What the fact's actor asks for."""
    assert fact.actor.person is not None, "requests come from people"
    return Request(by=fact.actor.person, at=fact.at, **fields)
