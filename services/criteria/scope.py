"""The scope rule in SQL: the twin of `rules.scope.may_see`, used by every list, get, count, search and export."""

from datetime import date
from functools import lru_cache

from sqlalchemy import ColumnElement, ScalarSelect, and_, false, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from models.context import Grant, Person
from models.enums import OwnerKind
from models.tables import CASES, GRID_UNITS
from models.wire_names import PUBLIC
from rules.scope import DEPARTMENT_ROLES, TERRITORIAL_ROLES, in_force

#: To put a condition together takes longer than to ask it; those of so many people (and their tabs) are kept.
KEPT = 1024


@lru_cache(maxsize=KEPT)
def visible(person: Person, day: date) -> ColumnElement[bool]:
    """The condition under which a row of `cases` may be known to `person` on `day`."""
    if not person.active:
        return false()
    ways: list[ColumnElement[bool]] = [
        CASES.c.reported_by == person.id,
        and_(CASES.c.owner_kind == OwnerKind.PERSON, CASES.c.owner_id == str(person.id)),
    ]
    if person.id == PUBLIC:
        ways.append(CASES.c.reporter_ref.is_not(None))
    for grant in in_force(person, day):
        if grant.role in TERRITORIAL_ROLES:
            ways.append(within(grant.grid))
        elif grant.role in DEPARTMENT_ROLES and grant.department is not None:
            ways.append(and_(_has_part(grant), within(grant.grid)))
    return or_(*ways)


def within(grid: str | None) -> ColumnElement[bool]:
    """The condition that a case lies in the subtree of `grid`; no grid means anywhere."""
    return true() if grid is None else CASES.c.grid_path.bool_op("<@")(_path_of(grid))


def lies_within(grid: str | None) -> ColumnElement[bool]:
    """`within`, for cases that are found by something narrower: checked on each, never looked up by place.

    PostgreSQL takes any subtree to hold one case in a hundred, and would begin with all cases of a park.
    """
    return true() if grid is None else func.subpath(CASES.c.grid_path, 0).bool_op("<@")(_path_of(grid))


def _path_of(grid: str) -> ScalarSelect[str]:
    return select(GRID_UNITS.c.path).where(GRID_UNITS.c.code == grid).scalar_subquery()


def _has_part(grant: Grant) -> ColumnElement[bool]:
    return CASES.c.departments.bool_op("@>")(literal([grant.department], ARRAY(Text)))
