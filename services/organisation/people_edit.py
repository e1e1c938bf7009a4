"""One person at a time: name, presence, and roles with their dates, changed in the caller's transaction."""

from asyncio import to_thread
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Code, Frozen
from models.enums import Role
from models.errors import InputError, NoSuchPage
from models.ids import derived_id
from services.accounts.passwords import hash_password
from services.organisation.people_files import GrantEntry, Name, grant_faults
from services.organisation.people_store import known_departments, known_grids


class NewPerson(Frozen):
    """A person to add. `password` is their first one; without one they can't sign in yet."""

    username: Code
    name: Name
    password: Annotated[SecretStr, Field(min_length=8, max_length=200)] | None = None


class NewGrant(GrantEntry):
    """A role to give, from a day on."""

    since: date


@dataclass(frozen=True)
class HeldGrant:
    """A role that somebody holds, held or will hold."""

    id: UUID
    role: Role
    grid: str | None
    department: str | None
    since: date
    until: date | None


@dataclass(frozen=True)
class KnownPerson:
    """A person with every role, past and future ones included."""

    username: str
    name: str
    active: bool
    can_sign_in: bool
    password_first: bool
    password_set_at: datetime | None
    second_factor: bool
    grants: tuple[HeldGrant, ...]


async def read_known(connection: AsyncConnection, username: str) -> KnownPerson:
    """Return a person, those who have left included. Raises NoSuchPage."""
    row = (
        await connection.execute(
            text(
                "SELECT id, name, active, password_hash IS NOT NULL AS signs, password_first, password_set_at,"
                " EXISTS (SELECT 1 FROM second_factors f WHERE f.person = people.id"
                " AND f.confirmed_at IS NOT NULL) AS second FROM people WHERE username = :u"
            ),
            {"u": username},
        )
    ).one_or_none()
    if row is None:
        raise NoSuchPage(what=f"person {username}")
    grants = await connection.execute(
        text(
            "SELECT id, role, grid, department, since, until FROM grants WHERE person = :p"
            " ORDER BY until DESC NULLS FIRST, since, role, grid, department"
        ),
        {"p": row.id},
    )
    held = tuple(HeldGrant(g.id, Role(g.role), g.grid, g.department, g.since, g.until) for g in grants)
    return KnownPerson(
        username, row.name, row.active, row.signs, row.password_first, row.password_set_at, row.second, held
    )


async def find_left(connection: AsyncConnection, words: str) -> tuple[tuple[str, str], ...]:
    """Return user name and name of those who have left and whose name or user name has the words, at most fifty."""
    rows = await connection.execute(
        text(
            "SELECT username, name FROM people WHERE NOT active"
            " AND (strpos(lower(name), lower(:words)) > 0 OR strpos(lower(username), lower(:words)) > 0)"
            " ORDER BY username LIMIT 50"
        ),
        {"words": words},
    )
    return tuple((row.username, row.name) for row in rows)


async def add_person(connection: AsyncConnection, person: NewPerson) -> None:
    """Add a person without roles. Raises InputError when the user name is taken, also by somebody who has left."""
    secret = None if person.password is None else person.password.get_secret_value()
    # Hashing takes long by design: in a thread, so that the event loop stays free.
    password = None if secret is None else await to_thread(hash_password, secret)
    added = await connection.execute(
        text(
            "INSERT INTO people (id, username, name, active, password_hash, password_first, password_set_at)"
            " VALUES (:id, :username, :name, true, CAST(:hash AS text), CAST(:hash AS text) IS NOT NULL,"
            " CASE WHEN CAST(:hash AS text) IS NOT NULL THEN now() END)"
            " ON CONFLICT (username) DO NOTHING RETURNING id"
        ),
        {
            "id": derived_id("person", person.username),
            "username": person.username,
            "name": person.name,
            "hash": password,
        },
    )  # fmt: skip
    if added.first() is None:
        name = await connection.scalar(text("SELECT name FROM people WHERE username = :u"), {"u": person.username})
        zh, en = f"用户名“{person.username}”已有:{name}", f"the user name “{person.username}” is taken by {name}"
        raise InputError(pointer="/username", why_zh=zh, why_en=en)


async def change_person(connection: AsyncConnection, username: str, name: str, *, active: bool, today: date) -> None:
    """Change a person's name, or whether they are here. Raises NoSuchPage, InputError for the last administrator."""
    changed = await connection.execute(
        text("UPDATE people SET name = :name, active = :active WHERE username = :u RETURNING id"),
        {"u": username, "name": name, "active": active},
    )
    if changed.first() is None:
        raise NoSuchPage(what=f"person {username}")
    if not active:  # who comes back later signs in anew
        left = text(
            "UPDATE sessions SET ended_at = now() FROM people p"
            " WHERE p.id = sessions.person AND p.username = :u AND ended_at IS NULL"
        )
        await connection.execute(left, {"u": username})
        revoked = text(
            "UPDATE personal_tokens SET revoked_at = now() FROM people p"
            " WHERE p.id = personal_tokens.person AND p.username = :u AND revoked_at IS NULL"
        )
        await connection.execute(revoked, {"u": username})
    await _keep_an_administrator(connection, today)


async def add_grant(connection: AsyncConnection, username: str, grant: NewGrant) -> None:
    """Give a role. Raises NoSuchPage, and InputError for what does not fit or is held already from that day."""
    person = await _id_of(connection, username)
    faults = grant_faults(grant, grant.since, await known_departments(connection), await known_grids(connection))
    for field, zh, en in faults:
        raise InputError(pointer=f"/{field}", why_zh=zh, why_en=en)
    overlapping = await connection.scalar(
        text(
            "SELECT since FROM grants WHERE person = :person AND role = :role AND grid IS NOT DISTINCT FROM :grid"
            " AND department IS NOT DISTINCT FROM :department AND since <= coalesce(:until, 'infinity'::date)"
            " AND (until IS NULL OR until >= :since) LIMIT 1"
        ),
        {**grant.model_dump(mode="python"), "role": grant.role.value, "person": person},
    )
    if overlapping is not None:
        zh, en = f"已有同一角色,自 {overlapping} 起", f"the same role is held from {overlapping} on"
        raise InputError(pointer="/role", why_zh=zh, why_en=en)
    await connection.execute(
        text(
            "INSERT INTO grants (id, person, role, grid, department, since, until)"
            " VALUES (:id, :person, :role, :grid, :department, :since, :until) ON CONFLICT (id) DO NOTHING"
        ),
        {
            **grant.model_dump(), "role": grant.role.value, "person": person,
            "id": derived_id("grant", person, grant.role, grant.grid, grant.department, grant.since),
        },
    )  # fmt: skip


async def end_grant(connection: AsyncConnection, username: str, grant: UUID, last: date, *, today: date) -> None:
    """End a role with the day `last`; one that would end before it begins is removed.

    Raises NoSuchPage, and InputError for a day before yesterday (what was done in the role stays true) and for the last
    administrator.
    """
    person = await _id_of(connection, username)
    if last < today - timedelta(days=1):
        zh, en = f"最后一天 {last} 早于昨天", f"the last day, {last}, is before yesterday"
        raise InputError(pointer="/until", why_zh=zh, why_en=en)
    values = {"id": grant, "person": person, "last": last}
    found = await connection.execute(
        text("UPDATE grants SET until = :last WHERE id = :id AND person = :person AND since <= :last RETURNING id"),
        values,
    )
    if found.first() is None:
        gone = await connection.execute(
            text("DELETE FROM grants WHERE id = :id AND person = :person AND since > :last RETURNING id"), values
        )
        if gone.first() is None:
            raise NoSuchPage(what=f"role {grant}")
    await _keep_an_administrator(connection, today)


async def _id_of(connection: AsyncConnection, username: str) -> UUID:
    found: UUID | None = await connection.scalar(text("SELECT id FROM people WHERE username = :u"), {"u": username})
    if found is None:
        raise NoSuchPage(what=f"person {username}")
    return found


async def _keep_an_administrator(connection: AsyncConnection, today: date) -> None:
    """Raise InputError if from today on nobody could administer: nobody could put it right through the pages."""
    left = await connection.scalar(
        text(
            "SELECT 1 FROM grants g JOIN people p ON p.id = g.person WHERE p.active AND g.role = 'admin'"
            " AND g.grid IS NULL AND g.since <= :today AND (g.until IS NULL OR g.until >= :today) LIMIT 1"
        ),
        {"today": today},
    )
    if left is None:
        zh, en = "这样就没有管理员了", "nobody would be left to administer"
        raise InputError(pointer="/role", why_zh=zh, why_en=en)
