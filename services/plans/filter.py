"""The filter of a list of duties, and its conditions on the table `duties`."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, select

from infra.store.criteria.duties import duties_of_days, duties_within, own_duties
from models.base import Code, Frozen, Line
from models.context import Person
from models.matters.base import MatterKind
from models.matters.plan import DutyStatus, PlanWork
from models.tables import DUTIES, MATTERS
from models.text import clean_search
from services.criteria.hidden_numbers import without_numbers


class DutyFilter(Frozen):
    """What a list is narrowed to. `mine`: those that the caller is to do; `grid` means the whole subtree.

    `since` and `until` are days, both inclusive; `open`: those that may be done by now and are not done.
    """

    mine: bool = False
    open: bool = False
    q: Annotated[Line, StringConstraints(max_length=100)] | None = None
    status: tuple[DutyStatus, ...] = ()
    work: PlanWork | None = None
    plan: Code | None = None
    grid: Code | None = None
    enterprise: Code | None = None
    since: date | None = None
    until: date | None = None
    sort: Literal["due_at", "-due_at"] = "due_at"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str | None = None


def duty_conditions(wanted: DutyFilter, person: Person, day: date, now: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions of the filter."""
    c = DUTIES.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.mine:
        conditions.append(own_duties(person, day))
    if wanted.open:
        conditions += [c.status.in_([DutyStatus.DUE, DutyStatus.MISSED]), c.opens_at <= now]
    if wanted.q:
        conditions.append(without_numbers(c.name).icontains(clean_search(wanted.q), autoescape=True))
    if wanted.status:
        conditions.append(c.status.in_(wanted.status))
    equal = {"work": wanted.work, "enterprise": wanted.enterprise}
    conditions += [c[name] == value for name, value in equal.items() if value is not None]
    if wanted.plan is not None:
        id_ = select(MATTERS.c.id).where(MATTERS.c.kind == MatterKind.PLAN, MATTERS.c.code == wanted.plan)
        conditions.append(c.plan == id_.scalar_subquery())
    if wanted.grid is not None:
        conditions.append(duties_within(wanted.grid))
    return [*conditions, duties_of_days(wanted.since, wanted.until)]
