"""How many duties the plans ask of each person and day, under the policy in force or under another one."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.matters import matters_within, visible_matters
from infra.store.matters.plan import read_places, read_plants
from infra.store.matters.rows import read_state
from infra.store.policies import newest_version, policy_version
from models.base import Frozen
from models.context import Person
from models.matters.base import MatterKind
from models.matters.plan import PlanState
from models.policy.document import Policy
from models.tables import MATTERS
from rules.matters.plan import RULES
from rules.matters.plan.load import Bearer, Load, LoadedPlan, count_load
from rules.matters.plan.occurrences import Surroundings
from services.cases.names import Names, read_names_by_id
from services.wording.refusals import refusal_message

#: The longest period that is counted.
MOST_DAYS = 366


class Bearing(Frozen):
    """The duties of one bearer: in all, on the fullest day, and on how many days more than the policy takes for right.

    `by_day` has a number for each day of the period. Where several people share a place each carries a part.
    """

    kind: Literal["person", "department", "nobody"]
    id: str
    name: str
    total: float
    most: float
    most_on: date
    days_above: int
    by_day: tuple[float, ...]


class BrokenPlan(Frozen):
    """A plan that brings no duties under this policy, and why."""

    code: str
    name: str
    reason: str


class PlanLoad(Frozen):
    """The load of all plans over a period, the fullest day first. `limit`: above so many a day it is pointed out."""

    first: date
    days: int
    plans: int
    duties: int
    limit: int
    bearers: tuple[Bearing, ...]
    broken: tuple[BrokenPlan, ...]


async def read_load(
    connection: AsyncConnection,
    person: Person | None,
    now: datetime,
    language: str,
    *,
    days: int = 30,
    grid: str | None = None,
    policy: Policy | None = None,
) -> PlanLoad:
    """Return the load of the plans that `person` may see (None: of all) from today on.

    `policy` None: the one in force; its calendars and checklists are used.
    """
    day = await local_day(connection, now)
    conditions: list[ColumnElement[bool]] = [MATTERS.c.kind == MatterKind.PLAN, MATTERS.c.status == "active"]
    if person is not None:
        conditions.append(visible_matters(person, RULES, day))
    if grid is not None:
        conditions.append(matters_within(grid))
    states = (await connection.execute(select(MATTERS.c.state).where(*conditions).order_by(MATTERS.c.code))).scalars()
    plans = [plan for state in states if isinstance(plan := read_state(RULES, state), PlanState)]
    used = policy or await policy_version(connection, await newest_version(connection))
    loaded = [await _loaded(connection, plan, now, day) for plan in plans]
    plants = await read_plants(connection, [plan.terms for plan in plans])
    around = Surroundings(used.calendars, used.zone, plants)
    load = count_load(loaded, around, used.park, day, days)
    people = {str(bearer) for bearer in load.by_bearer if isinstance(bearer, UUID)}
    names = await read_names_by_id(connection, set(), people, language)
    return _result(load, loaded, names, day, days, used.park.duties_a_day)


async def _loaded(connection: AsyncConnection, plan: PlanState, now: datetime, day: date) -> LoadedPlan:
    person = plan.people[0] if plan.terms.workers.person is not None and plan.people else None
    places = await read_places(connection, plan.terms, person, now, day)
    people = {code: place.people for code, place in places.items()}
    return LoadedPlan(plan.code, plan.name, plan.terms, plan.keys, people)


def _result(load: Load, plans: Iterable[LoadedPlan], names: Names, first: date, days: int, limit: int) -> PlanLoad:
    period = [first + timedelta(days=n) for n in range(days)]
    bearers = [_bearing(bearer, by_day, period, limit, names) for bearer, by_day in load.by_bearer.items()]
    broken = [
        BrokenPlan(code=plan.code, name=plan.name, reason=refusal_message(error, names.language))
        for plan, error in load.broken
    ]
    return PlanLoad(
        first=first,
        days=days,
        plans=len(list(plans)),
        duties=load.duties,
        limit=limit,
        bearers=tuple(sorted(bearers, key=lambda one: (-one.most, -one.total, one.name))),
        broken=tuple(broken),
    )


def _bearing(bearer: Bearer, by_day: dict[date, float], period: list[date], limit: int, names: Names) -> Bearing:
    kind: Literal["person", "department", "nobody"]
    if bearer is None:
        kind, name = "nobody", "nobody" if names.language.startswith("en") else "无人承担"
    elif isinstance(bearer, UUID):
        kind, name = "person", names.people.get(str(bearer), str(bearer))
    else:
        kind, name = "department", names.department(bearer)
    most_on = max(by_day, key=lambda day: (by_day[day], -day.toordinal()))
    return Bearing(
        kind=kind,
        id="" if bearer is None else str(bearer),
        name=name,
        total=round(sum(by_day.values()), 1),
        most=round(by_day[most_on], 1),
        most_on=most_on,
        days_above=sum(1 for count in by_day.values() if count > limit),
        by_day=tuple(round(by_day.get(day, 0.0), 1) for day in period),
    )
