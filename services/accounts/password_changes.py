"""A password changed by its owner, or reset by an administrator: either ends the other sessions, in one transaction."""

import asyncio
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import Acting, transaction
from models.errors import NoSuchPage, PasswordChangedMeanwhile, WeakPassword, WrongOldPassword
from services.accounts.attempts import count_attempt, person_keys, succeeded
from services.accounts.password_rules import check_password
from services.accounts.passwords import hash_password, verify_password
from services.accounts.sessions import end_sessions

#: Letters and digits that are not mistaken for each other, for first passwords that are read out or copied by hand.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_READ = text("SELECT id, username, name, password_hash FROM people WHERE id = :person")
_READ_BY_NAME = text("SELECT id, username, name, password_hash FROM people WHERE username = :username")
# Only while the password is still the one that was read: of two changes at once one is refused.
_CHANGE = text("""
UPDATE people SET password_hash = :fresh, password_first = :first, password_set_at = :now
WHERE id = :id AND password_hash IS NOT DISTINCT FROM :read RETURNING id
""")


def make_first_password() -> str:
    """Return a random first password of twelve characters (59 bits), in groups of four."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))


async def change_password(
    engine: AsyncEngine, person: UUID, session: UUID, old: str, new: str, now: datetime
) -> None:  # fmt: skip
    """Change one's own password, and end every session but this one.

    Raises TooManyAttempts, WrongOldPassword, WeakPassword, or PasswordChangedMeanwhile when it was changed elsewhere at
    the same time.
    """
    async with engine.connect() as connection:
        row = (await connection.execute(_READ, {"person": person})).one()
    await count_attempt(engine, keys := person_keys(person), now)
    # Both are slow by design: in a thread, so that the event loop stays free.
    if not await asyncio.to_thread(verify_password, row.password_hash, old):
        raise WrongOldPassword(pointer="/old_password")
    await asyncio.to_thread(_check_new, new, old, row.username, row.name)
    fresh = await asyncio.to_thread(hash_password, new)
    async with transaction(engine, Acting("own password", row.id)) as connection:
        values = {"id": row.id, "fresh": fresh, "first": False, "now": now, "read": row.password_hash}
        if await connection.scalar(_CHANGE, values) is None:
            raise PasswordChangedMeanwhile()
        await succeeded(connection, keys, now)
        await end_sessions(connection, row.id, now, but=session)


def _check_new(new: str, old: str, username: str, name: str) -> None:
    """Raise WeakPassword for a new password that will not do, the old one included."""
    check_password(new, username, name)
    if new == old:
        raise WeakPassword(pointer="/new_password", why_zh="与原密码相同", why_en="it is the present one")


async def reset_password(connection: AsyncConnection, username: str, password: str | None, now: datetime) -> str:
    """Give somebody a first password, which they must change, and end their sessions. Return it.

    Without `password` one is made by chance. Raises NoSuchPage, WeakPassword, or PasswordChangedMeanwhile when somebody
    else changed it at the same time.
    """
    row = (await connection.execute(_READ_BY_NAME, {"username": username})).one_or_none()
    if row is None:
        raise NoSuchPage(what=f"person {username}")
    if password is not None:
        await asyncio.to_thread(check_password, password, row.username, row.name)
    first = password or make_first_password()
    values = {
        "id": row.id, "fresh": await asyncio.to_thread(hash_password, first), "first": True, "now": now,
        "read": row.password_hash,
    }  # fmt: skip
    if await connection.scalar(_CHANGE, values) is None:
        raise PasswordChangedMeanwhile()
    await end_sessions(connection, row.id, now)
    return first
