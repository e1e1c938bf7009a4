"""The account (公众) that acts for people without one."""

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.machine_accounts import SINCE, ensure_account
from models.context import Grant, Person
from models.enums import Role
from models.wire_names import PUBLIC

USERNAME = "public"
NAME = "公众"


async def public_account(connection: AsyncConnection) -> Person:
    """Return the account, created when it is first needed. It has no password and may report anywhere."""
    await ensure_account(connection, PUBLIC, USERNAME, NAME)
    grant = Grant(role=Role.REPORTER, grid=None, department=None, since=SINCE)
    return Person(id=PUBLIC, username=USERNAME, grants=(grant,))
