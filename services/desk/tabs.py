"""The tabs of the desk: the work that waits for a person by their roles, as conditions on cases.

A tab selects among the cases that the scope rule lets a person see; it never widens the scope.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, any_, false, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.scope import CACHE_SIZE, visible, within_unindexed
from models.context import Grant, Person
from models.enums import Light, OwnerKind, Role, Stage, TaskKind
from models.tables import CASES, FACTS, TASKS
from rules.scope import DEPARTMENT_ROLES, in_force
from rules.tasks import DECISIONS
from services.criteria.assigned import assigned_to, done_by
from services.criteria.conditions import NOW, Moment, is_open, shows_light

#: Makes a condition on cases from their open tasks: kinds, and further conditions on the task.
_TaskCondition = Callable[..., ColumnElement[bool]]
#: How far back the tab `done` reaches (our choice).
DONE_WITHIN = timedelta(days=30)


class DeskTab(StrEnum):
    """The tabs, in the order in which they are shown."""

    ACCEPTING = "accepting"
    DISPATCHING = "dispatching"
    UNCLAIMED = "unclaimed"
    DOING = "doing"
    REVIEWING = "reviewing"
    SOON = "soon"
    RETURNING = "returning"
    HELPING = "helping"
    URGED = "urged"
    DECIDING = "deciding"
    OVERSEEN = "overseen"
    DONE = "done"


_DEPARTMENTAL = (
    DeskTab.UNCLAIMED, DeskTab.DOING, DeskTab.SOON, DeskTab.RETURNING, DeskTab.HELPING, DeskTab.URGED, DeskTab.DECIDING,
    DeskTab.DONE,
)  # fmt: skip
_DESK = (DeskTab.ACCEPTING, DeskTab.DISPATCHING, DeskTab.SOON, DeskTab.DECIDING, DeskTab.DONE)
_ROLE_TABS: Mapping[Role, tuple[DeskTab, ...]] = {
    Role.HANDLER: _DEPARTMENTAL,
    Role.HELPER: _DEPARTMENTAL,
    Role.DEPARTMENT_HEAD: _DEPARTMENTAL,
    Role.DUTY_OFFICER: _DESK,
    Role.REVIEWER: (DeskTab.REVIEWING, DeskTab.SOON, DeskTab.DONE),
    Role.SUPERVISOR: (DeskTab.OVERSEEN, DeskTab.DECIDING, DeskTab.SOON, DeskTab.DONE),
    Role.ADMIN: (DeskTab.SOON, DeskTab.DECIDING, DeskTab.DONE),
    Role.AUDITOR: (DeskTab.SOON, DeskTab.DONE),
}
#: The tasks of a unit's desk, by tab and role.
_DESK_TASKS: Mapping[tuple[DeskTab, Role], tuple[TaskKind, ...]] = {
    (DeskTab.ACCEPTING, Role.DUTY_OFFICER): (TaskKind.ACCEPT,),
    (DeskTab.DISPATCHING, Role.DUTY_OFFICER): (TaskKind.DISPATCH,),
    (DeskTab.REVIEWING, Role.REVIEWER): (TaskKind.REVIEW,),
    (DeskTab.DECIDING, Role.DUTY_OFFICER): (
        TaskKind.DECIDE_RETURN, TaskKind.DECIDE_EXTENSION, TaskKind.DECIDE_REOPEN, TaskKind.CONFIRM_VOID,
        TaskKind.SPLIT_AGAIN, TaskKind.ANSWER_URGE, TaskKind.ANSWER_QUESTIONS,
    ),
    (DeskTab.DECIDING, Role.SUPERVISOR): (
        TaskKind.DECIDE_RETURN, TaskKind.DECIDE_EXTENSION, TaskKind.DECIDE_SUSPENSION, TaskKind.DECIDE_REOPEN,
        TaskKind.DECIDE_APPEAL, TaskKind.CONFIRM_VOID, TaskKind.SPLIT_AGAIN,
    ),
    (DeskTab.OVERSEEN, Role.SUPERVISOR): (TaskKind.OVERSEE, TaskKind.ANSWER_URGE),
}  # fmt: skip
#: The tasks that may be a person's own by name: a review assigned to them, and what a desk that nobody holds leaves to
#: the fallback owner. Who has no tab for the stage finds them where they decide.
_PERSONAL_TASKS: Mapping[DeskTab, tuple[TaskKind, ...]] = {
    DeskTab.ACCEPTING: (TaskKind.ACCEPT,),
    DeskTab.DISPATCHING: (TaskKind.DISPATCH,),
    DeskTab.REVIEWING: (TaskKind.REVIEW,),
    DeskTab.DECIDING: (TaskKind.ACCEPT, TaskKind.DISPATCH, TaskKind.REVIEW, *DECISIONS),
}
#: The stages whose yellow cases are on a role's tab `soon`.
_STAGES: Mapping[Role, tuple[Stage, ...]] = {
    Role.DUTY_OFFICER: (Stage.RECEIVE, Stage.DISPATCH),
    Role.REVIEWER: (Stage.REVIEW,),
    Role.SUPERVISOR: tuple(Stage),
    Role.ADMIN: tuple(Stage),
    Role.AUDITOR: tuple(Stage),
}


def tabs_of(person: Person, day: date) -> tuple[DeskTab, ...]:
    """Return the tabs of the person's roles on `day`, in their order."""
    found = {tab for grant in in_force(person, day) for tab in _ROLE_TABS.get(grant.role, ())}
    return tuple(tab for tab in DeskTab if tab in found)


def on_tab(tab: DeskTab, person: Person, day: date, now: Moment) -> ColumnElement[bool]:
    """Whether a row of `cases` is on that tab of the person's. A tab of none of their roles is empty."""
    match tab:
        case DeskTab.DONE:
            return _done(person, day, now)
        case DeskTab.SOON:
            return and_(shows_light(Light.YELLOW, now), _waiting_cases(tab, person, day, _find_by_task))
        case _:
            return _waiting_cases(tab, person, day, _find_by_task)


async def tab_counts(
    connection: AsyncConnection, person: Person, now: datetime, without: DeskTab | None = None
) -> dict[DeskTab, int]:
    """Return how many cases are on each of the person's tabs, except `done` and the tab `without`."""
    day = await local_day(connection, now)
    tabs = [tab for tab in tabs_of(person, day) if tab not in (DeskTab.DONE, without)]
    if not tabs:
        return {}
    row = (await connection.execute(_counts(tuple(tabs), person, day), {"now": now})).one()
    return dict(zip(tabs, row, strict=True))


@lru_cache(maxsize=CACHE_SIZE)
def _counts(tabs: tuple[DeskTab, ...], person: Person, day: date) -> Select[*tuple[int, ...]]:
    return select(*(_count(tab, person, day).label(tab) for tab in tabs))


def _count(tab: DeskTab, person: Person, day: date) -> ScalarSelect[int]:
    cases = select(func.count()).select_from(CASES).where(visible(person, day), on_tab(tab, person, day, NOW))
    return cases.scalar_subquery()


@lru_cache(maxsize=CACHE_SIZE)
def _waiting_cases(tab: DeskTab, person: Person, day: date, task_condition: _TaskCondition) -> ColumnElement[bool]:
    """The cases that wait on the tab, at any time; the caller narrows `soon` to the cases that are yellow now."""
    conditions = [_by_grant(tab, grant, person, day, task_condition) for grant in in_force(person, day)]
    if tab in _PERSONAL_TASKS:
        conditions.append(task_condition(_PERSONAL_TASKS[tab], assigned_to(person, day)))
    found = or_(false(), *(condition for condition in conditions if condition is not None))
    return found if tab is DeskTab.DECIDING else and_(is_open(), found)  # reopening is requested on closed cases


def _by_grant(
    tab: DeskTab, grant: Grant, person: Person, day: date, task_condition: _TaskCondition
) -> ColumnElement[bool] | None:
    """The condition by which this one grant puts a case on the tab."""
    here = within_unindexed(grant.grid)
    if kinds := _DESK_TASKS.get((tab, grant.role)):
        at_desk = (TASKS.c.assignee_kind == OwnerKind.UNIT, *_at_own_unit(grant, kinds))
        own = (done_by(grant.role),) if tab is DeskTab.DECIDING else ()
        return and_(task_condition(kinds, *at_desk, *own), here)
    if tab is DeskTab.SOON and grant.role in _STAGES:
        return and_(CASES.c.stage.in_(_STAGES[grant.role]), here)
    if grant.role in DEPARTMENT_ROLES and grant.department is not None:
        condition = _departmental(tab, grant.department, assigned_to(person, day), task_condition)
        return None if condition is None else and_(condition, here)
    return None


def _at_own_unit(grant: Grant, kinds: Iterable[TaskKind]) -> list[ColumnElement[bool]]:
    """The condition that a case is overseen at the very unit that it climbed to."""
    if TaskKind.OVERSEE not in kinds or grant.grid is None:
        return []
    return [TASKS.c.assignee_id == grant.grid]


def _departmental(
    tab: DeskTab, department: str, mine: ColumnElement[bool], task_condition: _TaskCondition
) -> ColumnElement[bool] | None:
    ours = and_(TASKS.c.assignee_kind == OwnerKind.DEPARTMENT, TASKS.c.assignee_id == department)
    hosted = CASES.c.host == department
    match tab:
        case DeskTab.UNCLAIMED:
            return task_condition((TaskKind.HANDLE,), ours)
        case DeskTab.DOING:
            return and_(hosted, task_condition((TaskKind.HANDLE,), TASKS.c.assignee_kind == OwnerKind.PERSON))
        case DeskTab.SOON:
            return and_(hosted, CASES.c.stage == Stage.HANDLE)
        case DeskTab.RETURNING:
            return and_(hosted, task_condition((TaskKind.DECIDE_RETURN,)))
        case DeskTab.HELPING:
            return task_condition((TaskKind.CO_HANDLE, TaskKind.RESPOND), ours)
        case DeskTab.URGED:
            return task_condition((TaskKind.ANSWER_URGE,), or_(ours, mine))
        case DeskTab.DECIDING:
            return task_condition((TaskKind.DECIDE_TRANSFER,), ours)
    return None


def _find_by_task(kinds: Iterable[TaskKind], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The cases with such an open task, for a list: the tasks are found first, then their cases by id.

    Left to choose, PostgreSQL goes the other way: it estimates any part of the park to hold one case in a hundred, and
    then looks through all cases of the park for their tasks.
    """
    with_task = select(TASKS.c.report_id).where(TASKS.c.kind.in_(tuple(kinds)), *conditions)
    return CASES.c.report_id == any_(func.array(with_task.scalar_subquery()))


def _has_task(kinds: Iterable[TaskKind], *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same, to leave such cases out: the tasks are looked up once and kept by case, not once for each case."""
    return CASES.c.report_id.in_(select(TASKS.c.report_id).where(TASKS.c.kind.in_(tuple(kinds)), *conditions))


def _done(person: Person, day: date, now: Moment) -> ColumnElement[bool]:
    """The cases the person has acted on lately, and that wait on no other tab of theirs."""
    acted = select(FACTS.c.report_id).where(
        FACTS.c.actor == person.id, FACTS.c.at >= now - DONE_WITHIN, FACTS.c.kind != "received"
    )
    other_tabs = [tab for tab in tabs_of(person, day) if tab not in (DeskTab.DONE, DeskTab.SOON)]
    waiting = [_waiting_cases(tab, person, day, _has_task) for tab in other_tabs]
    updated_lately = CASES.c.updated_at >= now - DONE_WITHIN
    acted_on = CASES.c.report_id == any_(func.array(acted.distinct().scalar_subquery()))
    return and_(updated_lately, acted_on, not_(func.coalesce(or_(false(), *waiting), False)))
