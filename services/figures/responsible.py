"""The person responsible for a case where people are ranked: who completed its handling, else its claimant.

Only leaders see figures of people: a department's head for the cases it hosts, a unit's supervisor for those within.
"""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Uuid, and_, cast, false, func, or_, select

from infra.store.criteria.scope import within
from models.context import Person
from models.enums import Role
from models.tables import CASES, FACTS
from rules.scope import in_force


def handler_of_case() -> ColumnElement[Any]:
    """The id of the responsible person; null for a case that nobody has claimed or completed."""
    f = FACTS.c
    completed = and_(f.report_id == CASES.c.report_id, f.at == CASES.c.handled_at, f.kind.in_(("completed", "aborted")))
    completer = select(f.actor).where(completed).order_by(f.seq.desc()).limit(1).scalar_subquery()
    return func.coalesce(completer, cast(CASES.c.state["claimed_by"].astext, Uuid))


def leads(person: Person, day: date) -> bool:
    """Return whether the person leads anybody."""
    return any(grant.role in (Role.SUPERVISOR, Role.DEPARTMENT_HEAD) for grant in in_force(person, day))


def led_by(person: Person, day: date) -> ColumnElement[bool]:
    """The condition of the cases whose people `person` leads."""
    alternatives: list[ColumnElement[bool]] = [false()]
    for grant in in_force(person, day):
        if grant.role is Role.SUPERVISOR:
            alternatives.append(within(grant.grid))
        elif grant.role is Role.DEPARTMENT_HEAD and grant.department is not None:
            alternatives.append(and_(CASES.c.host == grant.department, within(grant.grid)))
    return or_(*alternatives)
