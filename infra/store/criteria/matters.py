"""Who sees which matters, in SQL: the same as `rules.matters.standing.parts`, used by every list, get and count."""

from datetime import date

from sqlalchemy import ColumnElement, and_, false, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text, Uuid

from infra.store.criteria.conflicts import conflicted_cases
from models.context import Person
from models.matters.base import MatterKind
from models.tables import CASES, GRID_UNITS, MATTERS
from rules.matters.kind import TERRITORIAL_PARTS, MatterRules
from rules.matters.standing import STAFF_ROLES
from rules.scope import DEPARTMENT_ROLES, in_force


def visible_matters(person: Person, rules: MatterRules, day: date) -> ColumnElement[bool]:
    """The condition under which `person` may see a row of `matters` of that kind on `day`."""
    of_kind = and_(MATTERS.c.kind == rules.kind, without_conflict_of_case(person, day))
    if not person.active:
        return and_(of_kind, false())
    grants = in_force(person, day)
    if rules.open_to_staff and any(grant.role in STAFF_ROLES for grant in grants):
        return of_kind
    named = [person.id, *(stand_in.person for stand_in in person.stands_in if stand_in.on(day))]
    alternatives: list[ColumnElement[bool]] = [MATTERS.c.people.bool_op("&&")(literal(named, ARRAY(Uuid)))]
    for grant in grants:
        if grant.role in TERRITORIAL_PARTS:
            alternatives.append(matters_within(grant.grid))
        elif grant.role in DEPARTMENT_ROLES and grant.department is not None:
            alternatives.append(MATTERS.c.department == grant.department)
            alternatives.append(MATTERS.c.departments.bool_op("@>")(literal([grant.department], ARRAY(Text))))
    return and_(of_kind, or_(*alternatives))


def without_conflict_of_case(person: Person, day: date) -> ColumnElement[bool]:
    """The condition that a matter is not about a case from which the person has to step aside: a run of an emergency
    plan carries its case's number and title."""
    conflicted = conflicted_cases(person, day)
    if conflicted is None:
        return true()
    numbers = select(CASES.c.case_no).where(CASES.c.report_id.in_(conflicted))
    return or_(MATTERS.c.kind != MatterKind.EMERGENCY, MATTERS.c.state["case_no"].astext.not_in(numbers))


def matters_within(grid: str | None) -> ColumnElement[bool]:
    """The condition that a matter lies in the subtree of `grid`; None means anywhere."""
    if grid is None:
        return true()
    path = select(GRID_UNITS.c.path).where(GRID_UNITS.c.code == grid).scalar_subquery()
    return MATTERS.c.grid_path.bool_op("<@")(path)
