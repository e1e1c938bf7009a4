"""The inbox: the open tasks that a person can do, the most urgent first."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.scope import visible, within
from models.base import STORED
from models.case import Case, Owner
from models.context import Grant, Person
from models.enums import Level, OwnerKind, Role, TaskKind
from models.tables import CASES, GRID_UNITS, TASKS
from models.views import InboxItem
from rules.scope import DEPARTMENT_ROLES, LOW_ROLES, in_force
from services.cases.names import read_names
from services.cases.reporter_alias import masked_owner
from services.cases.views import case_item
from services.criteria.assigned import assigned_to, done_by, left_by_absent

#: The tasks at a unit's desk, by the role that does them.
_DESK_TASKS: dict[Role, tuple[TaskKind, ...]] = {
    Role.DUTY_OFFICER: (
        TaskKind.ACCEPT,
        TaskKind.DISPATCH,
        TaskKind.DECIDE_RETURN,
        TaskKind.DECIDE_EXTENSION,
        TaskKind.DECIDE_REOPEN,
        TaskKind.CONFIRM_VOID,
        TaskKind.SPLIT_AGAIN,
        TaskKind.ANSWER_URGE,
        TaskKind.ANSWER_QUESTIONS,
    ),
    Role.REVIEWER: (TaskKind.REVIEW,),
    Role.SUPERVISOR: (
        TaskKind.DECIDE_RETURN,
        TaskKind.DECIDE_EXTENSION,
        TaskKind.DECIDE_SUSPENSION,
        TaskKind.DECIDE_REOPEN,
        TaskKind.DECIDE_APPEAL,
        TaskKind.CONFIRM_VOID,
        TaskKind.SPLIT_AGAIN,
        TaskKind.ANSWER_URGE,
    ),
}


async def read_inbox(
    connection: AsyncConnection, person: Person, now: datetime, language: str, limit: int = 200
) -> tuple[InboxItem, ...]:
    """Return the person's tasks, by deadline, those without one last."""
    day = await local_day(connection, now)
    by_role = (_by_role(grant, day) for grant in in_force(person, day))
    assigned = [assigned_to(person, day), *(condition for condition in by_role if condition is not None)]
    rows = (
        await connection.execute(
            select(TASKS, CASES.c.state)
            .join(CASES, CASES.c.report_id == TASKS.c.report_id)
            .where(visible(person, day), or_(*assigned))
            .order_by(TASKS.c.due_at.asc().nulls_last(), TASKS.c.report_id)
            .limit(limit)
        )
    ).all()
    cases = [Case.model_validate(row.state, context=STORED) for row in rows]
    names = await read_names(connection, cases, language)
    return tuple(
        InboxItem(
            task=row.kind,
            due_at=row.due_at,
            assignee=names.owner(masked_owner(Owner(kind=row.assignee_kind, id=row.assignee_id), case)),
            case=case_item(case, names, now),
        )
        for row, case in zip(rows, cases, strict=True)
    )


def _by_role(grant: Grant, day: date) -> ColumnElement[bool] | None:
    if grant.role in DEPARTMENT_ROLES and grant.department is not None:
        mine = and_(TASKS.c.assignee_kind == OwnerKind.DEPARTMENT, TASKS.c.assignee_id == grant.department)
        if grant.role is Role.DEPARTMENT_HEAD:
            mine = or_(mine, left_by_absent(grant.department, day))
        return and_(mine, within(grant.grid))
    if grant.role in LOW_ROLES and grant.grid is not None:
        return _owned_by_grid(grant)
    kinds = _DESK_TASKS.get(grant.role)
    if kinds is None:
        return None
    at_desk = and_(TASKS.c.assignee_kind == OwnerKind.UNIT, TASKS.c.kind.in_(kinds), done_by(grant.role))
    here = and_(at_desk, within(grant.grid))
    return or_(here, _overseen(grant)) if grant.role is Role.SUPERVISOR else here


def _overseen(grant: Grant) -> ColumnElement[bool]:
    """Cases that have climbed to the very unit that is supervised; a case at a lower unit is overseen there."""
    mine = true() if grant.grid is None else TASKS.c.assignee_id == grant.grid
    return and_(TASKS.c.assignee_kind == OwnerKind.UNIT, TASKS.c.kind == TaskKind.OVERSEE, mine)


def _owned_by_grid(grant: Grant) -> ColumnElement[bool]:
    """Tasks that a grid or micro-grid owns itself, for those who work in it."""
    root = select(GRID_UNITS.c.path).where(GRID_UNITS.c.code == grant.grid).scalar_subquery()
    below = select(GRID_UNITS.c.code).where(GRID_UNITS.c.path.bool_op("<@")(root), GRID_UNITS.c.level >= Level.GRID)
    kinds = (TaskKind.ACCEPT, TaskKind.OVERSEE, TaskKind.ANSWER_URGE)
    owned = and_(TASKS.c.kind.in_(kinds), TASKS.c.assignee_id.in_(below))
    verifying = and_(
        TASKS.c.kind == TaskKind.VERIFY, or_(TASKS.c.assignee_id.in_(below), TASKS.c.assignee_id == grant.grid)
    )
    return and_(TASKS.c.assignee_kind == OwnerKind.UNIT, or_(owned, verifying))
