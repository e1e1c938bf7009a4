"""The account (Open311 接口) that reports and speaks for programs with a key."""

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.machine_accounts import SINCE, ensure_account
from models.context import Grant, Person
from models.enums import Role
from models.wire_names import OPEN311

USERNAME = "open311"
NAME = "Open311 接口"


async def open311_account(connection: AsyncConnection) -> Person:
    """Return the account, created when it is first needed. It has no password and may report anywhere: a key says where
    a program may (`services.open311.keys`)."""
    await ensure_account(connection, OPEN311, USERNAME, NAME)
    grant = Grant(role=Role.REPORTER, grid=None, department=None, since=SINCE)
    return Person(id=OPEN311, username=USERNAME, grants=(grant,))
