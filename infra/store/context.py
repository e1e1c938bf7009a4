"""The context of a decision, read in one statement: the case and the organisation around it.

Nothing is locked: `cases.append_facts` stores the decision only if the case is still as it was read. The statement
needs the park's zone and the fallback owner, which are in the policy. They are taken from the policy used last; when
that was the wrong one, the organisation is read again.
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

from infra.store.around_case import (
    read_answer,
    read_claimant,
    read_enterprise,
    read_lead,
    read_review_and_reach,
)
from infra.store.attachments import known_files
from infra.store.cases import read_facts
from infra.store.chain import LAST_LINK, parse_link
from infra.store.criteria.conflicts import described
from infra.store.driver import first_row
from infra.store.holders import with_holders
from infra.store.matters.emergency import running_codes
from infra.store.policies import last_used_policy, newest_version, policy_if_in_force, policy_version, version_in_force
from infra.store.world_json import PERSON_JSON, units_json
from models.base import STORED, Frozen
from models.case import Case
from models.commands import (
    Accept,
    Adopt,
    AssignReviewer,
    LiftRecusal,
    Merge,
    PassReview,
    Recategorise,
    Recuse,
    Relocate,
    Report,
    Split,
    Transfer,
)
from models.context import Context, Department, Person, Unit
from models.enums import Stage
from models.matters.context import MatterContext
from models.messages import Step
from models.policy.document import Policy
from rules.escalation.wake_ups import next_wake_up
from rules.files_named import files_named
from rules.history.chain import Link
from rules.result_evidence import result_evidence

#: A case as parameters, where its row is not read with it.
_GIVEN = ("%(enterprise)s::text", "%(departments)s::text[]", "%(recused)s::uuid[]")
_IN_FORCE = """
    SELECT version FROM policies WHERE effective_from <= %(now)s ORDER BY effective_from DESC, version DESC LIMIT 1
"""
_WORLD = f"""
    json_build_object('units', {{units}},
        'person', {PERSON_JSON.format("p.id = %(person)s")},
        'departments',
        (SELECT coalesce(json_agg(json_build_object('id', id, 'active', active)), '[]'::json) FROM departments),
        'in_force', ({_IN_FORCE}),
        'fallback', (SELECT id FROM people WHERE username = %(fallback)s))::text
"""  # noqa: S608 only names of our own code are put in, values are parameters
_READ = (
    "coalesce(c.enterprise, %(enterprise)s::text)", "coalesce(c.departments, ARRAY[]::text[])",
    "coalesce(c.recused, ARRAY[]::uuid[])",
)  # fmt: skip
_CASE_AND_WORLD = f"""
    SELECT c.state::text,
        (SELECT digest FROM facts f WHERE f.report_id = c.report_id AND f.command_id = %(command)s LIMIT 1),
        {LAST_LINK},
        {_WORLD.format(units=units_json("%(today)s", "coalesce(c.grid, %(grid)s)", *_READ))},
        EXISTS (SELECT 1 FROM hook_subscriptions)
    FROM (SELECT) AS nothing LEFT JOIN cases c ON c.report_id = %(report)s
"""  # noqa: S608 only names of our own code are put in, values are parameters
_WORLD_ONLY = f"SELECT {_WORLD.format(units=units_json('%(today)s', '%(grid)s', *_GIVEN))}"
_ONE_PERSON = f"SELECT {PERSON_JSON.format('p.id = %(person)s')}"
_BY_USERNAME = text(f"SELECT {PERSON_JSON.format('p.username = :username')}")
_ONE_GRID = text(
    "SELECT "
    + units_json(
        ":today", ":grid", "CAST(:enterprise AS text)", "CAST(:departments AS text[])", "CAST(:recused AS uuid[])"
    )
)


class NoFallbackOwner(RuntimeError):
    """The policy's fallback owner does not exist. A case could be left without an owner, so nothing is decided."""


class _World(Frozen):
    """The organisation around a case, as one statement returns it."""

    units: tuple[Unit, ...]
    person: Person | None
    departments: tuple[Department, ...]
    in_force: int | None
    fallback: UUID | None


@lru_cache(maxsize=512)
def _parse_world(text_: str) -> _World:
    """Return the organisation from PostgreSQL's JSON text.

    Cached by that text, because people who work through a list get the same text again and again.
    """
    return _World.model_validate_json(text_)


@dataclass(frozen=True)
class CaseSnapshot:
    """A case as it was read (None: not recorded yet), with the last hash of its facts.

    `digest` is set when the step's command is recorded already. `hooked`: whether any web hook is told of facts.
    """

    case: Case | None
    digest: str | None
    link: Link | None
    world: "_WorldSnapshot"
    hooked: bool = False


@dataclass(frozen=True)
class _WorldSnapshot:
    """The organisation as JSON text, and the zone and fallback owner that it was read with."""

    json: str
    zone: str
    fallback: str


async def read_snapshot(connection: AsyncConnection, step: Step) -> CaseSnapshot:
    """Return the case of `step`, if there is one, with the organisation around it or around the reported place."""
    policy = last_used_policy(connection)
    zone, fallback = (policy.zone, policy.fallback_owner) if policy else ("UTC", "")
    row = await first_row(
        connection,
        _CASE_AND_WORLD,
        {
            "report": step.report_id,
            "command": step.id,
            "grid": _reported_grid(step),
            **_world_parameters(step, zone, fallback),
        },
    )
    case = None if row[0] is None else Case.model_validate_json(row[0], context=STORED)
    return CaseSnapshot(case, row[1], parse_link(row[2]), _WorldSnapshot(row[3], zone, fallback), row[4])


async def read_context(
    connection: AsyncConnection, step: Step, case: Case | None, snapshot: _WorldSnapshot | None = None
) -> Context:
    """Return everything that `rules.decide` may know at `step.at` besides the case. The case number comes separately.

    Raises NoPolicy or NoFallbackOwner when the system is not set up.
    """
    world = _parse_world(snapshot.json) if snapshot else None
    in_force = world.in_force if world and world.in_force else await version_in_force(connection, step.at)
    version = in_force if case is None or isinstance(step.command, Accept) else case.policy_version
    policy = await policy_version(connection, version)
    if world is None or snapshot is None or (snapshot.zone, snapshot.fallback) != (policy.zone, policy.fallback_owner):
        world = await _read_world(connection, step, case, policy)
    if world.fallback is None:
        raise NoFallbackOwner(f"there is no person {policy.fallback_owner}, the policy's fallback owner")
    today = _local_day(step, policy.zone)
    now = max(step.at, case.updated_at) if case else step.at
    return Context(
        now=now,
        today=today,
        policy=policy,
        policy_version=version,
        calendars=(await policy_version(connection, in_force)).calendars,
        calendars_version=in_force,
        person=world.person,
        units=await _with_holders(connection, world.units, case, step, now, today),
        departments=world.departments,
        fallback=world.fallback,
        claimant=await read_claimant(connection, case, today),
        enterprise=await read_enterprise(connection, getattr(step.command, "enterprise", None)),
        **await _read_for_command(connection, step, case, world.person, today, in_force),
    )


async def read_system_context(connection: AsyncConnection, case: Case, now: datetime) -> Context:
    """Return the context of a case for a decision of the system at `now`, with all role holders up to the park."""
    policy = await policy_version(connection, case.policy_version)
    in_force = await version_in_force(connection, now)
    today = now.astimezone(ZoneInfo(policy.zone)).date()
    values = {"grid": case.grid, "today": today, "now": now, "person": None, "fallback": policy.fallback_owner}
    values |= described(case)
    (found,) = await first_row(connection, _WORLD_ONLY, values)
    world = _parse_world(found)
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
        units=await with_holders(connection, world.units, now, today, case),
        departments=world.departments,
        fallback=world.fallback,
        claimant=await read_claimant(connection, case, today),
    )


async def _read_world(connection: AsyncConnection, step: Step, case: Case | None, policy: Policy) -> _World:
    """Read the organisation around the case or the reported place, with the right policy."""
    grid = case.grid if case is not None else _reported_grid(step)
    values = {"grid": grid, **_world_parameters(step, policy.zone, policy.fallback_owner)}
    values |= described(case) if case is not None else {}
    (found,) = await first_row(connection, _WORLD_ONLY, values)
    return _parse_world(found)


async def _with_holders(
    connection: AsyncConnection, units: tuple[Unit, ...], case: Case | None, step: Step, now: datetime, today: date
) -> tuple[Unit, ...]:
    """Add the role holders, but only when something has fallen due, because a ladder step may have to reach them, or
    when somebody steps aside."""
    wake_up = next_wake_up(case) if case is not None else None
    is_due = wake_up is not None and wake_up <= now
    if not is_due and not isinstance(step.command, Recuse):
        return units
    return await with_holders(connection, units, now, today, case)


def _reported_grid(step: Step) -> str | None:
    return step.command.grid if isinstance(step.command, Report) else None


def _world_parameters(step: Step, zone: str, fallback: str) -> dict[str, object]:
    return {
        "today": _local_day(step, zone), "now": step.at, "person": step.actor.person, "fallback": fallback,
        **described(None), "enterprise": getattr(step.command, "enterprise", None),
    }  # fmt: skip


def _local_day(step: Step, zone: str) -> date:
    return step.at.astimezone(ZoneInfo(zone)).date()


async def read_matter_context(
    connection: AsyncConnection, matter: UUID, grid: str | None, person: UUID | None, now: datetime
) -> MatterContext:
    """Return the context of a matter at `grid`: the policy in force at `now`, and all role holders up to the park. What
    only its kind reads is not in it yet.

    Raises NoPolicy or NoFallbackOwner when the system is not set up.
    """
    version = await version_in_force(connection, now)
    policy = await policy_version(connection, version)
    today = now.astimezone(ZoneInfo(policy.zone)).date()
    values = {"grid": grid, "today": today, "now": now, "person": person, "fallback": policy.fallback_owner}
    values |= described(None)
    (found,) = await first_row(connection, _WORLD_ONLY, values)
    world = _parse_world(found)
    if world.fallback is None:
        raise NoFallbackOwner(f"there is no person {policy.fallback_owner}, the policy's fallback owner")
    return MatterContext(
        id=matter,
        now=now,
        today=today,
        policy=policy,
        policy_version=version,
        person=world.person,
        units=await with_holders(connection, world.units, now, today),
        departments=world.departments,
        fallback=world.fallback,
    )


async def read_person(connection: AsyncConnection, person: UUID) -> Person | None:
    """Return the person with all roles, past and future ones included; None when there is none."""
    row = await first_row(connection, _ONE_PERSON, {"person": person})
    return None if row is None or row[0] is None else Person.model_validate(row[0])


async def local_day(connection: AsyncConnection, now: datetime) -> Any:
    """Return the local date at `now`, in the zone of the newest policy."""
    policy = await policy_version(connection, await newest_version(connection))
    return now.astimezone(ZoneInfo(policy.zone)).date()


async def read_units_above(connection: AsyncConnection, grid: str, today: date) -> tuple[Unit, ...]:
    """Return the unit `grid` and those above it, the nearest first; empty when there is no such unit."""
    found = await connection.scalar(_ONE_GRID, {"grid": grid, "today": today, **described(None)})
    return tuple(Unit.model_validate(unit) for unit in found or ())


async def _read_for_command(
    connection: AsyncConnection, step: Step, case: Case | None, person: Person | None, today: date, in_force: int
) -> dict[str, Any]:
    """Read the fields of the context that only this kind of command needs."""
    command = step.command
    found: dict[str, Any] = {}
    if case is not None:
        found |= await read_review_and_reach(connection, command, case, today)
        found |= await _read_policies(connection, command, case, in_force)
    match command:
        case Adopt(version=version):
            found["adoptable"] = await policy_if_in_force(connection, version, step.at)
        case (
            Transfer(to_person=str(username)) | AssignReviewer(person=username)
            | Recuse(person=username) | LiftRecusal(person=username)
        ):  # fmt: skip
            found["colleague"] = await connection.scalar(_BY_USERNAME, {"username": username})
        case Merge(into=case_no):
            found["lead"] = await read_lead(connection, case_no)
        case Relocate(grid=grid):
            found["target_units"] = await connection.scalar(
                _ONE_GRID, {"grid": grid, "today": today, **described(case)}
            )
        case Split(parts=parts):
            found["opens_under"] = await policy_version(connection, in_force)
            found["target_units"] = await _units(connection, [part.grid for part in parts if part.grid], today)
        case PassReview(release_photos=photos):
            found["answer"] = await read_answer(connection, step.report_id)
            found["running_emergencies"] = await running_codes(connection, case.case_no) if case is not None else ()
            if photos:
                facts = await read_facts(connection, step.report_id)
                found["result_photos"] = await filter_pictures(connection, result_evidence(facts))
    if files := files_named(command):
        of_system = isinstance(command, Report) and command.matter is not None
        known = await known_files(connection, None if of_system else person, files, today)
        found["unknown_attachments"] = tuple(sha256 for sha256 in files if sha256 not in known)
    return found


async def _read_policies(connection: AsyncConnection, command: object, case: Case, in_force: int) -> dict[str, Any]:
    """Read the other policy version that a case not accepted yet may need, for a category only that one has."""
    match command:
        case Accept():
            return {"received_under": await policy_version(connection, case.policy_version)}
        case Recategorise() if case.stage is Stage.RECEIVE:
            return {"opens_under": await policy_version(connection, in_force)}
    return {}


async def _units(connection: AsyncConnection, codes: list[str], today: object) -> list[Unit]:
    rows = await connection.execute(
        text(
            "SELECT code, name, level, retired_on IS NOT NULL AND retired_on <= :today AS retired"
            " FROM grid_units WHERE code = ANY (:codes)"
        ),
        {"codes": codes, "today": today},
    )
    return [Unit(code=row.code, level=row.level, name=row.name, retired=row.retired) for row in rows]


async def filter_pictures(connection: AsyncConnection, hashes: Sequence[str]) -> tuple[str, ...]:
    """Return those attachments that are pictures, in their order. A document may hold anything."""
    if not hashes:
        return ()
    statement = text("SELECT sha256 FROM attachments WHERE sha256 = ANY (:hashes) AND media_type LIKE 'image/%'")
    found = set((await connection.execute(statement, {"hashes": list(hashes)})).scalars())
    return tuple(sha256 for sha256 in hashes if sha256 in found)
