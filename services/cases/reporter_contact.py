"""How much of a reporter's number is shown, and to whom: its last digits, to those who speak with reporters."""

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.case import Case
from models.context import Person
from rules.scope import speaks_with_reporter

_PHONE = text("SELECT phone FROM reporters WHERE id = :reference AND NOT anonymous")


async def masked_phone(connection: AsyncConnection, case: Case, person: Person, day: date) -> str | None:
    """The reporter's number with all but its last digits hidden.

    None where no number was given, the reporter wants to stay anonymous, or `person` has no business with it.
    """
    if case.reporter_ref is None or not speaks_with_reporter(person, case, day):
        return None
    phone: str | None = await connection.scalar(_PHONE, {"reference": case.reporter_ref})
    return None if phone is None else mask(phone)


async def phone_of(connection: AsyncConnection, report_id: UUID) -> str | None:
    """The number that the reporter of a case gave: to be worked with, never to be shown."""
    asked = text("SELECT r.phone FROM reporters r JOIN cases c ON c.reporter_ref = r.id WHERE c.report_id = :id")
    found: str | None = await connection.scalar(asked, {"id": report_id})
    return found


def mask(phone: str) -> str:
    """`13987654321` is shown as `*******4321`; of a short number only two digits are left."""
    digits = "".join(sign for sign in phone if sign.isdecimal())
    left = 4 if len(digits) > 7 else 2
    return "*" * (len(digits) - left) + digits[-left:]
