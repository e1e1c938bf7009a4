"""What people do about their own second factor, each in a transaction. Codes count as attempts, as at a sign-in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from infra.settings import Settings
from models.context import Person
from models.errors import SecondFactorNeeded
from services.accounts.attempts import count_attempt, person_keys, succeeded
from services.accounts.second_factor import (
    Enrolment,
    SecondFactor,
    begin_enrolment,
    check_second_factor,
    confirm_enrolment,
    read_second_factor,
    remove_second_factor,
    renew_recovery_codes,
)
from services.accounts.sessions import end_sessions


async def read(engine: AsyncEngine, person: UUID) -> SecondFactor:
    """Return what the person has as a second factor."""
    async with engine.connect() as connection:
        return await read_second_factor(connection, person)


async def begin(engine: AsyncEngine, settings: Settings, person: Person) -> Enrolment:
    """Return the secret to enrol with. Raises SecondFactorExists."""
    async with transaction(engine) as connection:
        return await begin_enrolment(connection, settings, person.id, person.username)


async def confirm(
    engine: AsyncEngine, settings: Settings, person: UUID, session: UUID, code: str, now: datetime
) -> tuple[str, ...]:
    """Begin to ask for codes; return the recovery codes. The other sessions, opened without a code, end.

    Raises WrongSecondFactor, SecondFactorExists, TooManyAttempts.
    """
    await count_attempt(engine, person_keys(person), now)
    async with transaction(engine) as connection:
        codes = await confirm_enrolment(connection, settings, person, code, now)
        await succeeded(connection, person_keys(person), now)
        await end_sessions(connection, person, now, but=session)
        return codes


async def renew(engine: AsyncEngine, settings: Settings, person: UUID, code: str, now: datetime) -> tuple[str, ...]:
    """Return new recovery codes, against a code. Raises WrongSecondFactor, TooManyAttempts."""
    await count_attempt(engine, person_keys(person), now)
    async with transaction(engine) as connection:
        await _take(connection, settings, person, code, now)
        return await renew_recovery_codes(connection, settings, person)


async def remove(
    engine: AsyncEngine, settings: Settings, person: UUID, code: str, now: datetime, *, needed: bool
) -> None:
    """Ask the person for no code any more, against a code.

    Raises SecondFactorNeeded where a role requires it, WrongSecondFactor, TooManyAttempts.
    """
    if needed:
        raise SecondFactorNeeded()
    await count_attempt(engine, person_keys(person), now)
    async with transaction(engine) as connection:
        await _take(connection, settings, person, code, now)
        await remove_second_factor(connection, person)


async def _take(connection: AsyncConnection, settings: Settings, person: UUID, code: str, now: datetime) -> None:
    await check_second_factor(connection, settings, person, code, now)
    await succeeded(connection, person_keys(person), now)
