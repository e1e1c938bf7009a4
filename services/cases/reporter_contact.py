"""Show the last digits of a reporter's phone number to those who speak with reporters."""

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.case import Case
from models.context import Person
from rules.scope import speaks_with_reporter

_PHONE = text("SELECT phone FROM reporters WHERE id = :reference AND NOT anonymous")


async def masked_phone(connection: AsyncConnection, case: Case, person: Person, day: date) -> str | None:
    """Return the reporter's number with all but its last digits hidden.

    None where no number was given, the reporter wants to stay anonymous, or `person` does not speak with reporters.
    """
    if case.reporter_ref is None or not speaks_with_reporter(person, case, day):
        return None
    phone: str | None = await connection.scalar(_PHONE, {"reference": case.reporter_ref})
    return None if phone is None else mask(phone)


async def phone_of(connection: AsyncConnection, report_id: UUID) -> str | None:
    """Return the number that the reporter of a case gave, for internal use; never to be shown."""
    statement = text("SELECT r.phone FROM reporters r JOIN cases c ON c.reporter_ref = r.id WHERE c.report_id = :id")
    found: str | None = await connection.scalar(statement, {"id": report_id})
    return found


def mask(phone: str) -> str:
    """Return `13987654321` as `*******4321`; a short number keeps only two digits."""
    digits = "".join(char for char in phone if char.isdecimal())
    kept = 4 if len(digits) > 7 else 2
    return "*" * (len(digits) - kept) + digits[-kept:]
