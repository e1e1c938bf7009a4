"""Accounts that no person signs in with: the public (公众), and the monitoring stations (环境监测站)."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import run
from models.enums import Role

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


async def ensure_account(connection: AsyncConnection, id_: UUID, username: str, name: str) -> None:
    """Create the account if it is not there: without a password, and a reporter anywhere."""
    await run(connection, _PERSON, {"id": id_, "username": username, "name": name})
    await run(connection, _GRANT, {"id": id_, "role": Role.REPORTER, "since": SINCE})
