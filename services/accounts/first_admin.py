"""The first administrator of a new system, who puts in everybody else."""

import asyncio
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.enums import Role
from models.errors import InputError
from models.ids import derived_id
from services.accounts.password_changes import make_first_password
from services.accounts.password_rules import check_password
from services.accounts.passwords import hash_password

_ADMINS = text("""
SELECT p.username FROM people p JOIN grants g ON g.person = p.id
WHERE p.active AND p.password_hash IS NOT NULL AND g.role = 'admin' AND g.grid IS NULL
  AND g.since <= :today AND (g.until IS NULL OR g.until >= :today) ORDER BY p.username
""")
_ADD = text("""
INSERT INTO people (id, username, name, active, password_hash, password_first, password_set_at)
VALUES (:id, :username, :name, true, :hash, true, :now) ON CONFLICT (username) DO NOTHING RETURNING id
""")
_GRANT = text("""
INSERT INTO grants (id, person, role, grid, department, since, until)
VALUES (:id, :person, 'admin', NULL, NULL, :since, NULL)
""")
#: Of two commands at once the second waits for the first, and is then refused.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('first administrator'))")


async def find_admins(connection: AsyncConnection, today: date) -> tuple[str, ...]:
    """Return the user names of those who can administer today."""
    return tuple((await connection.execute(_ADMINS, {"today": today})).scalars())


async def add_first_admin(
    connection: AsyncConnection, username: str, name: str, password: str | None, now: datetime, today: date
) -> str:
    """Add the first administrator, with every right from today on; return their first password, made by chance unless
    given.

    Raises InputError when there is an administrator already, or the user name is taken; WeakPassword.
    """
    await connection.execute(_ONE_AT_A_TIME)
    there = await find_admins(connection, today)
    if there:
        names = ", ".join(there)
        zh = f"已有管理员:{names}。其他管理员由其在“人员与角色”中添加;忘记密码用 people passwd"
        en = (
            f"there is an administrator already: {names}. They add others under “People and roles”; a forgotten"
            " password is reset by people passwd"
        )
        raise InputError(pointer="/username", why_zh=zh, why_en=en)
    if password is not None:
        await asyncio.to_thread(check_password, password, username, name)
    first = password or make_first_password()
    values = {
        "id": derived_id("person", username), "username": username, "name": name,
        "hash": await asyncio.to_thread(hash_password, first), "now": now,
    }  # fmt: skip
    person = await connection.scalar(_ADD, values)
    if person is None:
        zh, en = f"用户名“{username}”已有", f"the user name “{username}” is taken"
        raise InputError(pointer="/username", why_zh=zh, why_en=en)
    grant = derived_id("grant", person, Role.ADMIN, None, None, today)
    await connection.execute(_GRANT, {"id": grant, "person": person, "since": today})
    return first
