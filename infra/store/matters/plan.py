"""What plans read for their decisions: places with their people, the duty that is reported, plans that say the same."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows, first_row
from infra.store.holders import with_holders
from infra.store.matters.people import find_people
from infra.store.policies import policy_version
from models.base import STORED
from models.context import Unit
from models.matters.base import MatterCommand
from models.matters.context import MatterContext
from models.matters.enterprise import Enterprise, WorkRule
from models.matters.plan import (
    AmendPlan,
    Every,
    KnownDuty,
    MakePlan,
    PlanState,
    PlantDays,
    PlanTerms,
    ReportDuty,
    Shift,
)
from models.policy.colours import VisitEvery
from rules.escalation.recipients import holders
from rules.matters.plan.extra import KnownPlace, PlanExtra
from rules.matters.plan.issuing import next_wake_up
from rules.matters.plan.making import fingerprint, proposed
from rules.matters.plan.occurrences import Plant

_PLACES = """
    SELECT u.code, u.name, string_to_array(ltree2text(u.path), '.') FROM grid_units u
    WHERE u.code = ANY (%(codes)s) AND (u.retired_on IS NULL OR u.retired_on > %(today)s)
"""
_LEVELS = "SELECT code, level FROM grid_units WHERE code = ANY (%(codes)s)"
#: Plans of the same words wait for each other, so that the second one finds the first.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(fingerprint)s, 20))"
_SAME = """
    SELECT code, name FROM matters WHERE kind = 'plan' AND ended_at IS NULL AND id <> %(id)s
        AND state->>'fingerprint' = %(fingerprint)s ORDER BY created_at LIMIT 1
"""
_DONE = """
    SELECT batch, array_agg(place) FROM duties
    WHERE plan = %(plan)s AND status IN ('done', 'late') AND due_at > %(now)s GROUP BY batch
"""
_DUTY = """
    SELECT jsonb_build_object('id', d.id, 'batch', d.batch, 'place', d.place, 'day', d.day, 'shift', d.shift,
        'where', jsonb_build_object('grid', d.grid, 'name', d.name, 'enterprise', d.enterprise),
        'grid_path', string_to_array(ltree2text(d.grid_path), '.'), 'opens_at', d.opens_at, 'due_at', d.due_at,
        'status', d.status, 'checklist', d.checklist, 'policy_version', d.policy_version, 'done_by', d.done_by,
        'done_by_name', coalesce(p.name, ''), 'received_at', d.received_at, 'said', d.said)
    FROM duties d LEFT JOIN people p ON p.id = d.done_by WHERE d.id = %(duty)s AND d.plan = %(plan)s
"""
_ENTERPRISES = "SELECT state FROM matters WHERE kind = 'enterprise' AND code = ANY (%(codes)s) AND ended_at IS NULL"
#: The days on which an enterprise runs that follows no calendar; None: those of the park.
_DAYS: Mapping[WorkRule, PlantDays | None] = {
    WorkRule.PARK: None,
    WorkRule.EVERY_DAY: PlantDays(weekdays=(1, 2, 3, 4, 5, 6, 7), on_holidays=True),
    WorkRule.NO_SUNDAYS: PlantDays(weekdays=(1, 2, 3, 4, 5, 6), on_holidays=True),
}
_VISITS: Mapping[VisitEvery, Every] = {
    VisitEvery.WEEKLY: Every(n=1, unit="week"),
    VisitEvery.FORTNIGHTLY: Every(n=2, unit="week"),
    VisitEvery.MONTHLY: Every(n=1, unit="month"),
    VisitEvery.QUARTERLY: Every(n=3, unit="month"),
}
_DEPUTY = "SELECT deputy FROM absences WHERE person = %(person)s AND %(today)s BETWEEN since AND until"


async def read_extra(
    connection: AsyncConnection, plan: PlanState | None, command: MatterCommand, ctx: MatterContext
) -> PlanExtra:
    """Return what the rules need for the command, and for whatever fell due before it."""
    found: dict[str, Any] = {}
    terms: list[PlanTerms] = [plan.terms] if plan is not None and _is_due(plan, ctx) else []
    if isinstance(command, MakePlan | AmendPlan):
        new = proposed(plan, command, ctx.today)
        terms.append(new)
        found["same"] = await _read_same(connection, plan, command, new, ctx)
    if terms:
        found |= await _read_around(connection, terms, ctx)
        found["done"] = await _read_done(connection, plan, ctx)
    if isinstance(command, ReportDuty) and plan is not None:
        found |= await read_duty(connection, plan, command)
    return PlanExtra(**found)


def _is_due(plan: PlanState, ctx: MatterContext) -> bool:
    at = next_wake_up(plan)
    return at is not None and at <= ctx.now


async def _read_same(
    connection: AsyncConnection,
    plan: PlanState | None,
    command: MakePlan | AmendPlan,
    terms: PlanTerms,
    ctx: MatterContext,
) -> tuple[str, str] | None:
    grid = command.grid if isinstance(command, MakePlan) else ""
    print_ = fingerprint(plan.grid if plan is not None else grid, terms)
    await first_row(connection, _LOCK, {"fingerprint": print_})
    row = await first_row(connection, _SAME, {"fingerprint": print_, "id": ctx.id})
    return None if row is None else (row[0], row[1])


async def _read_around(connection: AsyncConnection, terms: list[PlanTerms], ctx: MatterContext) -> dict[str, Any]:
    """Return the places with the people who would do the duties there, by the last of `terms` that names them."""
    places: dict[str, KnownPlace] = {}
    person: UUID | None = None
    for said in terms:
        named = said.workers.person
        person = (await find_people(connection, [named])).get(named) if named is not None else None
        places |= await read_places(connection, said, person, ctx.now, ctx.today)
    return {"places": places, "person": person, "plants": await read_plants(connection, terms)}


async def read_plants(connection: AsyncConnection, terms: Iterable[PlanTerms]) -> dict[str, Plant]:
    """Return what is known of the enterprises that plans name and that are on the register, by their codes."""
    codes = list({place.enterprise for said in terms for place in said.places if place.enterprise is not None})
    rows = await all_rows(connection, _ENTERPRISES, {"codes": codes}) if codes else []
    found = (Enterprise.model_validate(state, context=STORED) for (state,) in rows)
    return {enterprise.code: _plant(enterprise) for enterprise in found}


def _plant(enterprise: Enterprise) -> Plant:
    shifts = tuple(Shift(name=shift.name, begins=shift.start) for shift in enterprise.shifts)
    days = None if enterprise.calendar is not None else _DAYS[enterprise.work_rule]
    return Plant(shifts, enterprise.calendar, days, _VISITS[enterprise.visits])


async def read_places(
    connection: AsyncConnection, terms: PlanTerms, person: UUID | None, now: datetime, today: date
) -> dict[str, KnownPlace]:
    """Return the units of a plan that are in use, by code, with the people who would do the duties there now."""
    codes = list({place.grid for place in terms.places})
    rows = await all_rows(connection, _PLACES, {"codes": codes, "today": today})
    paths = {code: tuple(path) for code, _, path in rows}
    held = await _read_holders(connection, terms, paths, now, today)
    by_name = () if person is None else (await _acting(connection, person, today),)
    found = {}
    for code, name, _ in rows:
        nearest = next((held[unit] for unit in reversed(paths[code]) if held.get(unit)), ())
        people = by_name if terms.workers.person is not None else nearest
        found[code] = KnownPlace(path=paths[code], name=name, people=people)
    return found


async def _read_holders(
    connection: AsyncConnection,
    terms: PlanTerms,
    paths: Mapping[str, tuple[str, ...]],
    now: datetime,
    today: date,
) -> dict[str, tuple[UUID, ...]]:
    """Return who holds the plan's role in each unit on the way up from the places."""
    role = terms.workers.role
    if role is None:
        return {}
    codes = list({code for path in paths.values() for code in path})
    levels = await all_rows(connection, _LEVELS, {"codes": codes})
    units = [Unit(code=code, level=level) for code, level in levels]
    staffed = await with_holders(connection, units, now, today)
    return {unit.code: holders(unit, role) for unit in staffed}


async def _acting(connection: AsyncConnection, person: UUID, today: date) -> UUID:
    """Return the person, or their deputy while they are away."""
    row = await first_row(connection, _DEPUTY, {"person": person, "today": today})
    deputy: UUID | None = None if row is None else row[0]
    return deputy or person


async def _read_done(
    connection: AsyncConnection, plan: PlanState | None, ctx: MatterContext
) -> dict[str, tuple[str, ...]]:
    """Return what was done already of batches that are not due yet, where they are given out anew."""
    if plan is None or plan.issued_until is not None:
        return {}
    rows = await all_rows(connection, _DONE, {"plan": plan.id, "now": ctx.now})
    return {batch: tuple(places) for batch, places in rows}


async def read_duty(connection: AsyncConnection, plan: PlanState, command: ReportDuty) -> dict[str, Any]:
    """Return the duty with its checklist, as the policy had it when the duty was given out."""
    row = await first_row(connection, _DUTY, {"duty": command.duty, "plan": plan.id})
    if row is None:
        return {}
    duty = KnownDuty.model_validate(row[0], context=STORED)
    policy = await policy_version(connection, duty.policy_version) if duty.checklist is not None else None
    plants = (
        await all_rows(connection, _ENTERPRISES, {"codes": [duty.where.enterprise]}) if duty.where.enterprise else []
    )
    return {
        "duty": duty,
        "on_register": bool(plants),
        "checklist": None if policy is None else policy.park.checklist(duty.checklist),
    }
