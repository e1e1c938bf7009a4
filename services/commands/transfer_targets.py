"""To whom a case may be passed on: who else handles cases in one's departments, and how much each of them holds."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, any_, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from models.base import Frozen
from models.context import Person
from models.enums import OwnerKind, TaskKind
from models.tables import CASES, TASKS, GrantRow, PersonRow
from rules.scope import DEPARTMENT_ROLES, in_force
from services.criteria.conditions import is_overdue
from services.criteria.scope import KEPT, visible

_PEOPLE: Any = PersonRow.__table__  # type: ignore[attr-defined]
_GRANTS: Any = GrantRow.__table__  # type: ignore[attr-defined]
#: Among more than so many nobody chooses from a list.
MOST = 200


class Named(Frozen):
    """A colleague, by name alone."""

    username: str
    name: str


class Colleague(Named):
    """A colleague with what they hold. `load`: how many open cases they have claimed, of those that the reader may
    see; `overdue`: how many of these have missed a deadline."""

    load: int
    overdue: int


async def colleague_names(connection: AsyncConnection, person: Person, now: datetime) -> tuple[Named, ...]:
    """Who else handles cases in the person's departments, by user name: a quarter of the time of `colleagues`."""
    day = await local_day(connection, now)
    if not _departments(person, day, None):
        return ()
    rows = await connection.execute(_names(person, day))
    return tuple(Named(username=row.username, name=row.name) for row in rows)


async def colleagues(
    connection: AsyncConnection, person: Person, now: datetime, department: str | None = None
) -> tuple[Colleague, ...]:
    """The same with what they hold, the least burdened first; of one of the person's departments alone, if said."""
    day = await local_day(connection, now)
    wanted = _departments(person, day, department)
    if not wanted:
        return ()
    rows = await connection.execute(_burdens(person, wanted, day, now))
    return tuple(Colleague.model_validate(dict(row._mapping)) for row in rows)


@lru_cache(maxsize=KEPT)
def _names(person: Person, day: date) -> Select[str, str]:
    others = _handles(person, _departments(person, day, None), day)
    asked = select(_PEOPLE.c.username, _PEOPLE.c.name).where(others).order_by(_PEOPLE.c.username)
    return asked.limit(MOST)


def _departments(person: Person, day: date, only: str | None) -> list[str]:
    mine = {grant.department for grant in in_force(person, day) if grant.role in DEPARTMENT_ROLES and grant.department}
    return sorted(mine if only is None else mine & {only})


def _handles(person: Person, departments: list[str], day: date) -> ColumnElement[bool]:
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


def _burdens(person: Person, departments: list[str], day: date, now: datetime) -> Select[Any]:
    others = (
        select(_PEOPLE.c.id, _PEOPLE.c.username, _PEOPLE.c.name).where(_handles(person, departments, day)).cte("others")
    )
    # The tasks are found first, then their cases by id, as `services.desk.tabs` has it.
    theirs = func.array(select(cast(others.c.id, Text)).scalar_subquery())
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
            TASKS.c.assignee_id == any_(theirs),
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
        .limit(MOST)
    )
