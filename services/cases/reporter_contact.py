"""Show the last digits of a reporter's phone number to those who speak with reporters."""

from datetime import date
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.reporters import read_contact
from models.case import Case
from models.context import Person
from models.errors import KeysAway
from rules.scope import speaks_with_reporter

log = structlog.get_logger(__name__)

#: In place of a number that can't be opened, because the keys are away.
KEYS_AWAY = "?"


async def masked_phone(
    connection: AsyncConnection, case: Case, person: Person, day: date, *, anonymous: bool
) -> str | None:
    """Return the reporter's number with all but its last digits hidden; `KEYS_AWAY` while it can't be opened.

    None where no number was given, the reporter wants to stay anonymous or was erased, or `person` does not speak with
    reporters.
    """
    if case.reporter_ref is None or not speaks_with_reporter(person, case, day):
        return None
    if anonymous:
        return None
    try:
        contact = await read_contact(connection, case.reporter_ref)
    except KeysAway:
        log.warning("keys of reporters away", report_id=str(case.report_id))
        return KEYS_AWAY
    return None if contact is None or contact.phone is None else mask(contact.phone)


async def phone_of(connection: AsyncConnection, report_id: UUID) -> str | None:
    """Return the number that the reporter of a case gave, for internal use; never to be shown. Raises KeysAway."""
    reference = await connection.scalar(text("SELECT reporter_ref FROM cases WHERE report_id = :id"), {"id": report_id})
    contact = None if reference is None else await read_contact(connection, reference)
    return None if contact is None else contact.phone


def mask(phone: str) -> str:
    """Return `13987654321` as `*******4321`; a short number keeps only two digits."""
    digits = "".join(char for char in phone if char.isdecimal())
    kept = 4 if len(digits) > 7 else 2
    return "*" * (len(digits) - kept) + digits[-kept:]
