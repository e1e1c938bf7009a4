"""Signing in and out over HTTP, the same at every door."""

from datetime import datetime

from fastapi import Request, Response

from doors.client import client_address
from doors.dependencies import Services
from doors.device import device_of, remember_device
from doors.session import set_session_cookie
from infra.database import transaction
from models.errors import NotSignedIn
from services.accounts.agents import short_agent
from services.accounts.sessions import Origin, SessionKind, end_session
from services.accounts.sign_in import Token, Verified, read_token, sign_in, verify


def origin_of(request: Request, kind: SessionKind) -> Origin:
    """Return where a sign-in comes from."""
    return Origin(kind, client_address(request), short_agent(request.headers.get("user-agent", "")))


async def sign_in_from(
    request: Request, services: Services, username: str, password: str, kind: SessionKind, now: datetime,
    otp: str | None = None,
) -> Token:  # fmt: skip
    """Open a session for whoever has that name and password, and the code of the second factor where they have one.

    Raises the errors of `services.accounts.sign_in.sign_in`.
    """
    device = device_of(request, services.settings)
    origin = origin_of(request, kind)
    return await sign_in(
        services.engine, services.settings, username, password, origin=origin, now=now, device=device, otp=otp
    )


async def verify_from(
    request: Request, services: Services, username: str, password: str, kind: SessionKind, now: datetime
) -> Verified:
    """Return whoever has that name and password. Raises WrongPassword, TooManyAttempts."""
    device = device_of(request, services.settings)
    return await verify(
        services.engine, username, password, origin=origin_of(request, kind), now=now, device=device
    )  # fmt: skip


def let_in(request: Request, response: Response, services: Services, username: str, token: Token) -> None:
    """Set the cookies of a browser that has been signed in: the session, and that the device is known."""
    set_session_cookie(response, request, token.access_token, token.expires_in)
    remember_device(request, response, services.settings, username)


async def sign_out(services: Services, token: str | None, now: datetime) -> None:
    """End the session of the token; without a valid one there is none to end.

    Raises an error of the database while it is away.
    """
    if token is None:
        return
    try:
        claims = read_token(services.settings, token, now)
    except NotSignedIn:
        return
    async with transaction(services.engine) as connection:
        await end_session(connection, claims.person, claims.session, now)
    services.people.forget(claims.session)
