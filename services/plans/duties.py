"""Read duties under the scope rule: one, a page of a list."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.duties import visible_duties
from infra.store.matters.rows import read_state
from infra.store.policies import policy_version
from models.context import Person
from models.errors import NoSuchDuty
from models.matters.plan import DutyStatus, PlanState
from models.policy.checklists import Checklist
from models.tables import DUTIES, MATTERS
from rules.matters.plan import RULES
from rules.matters.plan.doing import may_do
from services.cases.names import Names, read_names_by_id
from services.criteria.cursors import beyond_time_cursor, time_cursor
from services.plans.filter import DutyFilter, duty_conditions
from services.plans.views import DutyPage, DutyView, duty_item, duty_view

#: Duties that may still be reported: one that was withdrawn too, if somebody did it before they heard of that.
UNDONE = frozenset({DutyStatus.DUE, DutyStatus.MISSED, DutyStatus.WITHDRAWN})


def duty_rows(condition: ColumnElement[bool]) -> Select[Any]:
    """The query of duties with code and name of their plans."""
    plan = MATTERS.c
    columns = (*DUTIES.c, plan.code.label("plan_code"), plan.name.label("plan_name"))
    return select(*columns).join(MATTERS, plan.id == DUTIES.c.plan).where(condition)


async def find_duty(connection: AsyncConnection, person: Person, id_: UUID, now: datetime) -> tuple[Any, PlanState]:
    """Return the row of a duty that `person` may see, and its plan. Raises NoSuchDuty."""
    day = await local_day(connection, now)
    query = duty_rows(and_(DUTIES.c.id == id_, visible_duties(person, day))).add_columns(MATTERS.c.state)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NoSuchDuty(duty=id_)
    plan = read_state(RULES, row.state)
    assert isinstance(plan, PlanState)
    return row, plan


async def get_duty(connection: AsyncConnection, person: Person, id_: UUID, now: datetime, language: str) -> DutyView:
    """Return the duty with its checklist and what was found. Raises NoSuchDuty."""
    row, plan = await find_duty(connection, person, id_, now)
    names = await read_duty_names(connection, [row], language)
    checklist = await read_checklist(connection, row.checklist, row.policy_version)
    mine = may_do(person, plan, tuple(row.grid_path.split(".")), await local_day(connection, now))
    may_report = mine and row.status in UNDONE and row.opens_at <= now
    return duty_view(row, names, checklist, may_report=may_report, whole=row.done_by == person.id)


async def list_duties(
    connection: AsyncConnection, person: Person, wanted: DutyFilter, now: datetime, language: str
) -> DutyPage:
    """Return one page of the duties that fit, and how many fit in all. Raises BadFilter for an invalid cursor."""
    day = await local_day(connection, now)
    condition = and_(visible_duties(person, day), *duty_conditions(wanted, person, day, now))
    total = await connection.scalar(select(func.count()).select_from(DUTIES).where(condition)) or 0
    descending = wanted.sort.startswith("-")
    c = DUTIES.c
    query = duty_rows(condition)
    if wanted.cursor is not None:
        query = query.where(
            beyond_time_cursor(_list_name(wanted), wanted.cursor, c.due_at, c.id, descending=descending)
        )
    ordering = (c.due_at.desc(), c.id.desc()) if descending else (c.due_at, c.id)
    rows = (await connection.execute(query.order_by(*ordering).limit(wanted.limit + 1))).all()
    page, more = rows[: wanted.limit], len(rows) > wanted.limit
    names = await read_duty_names(connection, page, language)
    cursor = time_cursor(_list_name(wanted), page[-1].due_at, page[-1].id) if more else None
    return DutyPage(items=tuple(duty_item(row, names) for row in page), next_cursor=cursor, total=total)


def _list_name(wanted: DutyFilter) -> str:
    return f"duties {wanted.sort}"


async def read_checklist(connection: AsyncConnection, code: str | None, version: int) -> Checklist | None:
    """Return the checklist as the policy had it when the duty was given out."""
    return None if code is None else (await policy_version(connection, version)).park.checklist(code)


async def read_duty_names(connection: AsyncConnection, rows: Sequence[Any], language: str) -> Names:
    """Return the names that views of these rows need."""
    people = {str(person) for row in rows for person in (row.done_by, row.person) if person is not None}
    return await read_names_by_id(connection, {row.grid for row in rows}, people, language)
