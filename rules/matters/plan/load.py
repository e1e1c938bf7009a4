"""The load of plans: how many duties they ask of each person on each day.

Where several people hold the role at a place, each carries a part of its duties: one of two carries half a duty.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from models.errors import DomainError, UnknownChecklist
from models.matters.plan import PlanTerms
from models.policy.park import ParkPolicy
from rules.matters.plan.evolving import keys_of
from rules.matters.plan.occurrences import Surroundings, occurrences

#: Who carries a load: a person, a department by its code, or nobody (None).
Bearer = UUID | str | None
#: How far back a rhythm is followed for what falls due in the period.
_BACK = timedelta(days=400)


@dataclass(frozen=True)
class LoadedPlan:
    """A plan whose load is counted; `people` by the code of a unit: who would do the duties there."""

    code: str
    name: str
    terms: PlanTerms
    keys: tuple[str, ...]
    people: Mapping[str, tuple[UUID, ...]]


@dataclass
class Load:
    """Duties by bearer and day, how many in all, and the plans that can't bring any under these rules, with why."""

    by_bearer: dict[Bearer, dict[date, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    duties: int = 0
    broken: list[tuple[LoadedPlan, DomainError]] = field(default_factory=list)


def count_load(plans: Iterable[LoadedPlan], around: Surroundings, park: ParkPolicy, first: date, days: int) -> Load:
    """Count the duties that fall due in `days` days from `first` on."""
    load = Load()
    last = first + timedelta(days=days - 1)
    for plan in plans:
        try:
            if plan.terms.checklist is not None and park.checklist(plan.terms.checklist) is None:
                raise UnknownChecklist(checklist=plan.terms.checklist, known=", ".join(c.code for c in park.checklists))
            found = occurrences(plan.terms, plan.keys, around, first - _BACK, last)
        except DomainError as error:
            load.broken.append((plan, error))
            continue
        where = dict(zip(plan.keys, plan.terms.places, strict=True))
        for batch in (one.batch for one in found if first <= one.batch.day <= last):
            for key in keys_of(plan.keys, batch):
                _carry(load, plan, plan.people.get(where[key].grid, ()), batch.day)
    return load


def _carry(load: Load, plan: LoadedPlan, people: tuple[UUID, ...], day: date) -> None:
    load.duties += 1
    bearers: tuple[Bearer, ...] = people or (plan.terms.workers.department,)
    for bearer in bearers:
        load.by_bearer[bearer][day] += 1 / len(bearers)
