"""The accounts of other people, in the hands of administrators: passwords and sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.admin_actions import record_action
from models.context import Person
from models.errors import NoSuchPage, NoSuchSession
from services.accounts import password_changes, sessions
from services.accounts.second_factor import read_second_factor, remove_second_factor
from services.accounts.sessions import SessionView
from services.accounts.tokens import revoke_tokens
from services.admin.rights import begin_change, require_admin


async def reset_password(
    connection: AsyncConnection, admin: Person, username: str, password: str | None, now: datetime
) -> str:
    """Give somebody a first password, made by chance unless given, and return it. Their personal tokens are revoked.

    Raises NotYours, NoSuchPage, WeakPassword, or PasswordChangedMeanwhile for the second of two resets at once.
    """
    await begin_change(connection, admin, now, "people passwd")
    first = await password_changes.reset_password(connection, username, password, now)
    await revoke_tokens(connection, await id_of(connection, username), now, by=admin.id)
    return first


async def list_sessions(
    connection: AsyncConnection, admin: Person, username: str, now: datetime
) -> tuple[SessionView, ...]:
    """Return where somebody is signed in. Raises NotYours, NoSuchPage."""
    await require_admin(connection, admin, now, "people sessions")
    return await sessions.list_sessions(connection, await id_of(connection, username), now)


async def end_sessions(
    connection: AsyncConnection, admin: Person, username: str, session: UUID | None, now: datetime
) -> int:
    """End a session of somebody, or all of them; return how many ended. Raises NotYours, NoSuchPage, NoSuchSession."""
    await begin_change(connection, admin, now, "people sessions")
    person = await id_of(connection, username)
    if session is None:
        ended = await sessions.end_sessions(connection, person, now)
    elif await sessions.end_session(connection, person, session, now):
        ended = (session,)
    else:
        raise NoSuchSession()
    if ended:
        before = {"sessions": [str(one) for one in ended]}
        await record_action(connection, admin.id, "people sessions", ("sessions", username), before, {"sessions": []})
    return len(ended)


async def revoke_tokens_of(connection: AsyncConnection, admin: Person, username: str, now: datetime) -> int:
    """Revoke every personal token of somebody; return how many. Raises NotYours, NoSuchPage."""
    await begin_change(connection, admin, now, "token revoke")
    return await revoke_tokens(connection, await id_of(connection, username), now, by=admin.id)


async def reset_second_factor(connection: AsyncConnection, admin: Person, username: str, now: datetime) -> None:
    """Remove the second factor of somebody who lost theirs, and end their sessions. Raises NotYours, NoSuchPage."""
    await begin_change(connection, admin, now, "people reset-second-factor")
    await remove_for(connection, admin.id, username, now)


async def remove_for(connection: AsyncConnection, admin: UUID | None, username: str, now: datetime) -> None:
    """Remove the second factor of somebody, for an administrator or an operator, and write it down.

    Raises NoSuchPage where there is none.
    """
    person = await id_of(connection, username)
    there = await read_second_factor(connection, person)
    if not await remove_second_factor(connection, person):
        raise NoSuchPage(what=f"second factor of {username}")
    await sessions.end_sessions(connection, person, now)
    before = {"since": there.since, "recovery_left": there.recovery_left}
    await record_action(
        connection, admin, "people reset-second-factor", ("second_factors", username), before, {"since": None}
    )  # fmt: skip


async def id_of(connection: AsyncConnection, username: str) -> UUID:
    """Return the id of a person, those who have left included. Raises NoSuchPage."""
    found: UUID | None = await connection.scalar(text("SELECT id FROM people WHERE username = :u"), {"u": username})
    if found is None:
        raise NoSuchPage(what=f"person {username}")
    return found
