"""The whole organisation, as the lint checks it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.org_alarms import list_open_alarms
from infra.store.policies import NoPolicy, newest_version, policy_version
from models.context import Grant
from models.enums import Level, Role
from models.organisation import Absence, Organisation, OrgDepartment, OrgPerson, OrgUnit, Shift
from models.policy.document import Policy

_UNITS = text("""
    SELECT code, name, level, string_to_array(ltree2text(path), '.') AS path FROM grid_units
    WHERE retired_on IS NULL OR retired_on > :today ORDER BY code
""")
_PEOPLE = text("""
    SELECT p.id, p.username, p.name, p.active, coalesce(json_agg(json_build_object('role', g.role, 'grid', g.grid,
        'department', g.department, 'since', g.since, 'until', g.until) ORDER BY g.id) FILTER (WHERE g.id IS NOT NULL),
        '[]'::json) AS grants
    FROM people p LEFT JOIN grants g ON g.person = p.id GROUP BY p.id ORDER BY p.username
""")
_DEPARTMENTS = text("SELECT id, name_zh, name_en, active FROM departments ORDER BY id")
_ABSENCES = text("""
    SELECT id, person, deputy, since, until, reason FROM absences WHERE until >= :today ORDER BY since, id
""")
_SHIFTS = text("""
    SELECT id, unit, role, person, starts_at, ends_at FROM shifts WHERE ends_at > :now ORDER BY starts_at, id
""")


async def read_organisation(connection: AsyncConnection, now: datetime) -> Organisation:
    """Return the organisation at `now`, without absences and shifts that are over."""
    policy = await _policy(connection)
    today = now.astimezone(ZoneInfo(policy.zone) if policy else UTC).date()
    return Organisation(
        now=now,
        today=today,
        policy=policy,
        units=tuple(
            OrgUnit(code=row.code, name=row.name, level=Level(row.level), path=tuple(row.path))
            for row in await connection.execute(_UNITS, {"today": today})
        ),
        people=tuple(
            OrgPerson(
                id=row.id,
                username=row.username,
                name=row.name,
                active=row.active,
                grants=tuple(Grant.model_validate(grant) for grant in row.grants),
            )
            for row in await connection.execute(_PEOPLE)
        ),
        departments=tuple(
            OrgDepartment(id=row.id, name_zh=row.name_zh, name_en=row.name_en, active=row.active)
            for row in await connection.execute(_DEPARTMENTS)
        ),
        absences=await read_absences(connection, now),
        shifts=await read_shifts(connection, now),
        alarms=await list_open_alarms(connection, now, today),
    )


async def read_absences(connection: AsyncConnection, now: datetime) -> tuple[Absence, ...]:
    """Return present and future absences."""
    policy = await _policy(connection)
    today = now.astimezone(ZoneInfo(policy.zone) if policy else UTC).date()
    return tuple(
        Absence.model_validate(dict(row._mapping)) for row in await connection.execute(_ABSENCES, {"today": today})
    )


async def read_shifts(connection: AsyncConnection, now: datetime) -> tuple[Shift, ...]:
    """Return present and future shifts."""
    return tuple(
        Shift(**{**row._mapping, "role": Role(row.role)}) for row in await connection.execute(_SHIFTS, {"now": now})
    )


async def _policy(connection: AsyncConnection) -> Policy | None:
    try:
        return await policy_version(connection, await newest_version(connection))
    except NoPolicy:
        return None
