"""The context of a decision: one look at the world.

One statement for the case and the world around it. It locks nothing: whoever has decided by it appends only if the
case still stands where it was seen (`cases.append`). What it must be told of the policy beforehand (the
park's zone, the fallback owner) is taken from the policy met last; if that was the wrong one, it looks again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.cases import facts_of
from infra.store.driver import first_row
from infra.store.holders import with_holders
from infra.store.policies import (
    newest_version,
    policy_if_in_force,
    policy_met_last,
    policy_version,
    version_in_force,
)
from models.base import Frozen
from models.case import Case
from models.commands import Accept, Adopt, Merge, PassReview, Relocate, Report, Split, Transfer
from models.context import Context, Department, Lead, Person, Unit
from models.messages import Step
from models.policy.document import Policy
from rules.escalation.wake_ups import next_wake_up
from rules.result_evidence import result_evidence

_PERSON = """
    (SELECT json_build_object('id', p.id, 'username', p.username, 'active', p.active, 'grants',
        coalesce((SELECT json_agg(json_build_object('role', h.role, 'grid', h.grid, 'department', h.department,
            'since', h.since, 'until', h.until, 'path', coalesce((
                SELECT to_json(string_to_array(ltree2text(u.path), '.')) FROM grid_units u WHERE u.code = h.grid),
                '[]'::json))) FROM (
                SELECT role, grid, department, since, until FROM grants WHERE person = p.id
                UNION ALL
                SELECT g.role, g.grid, g.department, greatest(g.since, a.since), least(g.until, a.until)
                FROM absences a JOIN grants g ON g.person = a.person JOIN people q ON q.id = a.person
                WHERE a.deputy = p.id AND q.active) h), '[]'::json))
     FROM people p WHERE {})
"""

_UNITS = """
    (SELECT coalesce(json_agg(json_build_object('code', a.code, 'level', a.level,
        'retired', a.retired_on IS NOT NULL AND a.retired_on <= {today},
        'staffed', coalesce((SELECT json_agg(DISTINCT g.role) FROM grants g JOIN people p ON p.id = g.person
            WHERE g.grid = a.code AND p.active
            AND g.role IN ('duty_officer', 'reviewer', 'supervisor', 'grid_worker', 'volunteer')
            AND NOT EXISTS (SELECT 1 FROM absences x WHERE x.person = p.id AND x.deputy IS NULL
                AND {today} BETWEEN x.since AND x.until)
            AND g.since <= {today} AND (g.until IS NULL OR g.until >= {today})), '[]'::json))
        ORDER BY a.level DESC), '[]'::json)
     FROM grid_units u JOIN grid_units a ON a.code = ANY (string_to_array(ltree2text(u.path), '.'))
     WHERE u.code = {grid})
"""

_IN_FORCE = """
    SELECT version FROM policies WHERE effective_from <= %(now)s ORDER BY effective_from DESC, version DESC LIMIT 1
"""
_WORLD = f"""
    json_build_object('units', {_UNITS.format(today="%(today)s", grid="{grid}")},
        'person', {_PERSON.format("p.id = %(person)s")},
        'departments',
        (SELECT coalesce(json_agg(json_build_object('id', id, 'active', active)), '[]'::json) FROM departments),
        'in_force', ({_IN_FORCE}),
        'fallback', (SELECT id FROM people WHERE username = %(fallback)s))::text
"""
_AT_A_CASE = f"""
    SELECT c.state::text,
        (SELECT digest FROM facts f WHERE f.report_id = c.report_id AND f.command_id = %(command)s LIMIT 1),
        {_WORLD.format(grid="coalesce(c.grid, %(grid)s)")}
    FROM (SELECT) AS nothing LEFT JOIN cases c ON c.report_id = %(report)s
"""
_AT_A_PLACE = f"SELECT {_WORLD.format(grid='%(grid)s')}"
_ONE_PERSON = f"SELECT {_PERSON.format('p.id = %(person)s')}"
_BY_USERNAME = text(f"SELECT {_PERSON.format('p.username = :username')}")
_ONE_GRID = text(f"SELECT {_UNITS.format(today=':today', grid=':grid')}")


class NoFallbackOwner(RuntimeError):
    """The policy's fallback owner is nobody: a case could be without an owner, so nothing is decided."""


class _World(Frozen):
    """What one look finds."""

    units: tuple[Unit, ...]
    person: Person | None
    departments: tuple[Department, ...]
    in_force: int | None
    fallback: UUID | None


@lru_cache(maxsize=512)
def _read(told: str) -> _World:
    """What PostgreSQL told of the world. Whoever works through a list sees the same one again and again, word by word:
    it need not be read anew."""
    return _World.model_validate_json(told)


@dataclass(frozen=True)
class Found:
    """A case as it stood at the look, or none yet; the digest of the command asked about, if it is recorded already."""

    case: Case | None
    digest: str | None
    seen: "_Seen"


@dataclass(frozen=True)
class _Seen:
    """A look, and the policy's zone and fallback owner that it was told."""

    world: str
    zone: str
    fallback: str


async def look_at_case(connection: AsyncConnection, step: Step) -> Found:
    """The case of `step`, if there is one, and the world around it or around the place that the step reports."""
    told = policy_met_last(connection)
    zone, fallback = (told.zone, told.fallback_owner) if told else ("UTC", "")
    row = await first_row(
        connection,
        _AT_A_CASE,
        {
            "report": step.report_id,
            "command": step.id,
            "grid": _reported_in(step),
            **_asked(step, zone, fallback),
        },
    )
    case = None if row[0] is None else Case.model_validate_json(row[0])
    return Found(case, row[1], _Seen(row[2], zone, fallback))


async def read_context(
    connection: AsyncConnection, step: Step, case: Case | None, seen: _Seen | None = None
) -> Context:
    """Everything that `rules.decide` may know at `step.at` besides the case; the case number comes separately.

    Raises NoPolicy or NoFallbackOwner when the system is not set up.
    """
    world = _read(seen.world) if seen else None
    in_force = world.in_force if world and world.in_force else await version_in_force(connection, step.at)
    version = in_force if case is None or isinstance(step.command, Accept) else case.policy_version
    policy = await policy_version(connection, version)
    if world is None or seen is None or (seen.zone, seen.fallback) != (policy.zone, policy.fallback_owner):
        world = await _look(connection, step, case, policy)
    if world.fallback is None:
        raise NoFallbackOwner(f"there is no person {policy.fallback_owner}, the policy's fallback owner")
    today = _day(step, policy.zone)
    now = max(step.at, case.updated_at) if case else step.at
    return Context(
        now=now,
        today=today,
        policy=policy,
        policy_version=version,
        calendars=(await policy_version(connection, in_force)).calendars,
        calendars_version=in_force,
        person=world.person,
        units=await _with_holders(connection, world.units, case, now, today),
        departments=world.departments,
        fallback=world.fallback,
        **await _asked_for(connection, step, today, in_force),
    )


async def read_context_of(connection: AsyncConnection, case: Case, now: datetime) -> Context:
    """The world around a case as the system sees it at `now`, with everybody who holds a role on the way up."""
    policy = await policy_version(connection, case.policy_version)
    in_force = await version_in_force(connection, now)
    today = now.astimezone(ZoneInfo(policy.zone)).date()
    values = {"grid": case.grid, "today": today, "now": now, "person": None, "fallback": policy.fallback_owner}
    (found,) = await first_row(connection, _AT_A_PLACE, values)
    world = _read(found)
    if world.fallback is None:
        raise NoFallbackOwner(f"there is no person {policy.fallback_owner}, the policy's fallback owner")
    return Context(
        now=now,
        today=today,
        policy=policy,
        policy_version=case.policy_version,
        calendars=(await policy_version(connection, in_force)).calendars,
        calendars_version=in_force,
        person=None,
        units=await with_holders(connection, world.units, now, today),
        departments=world.departments,
        fallback=world.fallback,
    )


async def _look(connection: AsyncConnection, step: Step, case: Case | None, policy: Policy) -> _World:
    """The world as somebody sees it who knows the policy already."""
    grid = case.grid if case is not None else _reported_in(step)
    values = {"grid": grid, **_asked(step, policy.zone, policy.fallback_owner)}
    (found,) = await first_row(connection, _AT_A_PLACE, values)
    return _read(found)


async def _with_holders(
    connection: AsyncConnection, units: tuple[Unit, ...], case: Case | None, now: datetime, today: date
) -> tuple[Unit, ...]:
    """Who holds which role where, looked up only when something has fallen due: a step may want to reach them."""
    wakes = next_wake_up(case) if case is not None else None
    return units if wakes is None or wakes > now else await with_holders(connection, units, now, today)


def _reported_in(step: Step) -> str | None:
    return step.command.grid if isinstance(step.command, Report) else None


def _asked(step: Step, zone: str, fallback: str) -> dict[str, object]:
    return {"today": _day(step, zone), "now": step.at, "person": step.actor.person, "fallback": fallback}


def _day(step: Step, zone: str) -> date:
    return step.at.astimezone(ZoneInfo(zone)).date()


async def read_person(connection: AsyncConnection, person: UUID) -> Person | None:
    """The person with all their roles, past and future ones too; None when there is none."""
    row = await first_row(connection, _ONE_PERSON, {"person": person})
    return None if row is None or row[0] is None else Person.model_validate(row[0])


async def local_day(connection: AsyncConnection, now: datetime) -> Any:
    """The date at `now` where the newest policy applies."""
    policy = await policy_version(connection, await newest_version(connection))
    return now.astimezone(ZoneInfo(policy.zone)).date()


async def _asked_for(connection: AsyncConnection, step: Step, today: object, in_force: int) -> dict[str, Any]:
    """What only this kind of command needs to know."""
    command = step.command
    found: dict[str, Any] = {}
    match command:
        case Adopt(version=version):
            found["adoptable"] = await policy_if_in_force(connection, version, step.at)
        case Transfer(to_person=str(username)):
            found["colleague"] = await connection.scalar(_BY_USERNAME, {"username": username})
        case Merge(into=case_no):
            found["lead"] = await _lead(connection, case_no)
        case Relocate(grid=grid):
            found["target_units"] = await connection.scalar(_ONE_GRID, {"grid": grid, "today": today})
        case Split(parts=parts):
            found["opens_under"] = await policy_version(connection, in_force)
            found["target_units"] = await _units(connection, [part.grid for part in parts if part.grid], today)
        case PassReview(release_photos=(_, *_)):
            facts = await facts_of(connection, step.report_id)
            found["result_photos"] = await pictures_among(connection, result_evidence(facts))
    named = getattr(command, "attachments", ()) or getattr(command, "evidence", ())
    if named:
        found["unknown_attachments"] = await _unknown(connection, list(named))
    return found


async def _lead(connection: AsyncConnection, case_no: str) -> Lead | None:
    row = (
        await connection.execute(
            text("SELECT case_no, report_id, closed_at IS NULL AS is_open FROM cases WHERE case_no = :no"),
            {"no": case_no},
        )
    ).one_or_none()
    return None if row is None else Lead(case_no=row.case_no, report_id=row.report_id, is_open=row.is_open)


async def _units(connection: AsyncConnection, codes: list[str], today: object) -> list[Unit]:
    rows = await connection.execute(
        text(
            "SELECT code, level, retired_on IS NOT NULL AND retired_on <= :today AS retired"
            " FROM grid_units WHERE code = ANY (:codes)"
        ),
        {"codes": codes, "today": today},
    )
    return [Unit(code=row.code, level=row.level, retired=row.retired) for row in rows]


async def pictures_among(connection: AsyncConnection, hashes: Sequence[str]) -> tuple[str, ...]:
    """Those attachments that are pictures, in their order: a paper may hold anything."""
    if not hashes:
        return ()
    asked = text("SELECT sha256 FROM attachments WHERE sha256 = ANY (:hashes) AND media_type LIKE 'image/%'")
    found = set((await connection.execute(asked, {"hashes": list(hashes)})).scalars())
    return tuple(sha256 for sha256 in hashes if sha256 in found)


async def _unknown(connection: AsyncConnection, hashes: list[str]) -> list[str]:
    rows = await connection.execute(
        text(
            "SELECT named FROM unnest(CAST(:hashes AS text[])) AS named"
            " WHERE NOT EXISTS (SELECT 1 FROM attachments WHERE sha256 = named)"
        ),
        {"hashes": hashes},
    )
    return [row.named for row in rows]
