"""Accounts that nobody signs in with: the public (公众), the stations (环境监测站), and outside bodies (外部单位)
that act for a department."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import run
from models.enums import Role
from models.ids import derived_id

#: Since when such an account may report: before anything that is stored.
SINCE = date(2020, 1, 1)
_PERSON = """
    INSERT INTO people (id, username, name, active, password_hash) VALUES (%(id)s, %(username)s, %(name)s, true, NULL)
    ON CONFLICT DO NOTHING
"""
_GRANT = """
    INSERT INTO grants (id, person, role, grid, department, since, until)
    VALUES (%(id)s, %(id)s, %(role)s, NULL, NULL, %(since)s, NULL) ON CONFLICT DO NOTHING
"""


#: A colon stands in no user name that a person can have.
_OUTSIDE = """
    INSERT INTO people (id, username, name, active, password_hash, speaks_for)
    VALUES (%(id)s, %(username)s, %(name)s, true, NULL, %(department)s)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, speaks_for = excluded.speaks_for
    WHERE (people.name, people.speaks_for) IS DISTINCT FROM (excluded.name, excluded.speaks_for)
"""


async def ensure_account(connection: AsyncConnection, id_: UUID, username: str, name: str) -> None:
    """Create the account if it is not there: without a password, and a reporter anywhere."""
    await run(connection, _PERSON, {"id": id_, "username": username, "name": name})
    await run(connection, _GRANT, {"id": id_, "role": Role.REPORTER, "since": SINCE})


async def ensure_outside_account(connection: AsyncConnection, code: str, name: str, department: str) -> UUID:
    """Create the account of an outside body, or bring it up to date; return its id.

    `code`: `partner` for everybody whom the department sends a link, or that of a receiver. It holds no role, so nobody
    transfers anything to it and it is told nothing; what it may do follows from the department (`rules.scope`).
    """
    id_ = derived_id("outside", department if code == "partner" else code, code == "partner")
    username = f"partner:{department}" if code == "partner" else f"receiver:{code}"
    await run(connection, _OUTSIDE, {"id": id_, "username": username, "name": name, "department": department})
    return id_
