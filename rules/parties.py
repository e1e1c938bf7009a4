"""The departments that have a case in hand, and those that it has left."""

from models.case import Case
from models.enums import Stage


def parties(case: Case | None) -> frozenset[str]:
    """The departments that handle the case now: its host and its co-handlers; none outside the stage of handling."""
    if case is None or case.stage is not Stage.HANDLE:
        return frozenset()
    return frozenset(name for name in (case.host, *(c.department for c in case.co_handlers)) if name is not None)


def come(before: Case | None, after: Case) -> frozenset[str]:
    """The departments that the case has come to between the two states; in a new round it comes to each anew."""
    known = parties(before) if before is not None and before.round == after.round else frozenset()
    return parties(after) - known


def left(before: Case | None, after: Case) -> frozenset[str]:
    """The departments that had the case in hand in the earlier state and have not, in this round, in the later one."""
    if before is None:
        return frozenset()
    return parties(before) - (parties(after) if before.round == after.round else frozenset())
