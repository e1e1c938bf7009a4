"""The scope rule in SQL: the same as `rules.scope.may_see`, used by every list, get, count, search and export."""

from datetime import date
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, false, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from infra.store.criteria.conflicts import conflicted_cases
from models.context import Person
from models.enums import OwnerKind
from models.tables import CASES, GRID_UNITS, TASKS, ZONES
from models.wire_names import PUBLIC
from rules.scope import DEPARTMENT_ROLES, TERRITORIAL_ROLES, in_force
from rules.tasks import DECISIONS

#: How many conditions are cached: building one takes longer than running it. Enough for as many people (and tabs).
CACHE_SIZE = 1024


@lru_cache(maxsize=CACHE_SIZE)
def visible(person: Person, day: date) -> ColumnElement[bool]:
    """The condition under which `person` may see a row of `cases` on `day`."""
    if not person.active:
        return false()
    alternatives: list[ColumnElement[bool]] = [
        CASES.c.reported_by == person.id,
        and_(
            # A closed case has no owner; of NULL AND NULL AND …, PostgreSQL computes the rest too, from the state.
            CASES.c.owner_id.is_not(None),
            CASES.c.owner_kind == OwnerKind.PERSON,
            CASES.c.owner_id == str(person.id),
            _claim_holds(person, day),
        ),
        CASES.c.report_id.in_(_to_decide(person)),
    ]
    if person.id == PUBLIC:
        alternatives.append(CASES.c.reporter_ref.is_not(None))
    for grant in in_force(person, day):
        if grant.role in TERRITORIAL_ROLES:
            alternatives.append(within(grant.grid))
        elif grant.role in DEPARTMENT_ROLES and grant.department is not None:
            alternatives.append(and_(_involves_department(grant.department), within(grant.grid)))
    if person.speaks_for is not None:
        alternatives.append(_involves_department(person.speaks_for))
    aside = conflicted_cases(person, day)
    return or_(*alternatives) if aside is None else and_(or_(*alternatives), CASES.c.report_id.not_in(aside))


def _claim_holds(person: Person, day: date) -> ColumnElement[bool]:
    """A claim ends with the role that it rests on; what somebody owns without a claim is theirs by name."""
    roles = [grant for grant in in_force(person, day) if grant.role in DEPARTMENT_ROLES and grant.department]
    held = [and_(CASES.c.host == grant.department, within(grant.grid)) for grant in roles]
    claimed = CASES.c.state["claimed_by"].astext
    return or_(claimed.is_(None), claimed != str(person.id), *held)


def _to_decide(person: Person) -> Select[UUID]:
    """The cases on which a decision fell to the person by name: to the fallback owner, where no desk is staffed."""
    mine = and_(TASKS.c.assignee_kind == OwnerKind.PERSON, TASKS.c.assignee_id == str(person.id))
    return select(TASKS.c.report_id).where(mine, TASKS.c.kind.in_(DECISIONS))


def within(grid: str | None) -> ColumnElement[bool]:
    """The condition that a case lies in the subtree of `grid`; None means anywhere."""
    return true() if grid is None else CASES.c.grid_path.bool_op("<@")(_path_of(grid))


def within_zone(zone: str) -> ColumnElement[bool]:
    """The condition that a case lies in the subtree of a unit of that zone; of an unknown one nothing does."""
    units = select(func.unnest(ZONES.c.units)).where(ZONES.c.code == zone).scalar_subquery()
    path = GRID_UNITS.alias("zone_units")
    return exists().where(path.c.code.in_(units), CASES.c.grid_path.bool_op("<@")(path.c.path))


def within_unindexed(grid: str | None) -> ColumnElement[bool]:
    """The same as `within`, for cases found by a narrower condition: checked on each, without the index on places.

    PostgreSQL estimates any subtree to hold one case in a hundred, and would start with all cases of a park.
    """
    return true() if grid is None else func.subpath(CASES.c.grid_path, 0).bool_op("<@")(_path_of(grid))


def _path_of(grid: str) -> ScalarSelect[str]:
    return select(GRID_UNITS.c.path).where(GRID_UNITS.c.code == grid).scalar_subquery()


def _involves_department(department: str) -> ColumnElement[bool]:
    return CASES.c.departments.bool_op("@>")(literal([department], ARRAY(Text)))
