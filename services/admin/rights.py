"""The rights to read and to change the administration pages."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import Acting, note_acting
from models.context import Person
from models.enums import Role
from models.errors import NotYours
from rules.scope import in_force
from services.directory.people import local_today

#: Roles that may read the administration pages.
READERS = (Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR)


async def require_admin(connection: AsyncConnection, person: Person, now: datetime, command: str) -> None:
    """Raise NotYours for everybody who is not an administrator without a grid limit."""
    day = await local_today(connection, now)
    if not any(grant.role is Role.ADMIN and grant.grid is None for grant in in_force(person, day)):
        raise NotYours(command=command, who=Role.ADMIN)


async def begin_change(connection: AsyncConnection, person: Person, now: datetime, command: str) -> None:
    """Begin a change of the administration in the caller's transaction: what follows is written down for `person`.

    Raises NotYours, as `require_admin`.
    """
    await require_admin(connection, person, now, command)
    await note_acting(connection, Acting(command, person.id))


async def require_reader(connection: AsyncConnection, person: Person, now: datetime) -> None:
    """Raise NotYours for a person without a role that reads the administration pages."""
    day = await local_today(connection, now)
    if not any(grant.role in READERS for grant in in_force(person, day)):
        raise NotYours(command="admin", who=" / ".join(READERS))


async def check_admin(engine: AsyncEngine, person: Person, now: datetime, command: str) -> None:
    """Run `require_admin` where no connection is open yet."""
    async with engine.connect() as connection:
        await require_admin(connection, person, now, command)
