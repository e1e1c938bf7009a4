"""People and their roles, changed one at a time by administrators."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from models.context import Person
from services.admin.rights import begin_change
from services.directory.people import local_today
from services.organisation import people_edit
from services.organisation.people_edit import NewGrant, NewPerson


async def add_person(connection: AsyncConnection, admin: Person, person: NewPerson, now: datetime) -> None:
    """Add a person. Raises NotYours, and InputError when the user name is taken."""
    await begin_change(connection, admin, now, "people load")
    await people_edit.add_person(connection, person)


async def change_person(
    connection: AsyncConnection, admin: Person, username: str, name: str, *, active: bool, now: datetime
) -> None:
    """Change a person's name or presence. Raises NotYours, NoSuchPage, InputError."""
    await begin_change(connection, admin, now, "people load")
    today = await local_today(connection, now)
    await people_edit.change_person(connection, username, name, active=active, today=today)


async def add_grant(connection: AsyncConnection, admin: Person, username: str, grant: NewGrant, now: datetime) -> None:
    """Give a role. Raises NotYours, NoSuchPage, InputError."""
    await begin_change(connection, admin, now, "people load")
    await people_edit.add_grant(connection, username, grant)


async def end_grant(
    connection: AsyncConnection, admin: Person, username: str, grant: UUID, last: date, now: datetime
) -> None:
    """End a role with a day. Raises NotYours, NoSuchPage, InputError."""
    await begin_change(connection, admin, now, "people load")
    await people_edit.end_grant(connection, username, grant, last, today=await local_today(connection, now))
