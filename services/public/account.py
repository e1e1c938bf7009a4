"""The account (公众) that acts for people without one."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.context import Grant, Person
from models.enums import Role
from models.wire_names import PUBLIC

USERNAME = "public"
NAME = "公众"
_SINCE = date(2020, 1, 1)


async def public_account(connection: AsyncConnection) -> Person:
    """Return the account, created when it is first needed. It has no password and may report anywhere."""
    await connection.execute(
        text(
            "INSERT INTO people (id, username, name, active, password_hash) VALUES (:id, :username, :name, true, NULL)"
            " ON CONFLICT DO NOTHING"
        ),
        {"id": PUBLIC, "username": USERNAME, "name": NAME},
    )
    await connection.execute(
        text(
            "INSERT INTO grants (id, person, role, grid, department, since, until)"
            " VALUES (:id, :id, :role, NULL, NULL, :since, NULL) ON CONFLICT DO NOTHING"
        ),
        {"id": PUBLIC, "role": Role.REPORTER, "since": _SINCE},
    )
    grant = Grant(role=Role.REPORTER, grid=None, department=None, since=_SINCE)
    return Person(id=PUBLIC, username=USERNAME, grants=(grant,))
