"""Declared interests, read by administrators and auditors and changed by administrators."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from models.context import Person
from services.admin.actions import require_action_reader
from services.admin.rights import begin_change
from services.directory.people import local_today
from services.organisation import interests
from services.organisation.interests import InterestDraft, InterestView


async def list_interests(
    connection: AsyncConnection, reader: Person, username: str, now: datetime
) -> tuple[InterestView, ...]:
    """Return what is declared of a person. Raises NotYours, NoSuchPage."""
    await require_action_reader(connection, reader, now)
    return await interests.list_interests(connection, username)


async def put_interest(
    connection: AsyncConnection, admin: Person, username: str, draft: InterestDraft, now: datetime
) -> bool:
    """Declare an interest; return whether anything changed. Raises NotYours, NoSuchPage, InputError, NotRecusable."""
    await begin_change(connection, admin, now, "people interest")
    return await interests.put_interest(connection, username, draft)


async def end_interest(
    connection: AsyncConnection, admin: Person, username: str, id_: UUID, last: date, now: datetime
) -> None:
    """End an interest with a day. Raises NotYours, NoSuchPage, InputError."""
    await begin_change(connection, admin, now, "people interest")
    await interests.end_interest(connection, username, id_, last, today=await local_today(connection, now))
