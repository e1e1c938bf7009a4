"""Absences and shifts, changed by administrators."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from models.context import Person
from models.enums import Role
from services.admin.rights import begin_change
from services.organisation import roster
from services.organisation.roster import AbsenceDraft, ShiftDraft


async def put_absence(connection: AsyncConnection, person: Person, draft: AbsenceDraft, now: datetime) -> bool:
    """Store an absence; return whether anything changed. Raises NotYours, and InputError at the field that is wrong."""
    await begin_change(connection, person, now, "people absent")
    return await roster.put_absence(connection, draft, now)


async def cancel_absence(connection: AsyncConnection, person: Person, username: str, day: date, now: datetime) -> None:
    """Cancel an absence. Raises NotYours, and InputError when there is none."""
    await begin_change(connection, person, now, "people absent")
    await roster.cancel_absence(connection, username, day, now)


async def put_shift(connection: AsyncConnection, person: Person, draft: ShiftDraft, now: datetime) -> bool:
    """Store a shift; return whether anything changed. Raises NotYours, and InputError at the field that is wrong."""
    await begin_change(connection, person, now, "people shift")
    return await roster.put_shift(connection, draft, now)


async def cancel_shift(
    connection: AsyncConnection, person: Person, unit: str, role: Role, username: str, at: datetime, now: datetime
) -> None:
    """Cancel a shift. Raises NotYours, and InputError when there is none."""
    await begin_change(connection, person, now, "people shift")
    await roster.cancel_shift(connection, unit, role, username, at, now)
