"""Routes for signing in and out, and for the caller's own account."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from doors import session
from doors.client import client_address
from doors.dependencies import Services, ServicesDep
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from models.base import Frozen
from models.enums import Role
from rules.scope import in_force
from services.accounts.sign_in import Token, sign_in
from services.directory.people import local_today, name_of

router = APIRouter(prefix="/api/v1", tags=["accounts"], responses=PROBLEMS)


class TokenAnswer(Frozen):
    """A bearer token, good for `expires_in` seconds."""

    access_token: str
    token_type: str = "bearer"
    expires_in: int


class HeldRole(Frozen):
    """A role held today. No `grid`: every grid; no `until`: until further notice."""

    role: Role
    grid: str | None
    department: str | None
    since: date
    until: date | None


class Me(Frozen):
    """The caller, with the roles they hold today."""

    id: UUID
    username: str
    name: str
    roles: tuple[HeldRole, ...]


@router.post("/auth/token")
async def get_token(
    username: Annotated[str, Form(min_length=1, max_length=200)],
    password: Annotated[str, Form(min_length=1, max_length=1000)],
    request: Request,
    response: Response,
    services: ServicesDep,
    now: Now,
) -> TokenAnswer:
    """A token for a user name and a password (OAuth 2 password flow)."""
    token = await _sign_in(request, services, username, password, now)
    response.headers["Cache-Control"] = "no-store"
    return TokenAnswer(access_token=token.access_token, expires_in=token.expires_in)


@router.post("/auth/session", status_code=204)
async def open_session(
    username: Annotated[str, Form(min_length=1, max_length=200)],
    password: Annotated[str, Form(min_length=1, max_length=1000)],
    request: Request,
    response: Response,
    services: ServicesDep,
    now: Now,
) -> None:
    """Signs a browser in: the token is set as an HttpOnly cookie. Only for our own pages."""
    session.check_same_origin(request)
    token = await _sign_in(request, services, username, password, now)
    session.set_session_cookie(response, request, token.access_token, token.expires_in)


@router.delete("/auth/session", status_code=204)
async def close_session(request: Request, response: Response) -> None:
    """Signs the browser out."""
    session.check_same_origin(request)
    session.delete_session_cookie(response)


async def _sign_in(request: Request, services: Services, username: str, password: str, now: datetime) -> Token:
    client = client_address(request)
    return await sign_in(
        services.engine, services.settings, services.attempts, username, password, client=client, now=now
    )


@router.get("/me")
async def me(services: ServicesDep, caller: Caller, now: Now) -> Me:
    """The caller, with the roles they hold today."""
    async with services.reading.connect() as connection:
        name = await name_of(connection, caller.id)
        day = await local_today(connection, now)
    roles = tuple(HeldRole(**grant.model_dump(exclude={"path"})) for grant in in_force(caller, day))
    return Me(id=caller.id, username=caller.username, name=name, roles=roles)
