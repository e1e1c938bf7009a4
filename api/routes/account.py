"""Routes for the caller's own account: the password, and where they are signed in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field, SecretStr

from doors.dependencies import ServicesDep
from doors.problems import PROBLEMS
from doors.security import AnyAccess, Now
from doors.strict_json import StrictRoute
from infra.database import transaction
from models.base import Frozen
from models.errors import NoSuchSession
from services.accounts.password_changes import change_password
from services.accounts.sessions import SessionView, end_session, end_sessions, list_sessions

router = APIRouter(route_class=StrictRoute, prefix="/api/v1/me", tags=["accounts"], responses=PROBLEMS)


class PasswordChange(Frozen):
    """The present password and the new one: at least ten characters, not one's name, not easily guessed."""

    old_password: Annotated[SecretStr, Field(min_length=1, max_length=1000)]
    new_password: Annotated[SecretStr, Field(min_length=1, max_length=1000)]


class SessionList(Frozen):
    """The open sessions, the one used last first."""

    items: tuple[SessionView, ...]


class Ended(Frozen):
    """How many sessions ended."""

    ended: int


@router.post("/password", status_code=204)
async def change_own_password(body: PasswordChange, services: ServicesDep, access: AnyAccess, now: Now) -> None:
    """Changes the caller's password. Every session but this one ends."""
    old, new = body.old_password.get_secret_value(), body.new_password.get_secret_value()
    await change_password(services.engine, access.person.id, access.session, old, new, now)


@router.get("/sessions")
async def list_own_sessions(services: ServicesDep, access: AnyAccess, now: Now) -> SessionList:
    """Where the caller is signed in."""
    async with services.reading.connect() as connection:
        return SessionList(items=await list_sessions(connection, access.person.id, now, access.session))


@router.delete("/sessions/{id}", status_code=204)
async def end_own_session(id: UUID, services: ServicesDep, access: AnyAccess, now: Now) -> None:
    """Ends one of the caller's sessions."""
    async with transaction(services.engine) as connection:
        if not await end_session(connection, access.person.id, id, now):
            raise NoSuchSession()
    services.people.forget(id)


@router.delete("/sessions")
async def end_own_sessions(
    services: ServicesDep,
    access: AnyAccess,
    now: Now,
    others: Annotated[bool, Query(description="All but this one")] = False,
) -> Ended:
    """Signs the caller out everywhere."""
    async with transaction(services.engine) as connection:
        ended = await end_sessions(connection, access.person.id, now, but=access.session if others else None)
    for session in ended:
        services.people.forget(session)
    return Ended(ended=len(ended))
