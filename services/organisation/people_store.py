"""Departments, people and grants in the database, stored in bulk; storing the same again changes nothing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.enums import Level, Role
from models.ids import derived_id


@dataclass(frozen=True, slots=True)
class DepartmentRecord:
    """A department to store."""

    id: str
    name_zh: str
    name_en: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """A role for a grid subtree and/or a department, from a date to a date, both included."""

    role: Role
    grid: str | None
    department: str | None
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person to store, with every role they hold."""

    username: str
    name: str
    grants: tuple[GrantRecord, ...]
    active: bool = True
    password_hash: str | None = None
    #: Whether the password must be changed at the first sign-in.
    password_first: bool = True


@dataclass(frozen=True, slots=True)
class Stored:
    """The effect of a load on the rows of one table."""

    inserted: int
    updated: int
    unchanged: int
    removed: int = 0


_DEPARTMENTS = text("""
INSERT INTO departments AS d (id, name_zh, name_en, active)
SELECT * FROM unnest(CAST(:id AS text[]), CAST(:zh AS text[]), CAST(:en AS text[]), CAST(:active AS bool[]))
ON CONFLICT (id) DO UPDATE SET
  name_zh = excluded.name_zh, name_en = excluded.name_en, active = excluded.active
WHERE (d.name_zh, d.name_en, d.active)
      IS DISTINCT FROM (excluded.name_zh, excluded.name_en, excluded.active)
RETURNING (xmax = 0) AS fresh
""")

# A stored password is never replaced: the one in a file is only the first.
_PEOPLE = text("""
INSERT INTO people AS p (id, username, name, active, password_hash, password_first, password_set_at)
SELECT id, username, name, active, hash, hash IS NOT NULL AND first, CASE WHEN hash IS NOT NULL THEN now() END
FROM unnest(CAST(:id AS uuid[]), CAST(:username AS text[]), CAST(:name AS text[]), CAST(:active AS bool[]),
            CAST(:hash AS text[]), CAST(:first AS bool[])) AS given (id, username, name, active, hash, first)
ON CONFLICT (username) DO UPDATE SET
  name = excluded.name, active = excluded.active,
  password_hash = coalesce(p.password_hash, excluded.password_hash),
  password_first = CASE WHEN p.password_hash IS NULL THEN excluded.password_first ELSE p.password_first END,
  password_set_at = CASE WHEN p.password_hash IS NULL THEN excluded.password_set_at ELSE p.password_set_at END
WHERE (p.name, p.active) IS DISTINCT FROM (excluded.name, excluded.active)
   OR (p.password_hash IS NULL AND excluded.password_hash IS NOT NULL)
RETURNING (xmax = 0) AS fresh
""")

# Who comes back later signs in anew.
_END_SESSIONS = text("""
UPDATE sessions SET ended_at = now() FROM people p
WHERE p.id = sessions.person AND p.username = ANY(CAST(:left AS text[])) AND sessions.ended_at IS NULL
""")

_REVOKE_TOKENS = text("""
UPDATE personal_tokens SET revoked_at = now() FROM people p
WHERE p.id = personal_tokens.person AND p.username = ANY(CAST(:left AS text[])) AND personal_tokens.revoked_at IS NULL
""")

_IDS = text("SELECT username, id FROM people WHERE username = ANY(CAST(:usernames AS text[]))")

_DELETE_OTHER_GRANTS = text("""
DELETE FROM grants
WHERE person = ANY(CAST(:people AS uuid[])) AND NOT id = ANY(CAST(:kept AS uuid[]))
""")

_GRANTS = text("""
INSERT INTO grants AS g (id, person, role, grid, department, since, until)
SELECT * FROM unnest(CAST(:id AS uuid[]), CAST(:person AS uuid[]), CAST(:role AS text[]),
                     CAST(:grid AS text[]), CAST(:department AS text[]),
                     CAST(:since AS date[]), CAST(:until AS date[]))
ON CONFLICT (id) DO UPDATE SET until = excluded.until WHERE g.until IS DISTINCT FROM excluded.until
RETURNING (xmax = 0) AS fresh
""")


async def store_departments(connection: AsyncConnection, departments: Iterable[DepartmentRecord]) -> Stored:
    """Add and update departments in the caller's transaction; none is deleted."""
    ordered = sorted(departments, key=lambda d: d.id)
    columns = {
        "id": [d.id for d in ordered],
        "zh": [d.name_zh for d in ordered],
        "en": [d.name_en for d in ordered],
        "active": [d.active for d in ordered],
    }
    rows = (await connection.execute(_DEPARTMENTS, columns)).scalars().all()
    return _stored(rows, len(ordered))


async def store_people(connection: AsyncConnection, people: Iterable[PersonRecord]) -> tuple[Stored, Stored]:
    """Add and update people in the caller's transaction, and make their grants exactly those given.

    Returns the effect on the people and on the grants. People not named keep everything; a person's stored password is
    never replaced. Usernames must differ; grids and departments must exist.
    """
    ordered = sorted(people, key=lambda person: person.username)
    columns = {
        "id": [derived_id("person", p.username) for p in ordered],
        "username": [p.username for p in ordered],
        "name": [p.name for p in ordered],
        "active": [p.active for p in ordered],
        "hash": [p.password_hash for p in ordered],
        "first": [p.password_first for p in ordered],
    }
    rows = (await connection.execute(_PEOPLE, columns)).scalars().all()
    left = {"left": [p.username for p in ordered if not p.active]}
    await connection.execute(_END_SESSIONS, left)
    await connection.execute(_REVOKE_TOKENS, left)
    return _stored(rows, len(ordered)), await _store_grants(connection, ordered)


async def _store_grants(connection: AsyncConnection, people: list[PersonRecord]) -> Stored:
    found = await connection.execute(_IDS, {"usernames": [p.username for p in people]})
    ids = {username: person for username, person in found}
    held = {
        derived_id("grant", ids[p.username], g.role, g.grid, g.department, g.since): (ids[p.username], g)
        for p in people
        for g in p.grants
    }
    deleted = await connection.execute(_DELETE_OTHER_GRANTS, {"people": list(ids.values()), "kept": list(held)})
    columns = {
        "id": list(held),
        "person": [person for person, _ in held.values()],
        "role": [g.role.value for _, g in held.values()],
        "grid": [g.grid for _, g in held.values()],
        "department": [g.department for _, g in held.values()],
        "since": [g.since for _, g in held.values()],
        "until": [g.until for _, g in held.values()],
    }
    rows = (await connection.execute(_GRANTS, columns)).scalars().all()
    return _stored(rows, len(held), deleted.rowcount)


def _stored(fresh: Collection[bool], total: int, removed: int = 0) -> Stored:
    inserted = sum(fresh)
    return Stored(inserted, len(fresh) - inserted, total - len(fresh), removed)


async def known_grids(connection: AsyncConnection) -> frozenset[str]:
    """Return the code of every grid unit, retired ones included: a past role may have been held for one."""
    return frozenset((await connection.execute(text("SELECT code FROM grid_units"))).scalars())


async def known_departments(connection: AsyncConnection, retired: bool = False) -> frozenset[str]:
    """Return the id of every active department; with `retired`, of those as well."""
    query = text("SELECT id FROM departments WHERE active OR :retired")
    return frozenset((await connection.execute(query, {"retired": retired})).scalars())


async def known_usernames(connection: AsyncConnection, active: bool = False) -> frozenset[str]:
    """Return the username of everybody; with `active`, only of people who have not left."""
    query = text("SELECT username FROM people WHERE active OR NOT :active")
    return frozenset((await connection.execute(query, {"active": active})).scalars())


async def held_posts(connection: AsyncConnection) -> frozenset[tuple[Role, Level]]:
    """Return which roles are held in units of which level, by an active person, today."""
    query = text(
        "SELECT DISTINCT g.role, u.level FROM grants g JOIN people p ON p.id = g.person"
        " JOIN grid_units u ON u.code = g.grid WHERE p.active AND u.retired_on IS NULL"
        " AND g.since <= current_date AND (g.until IS NULL OR g.until >= current_date)"
    )
    return frozenset((Role(role), Level(level)) for role, level in (await connection.execute(query)))


async def usernames_with_password(connection: AsyncConnection) -> frozenset[str]:
    """Return the username of everybody who has a password."""
    found = await connection.execute(text("SELECT username FROM people WHERE password_hash IS NOT NULL"))
    return frozenset(found.scalars())
