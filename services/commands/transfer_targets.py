"""The colleagues to whom a case may be transferred: who handles cases in one's departments, and their workload."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, any_, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.scope import CACHE_SIZE, visible
from models.base import Frozen
from models.context import Person
from models.enums import OwnerKind, TaskKind
from models.tables import CASES, TASKS, GrantRow, PersonRow
from rules.scope import DEPARTMENT_ROLES, in_force
from services.criteria.conditions import is_overdue

_PEOPLE: Any = PersonRow.__table__  # type: ignore[attr-defined]
_GRANTS: Any = GrantRow.__table__  # type: ignore[attr-defined]
#: The longest list offered; nobody chooses from a longer one.
MAX_COLLEAGUES = 200


class Named(Frozen):
    """A colleague, by name alone."""

    username: str
    name: str


class Colleague(Named):
    """A colleague with their workload.

    `load`: how many open cases they have claimed, of those that the reader may see; `overdue`: how many of these have
    missed a deadline.
    """

    load: int
    overdue: int


async def colleague_names(connection: AsyncConnection, person: Person, now: datetime) -> tuple[Named, ...]:
    """Return who else handles cases in the person's departments, by user name.

    Takes a quarter of the time of `colleagues`.
    """
    day = await local_day(connection, now)
    if not _departments(person, day, None):
        return ()
    rows = await connection.execute(_names_statement(person, day))
    return tuple(Named(username=row.username, name=row.name) for row in rows)


async def colleagues(
    connection: AsyncConnection, person: Person, now: datetime, department: str | None = None
) -> tuple[Colleague, ...]:
    """Return the colleagues with their workload, the least loaded first.

    `department` narrows to one of the person's departments.
    """
    day = await local_day(connection, now)
    departments = _departments(person, day, department)
    if not departments:
        return ()
    rows = await connection.execute(_workloads(person, departments, day, now))
    return tuple(Colleague.model_validate(dict(row._mapping)) for row in rows)


@lru_cache(maxsize=CACHE_SIZE)
def _names_statement(person: Person, day: date) -> Select[str, str]:
    others = _handles_in(person, _departments(person, day, None), day)
    statement = select(_PEOPLE.c.username, _PEOPLE.c.name).where(others).order_by(_PEOPLE.c.username)
    return statement.limit(MAX_COLLEAGUES)


def _departments(person: Person, day: date, only: str | None) -> list[str]:
    mine = {grant.department for grant in in_force(person, day) if grant.role in DEPARTMENT_ROLES and grant.department}
    return sorted(mine if only is None else mine & {only})


def _handles_in(person: Person, departments: list[str], day: date) -> ColumnElement[bool]:
    """Whether a row of `people` is somebody else who handles cases in one of the departments on that day."""
    g = _GRANTS.c
    granted = exists().where(
        g.person == _PEOPLE.c.id,
        g.department.in_(departments),
        g.role.in_(tuple(DEPARTMENT_ROLES)),
        g.since <= day,
        or_(g.until.is_(None), g.until >= day),
    )
    return and_(_PEOPLE.c.active, _PEOPLE.c.id != person.id, granted)


def _workloads(person: Person, departments: list[str], day: date, now: datetime) -> Select[Any]:
    others = (
        select(_PEOPLE.c.id, _PEOPLE.c.username, _PEOPLE.c.name)
        .where(_handles_in(person, departments, day))
        .cte("others")
    )
    # The tasks are found first, then their cases by id, as in `services.desk.tabs`.
    their_ids = func.array(select(cast(others.c.id, Text)).scalar_subquery())
    held = (
        select(
            TASKS.c.assignee_id.label("holder"),
            func.count().label("load"),
            func.count().filter(is_overdue(now)).label("overdue"),
        )
        .join(CASES, CASES.c.report_id == TASKS.c.report_id)
        .where(
            TASKS.c.kind == TaskKind.HANDLE,
            TASKS.c.assignee_kind == OwnerKind.PERSON,
            TASKS.c.assignee_id == any_(their_ids),
            visible(person, day),
        )
        .group_by(TASKS.c.assignee_id)
        .subquery("held")
    )
    load, overdue = func.coalesce(held.c.load, 0), func.coalesce(held.c.overdue, 0)
    return (
        select(others.c.username, others.c.name, load.label("load"), overdue.label("overdue"))
        .outerjoin(held, held.c.holder == cast(others.c.id, Text))
        .order_by(load, overdue, others.c.username)
        .limit(MAX_COLLEAGUES)
    )
