"""Who may look at how the house is set up, and who may change it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models.context import Person
from models.enums import Role
from models.errors import NotYours
from rules.scope import in_force
from services.directory.people import local_today

#: Who looks.
LOOKERS = (Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR)


async def require_admin(connection: AsyncConnection, person: Person, now: datetime, what: str) -> None:
    """Raises NotYours for everybody who is not an administrator of the whole house."""
    day = await local_today(connection, now)
    if not any(grant.role is Role.ADMIN and grant.grid is None for grant in in_force(person, day)):
        raise NotYours(command=what, who=Role.ADMIN)


async def require_looker(connection: AsyncConnection, person: Person, now: datetime) -> None:
    """Raises NotYours for somebody without a role that looks at the set-up."""
    day = await local_today(connection, now)
    if not any(grant.role in LOOKERS for grant in in_force(person, day)):
        raise NotYours(command="admin", who=" / ".join(LOOKERS))


async def check_admin(engine: AsyncEngine, person: Person, now: datetime, what: str) -> None:
    """`require_admin` where no connection is open yet."""
    async with engine.connect() as connection:
        await require_admin(connection, person, now, what)
