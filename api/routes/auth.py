"""Routes for signing in and out, and for the caller's own account."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from doors import session
from doors.dependencies import ServicesDep
from doors.problems import PROBLEMS
from doors.security import Bearer, Caller, Now
from doors.sign_in import let_in, sign_in_from, sign_out
from doors.strict_json import StrictRoute
from models.base import Frozen
from models.enums import Role
from rules.scope import in_force
from services.accounts.sessions import SessionKind
from services.directory.people import local_today, name_of

router = APIRouter(route_class=StrictRoute, prefix="/api/v1", tags=["accounts"], responses=PROBLEMS)


#: A code of the second factor, for those who have one: 401 `second_factor_required` asks for it.
Otp = Annotated[str | None, Form(max_length=40)]


class TokenAnswer(Frozen):
    """A bearer token, good for `expires_in` seconds."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 the name of a kind of token (RFC 6750)
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
    otp: Otp = None,
) -> TokenAnswer:
    """A token for a user name and a password (OAuth 2 password flow)."""
    token = await sign_in_from(request, services, username, password, SessionKind.API, now, otp)
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
    otp: Otp = None,
) -> None:
    """Signs a browser in: the token is set as an HttpOnly cookie. Only for our own pages."""
    session.check_same_origin(request)
    token = await sign_in_from(request, services, username, password, SessionKind.PHONE, now, otp)
    let_in(request, response, services, username, token)


class SignInMethods(Frozen):
    """How one signs in. `openid`: what the identity provider is called, at `/sign-in/openid`; None: there is none."""

    password: bool = True
    openid: str | None = None


@router.get("/auth/methods")
async def list_methods(services: ServicesDep) -> SignInMethods:
    """How one signs in here, for the phone's sign-in screen."""
    settings = services.settings
    return SignInMethods(openid=None if settings.oidc_issuer is None else settings.oidc_name)


@router.delete("/auth/session", status_code=204)
async def close_session(
    request: Request, response: Response, bearer: Bearer, services: ServicesDep, now: Now
) -> None:  # fmt: skip
    """Signs out: the session of the bearer token, or else of the browser, ends; its token is worth nothing any more."""
    if bearer is None:
        session.check_same_origin(request)
    await sign_out(services, bearer or session.session_token(request), now)
    session.delete_session_cookie(response)


@router.get("/me")
async def me(services: ServicesDep, caller: Caller, now: Now) -> Me:
    """The caller, with the roles they hold today."""
    async with services.reading.connect() as connection:
        name = await name_of(connection, caller.id)
        day = await local_today(connection, now)
    roles = tuple(HeldRole(**grant.model_dump(exclude={"path"})) for grant in in_force(caller, day))
    return Me(id=caller.id, username=caller.username, name=name, roles=roles)
