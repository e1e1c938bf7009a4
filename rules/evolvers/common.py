"""How a fact finds its function, and what several of these need."""

from collections.abc import Iterable
from functools import singledispatch
from typing import Any

from models.base import Frozen
from models.case import Case, Clock, Owner, Request, UrgeOrder
from models.enums import Level, OwnerKind, Stage
from models.facts import Due, Fact, InfoSupplied, Resumed, Retimed
from rules.deadlines import clocks

Changes = dict[str, Any]

NOTHING_PENDING: Changes = {
    "info_request": None,
    "return_request": None,
    "extension_request": None,
    "suspension_request": None,
    "suspended_until": None,
    "remind_at": None,
    "acknowledged_by": None,
    "acknowledged_until": None,
}


@singledispatch
def change(body: Frozen, case: Case, fact: Fact) -> Changes:
    """The fields of `case` that the fact with this body changes, with their new values."""
    raise TypeError(f"no rule says what {type(body).__name__} changes")


def enter(case: Case, stage: Stage, owner: Owner, due: Due, fact: Fact, round_: int | None = None) -> Changes:
    """A stage begins: the old clock ends, the new one runs, and what was pending in the old one lapses.

    The ladder begins anew at the level of whoever owns the stage.
    """
    return {
        "stage": stage,
        "owner": owner,
        "level": level_of(owner, case.grid_path),
        "round": round_ or case.round,
        "clock": clocks.begun(due, round_ or case.round),
        "past_clocks": past(case, fact),
        **NOTHING_PENDING,
    }


def level_of(owner: Owner, grid_path: tuple[str, ...]) -> Level:
    """Where a case that `owner` answers for stands: a unit at its own level, a department down at the case's place.

    A person is the fallback owner, for whom nobody stands higher.
    """
    if owner.kind is OwnerKind.UNIT and owner.id in grid_path:
        return Level(grid_path.index(owner.id) + 1)
    return Level.PARK if owner.kind is OwnerKind.PERSON else Level(len(grid_path))


def goes_on(case: Case, body: Resumed | InfoSupplied) -> Changes:
    """What was stopped runs again: the stage's clock, and that of the whole case with it."""
    assert case.clock is not None
    changes: Changes = {"clock": clocks.resumed(case.clock, body.since, body.due_at, body.plan)}
    if case.whole is not None and body.whole_due_at is not None:
        changes["whole"] = clocks.resumed(case.whole, body.since, body.whole_due_at, body.whole_plan)
    return changes


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


def counted_anew(case: Case, found: Iterable[Retimed], fact: Fact, whole: Due | None = None) -> Changes:
    """The clocks that the fact counts anew; `whole`: the one that it starts for the whole case."""
    changes: Changes = {} if whole is None else {"whole": clocks.begun_late(whole, case)}
    for new in found:
        name, clock = ("whole", case.whole) if new.stage is None else ("clock", case.clock)
        assert clock is not None
        changes[name] = clocks.counted_anew(clock, new, fact.at)
    return changes


def with_urge(case: Case, number: int, **changes: Any) -> tuple[UrgeOrder, ...]:
    """The case's urge orders, the one of that number changed."""
    return tuple(u.model_copy(update=changes) if u.number == number else u for u in case.urges)
