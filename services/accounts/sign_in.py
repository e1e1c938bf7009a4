"""Sign in with a password for a session and its token, and read person and session from a token."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from infra.settings import Settings
from infra.token_keys import read_claims, sign_claims
from models.errors import NotSignedIn, SecondFactorRequired, WrongPassword
from models.text import clean_code, find_control
from services.accounts.attempts import KnownDevice, count_attempt, person_keys, sign_in_keys, succeeded
from services.accounts.passwords import verify_password
from services.accounts.second_factor import check_second_factor
from services.accounts.sessions import Origin, open_session
from services.accounts.turns import turn_of

ISSUER = "gridloop"


@dataclass(frozen=True)
class Token:
    """The bearer token of a session; `expires_in` is in seconds."""

    access_token: str
    expires_in: int
    session: UUID


@dataclass(frozen=True)
class Claims:
    """The content of a valid token."""

    person: UUID
    session: UUID
    username: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Verified:
    """Somebody whose password was right. `enrolled`: a second factor is to be given as well.

    `keys`: what the attempt was counted for.
    """

    person: UUID
    username: str
    password_hash: str
    enrolled: bool
    keys: tuple[str, ...] = ()


async def sign_in(
    engine: AsyncEngine,
    settings: Settings,
    username: str,
    password: str,
    *,
    origin: Origin,
    now: datetime,
    device: KnownDevice | None = None,
    otp: str | None = None,
) -> Token:
    """Open a session for the person of that name and password, and return its token. Waits for its turn.

    Raises the errors of `verify` and `complete`.
    """
    async with turn_of(origin.address):
        verified = await verify(engine, username, password, origin=origin, now=now, device=device)
        return await complete(engine, settings, verified, origin, now, otp)


async def verify(
    engine: AsyncEngine,
    username: str,
    password: str,
    *,
    origin: Origin,
    now: datetime,
    device: KnownDevice | None = None,
) -> Verified:
    """Return the person of that name and password.

    Raises WrongPassword for an unknown name, a person without a password or who has left, and a wrong password; neither
    the message nor the time tells which. Raises TooManyAttempts as `services.accounts.attempts` counts.
    """
    keys = sign_in_keys(username, origin.address, device)
    await count_attempt(engine, keys, now)
    found = await _credentials(engine, username)
    password_hash = None if found is None else found.password_hash
    right = await asyncio.to_thread(verify_password, password_hash, password)
    if not right or found is None:
        raise WrongPassword()
    return Verified(found.id, username, found.password_hash, found.enrolled, keys)


async def complete(
    engine: AsyncEngine, settings: Settings, verified: Verified, origin: Origin, now: datetime, otp: str | None
) -> Token:
    """Open a session for somebody whose password was right, and return its token.

    Raises SecondFactorRequired without the code that they owe, WrongSecondFactor, TooManyAttempts after too many of
    these, WrongPassword if the password was changed or they left meanwhile.
    """
    keys = verified.keys
    if verified.enrolled:
        if not (otp or "").strip():
            async with transaction(engine) as connection:
                await succeeded(connection, keys, now)
            raise SecondFactorRequired(pointer="/otp")
        await count_attempt(engine, person_keys(verified.person), now)
        async with transaction(engine) as connection:
            await check_second_factor(connection, settings, verified.person, otp or "", now)
        keys = (*keys, *person_keys(verified.person))
    async with transaction(engine) as connection:
        session = await open_session(
            connection, verified.person, verified.password_hash, origin, now, _lasts(settings)
        )  # fmt: skip
        if session is not None:
            await succeeded(connection, keys, now)
    if session is None:
        raise WrongPassword()
    return issue_token(settings, verified.person, verified.username, now, session)


async def sign_in_trusted(
    engine: AsyncEngine, settings: Settings, person: UUID, username: str, origin: Origin, now: datetime
) -> Token:
    """Open a session for a person for whom somebody else vouches, and return its token. Raises NotSignedIn if they have
    left.
    """
    async with transaction(engine) as connection:
        session = await open_session(connection, person, None, origin, now, _lasts(settings), trusted=True)
    if session is None:
        raise NotSignedIn()
    return issue_token(settings, person, username, now, session)


def _lasts(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.token_minutes)


_CREDENTIALS = text("""
SELECT p.id, p.password_hash, EXISTS (
    SELECT 1 FROM second_factors f WHERE f.person = p.id AND f.confirmed_at IS NOT NULL) AS enrolled
FROM people p WHERE p.username = :username AND p.active
""")


async def _credentials(engine: AsyncEngine, username: str) -> Any:
    """Return id, hash of the password and `enrolled` of whoever may sign in under that name; None for nobody."""
    username = clean_code(username)
    if find_control(username):
        return None
    async with engine.connect() as connection:
        return (await connection.execute(_CREDENTIALS, {"username": username})).one_or_none()


def issue_token(settings: Settings, person: UUID, username: str, now: datetime, session: UUID) -> Token:
    """Return a signed token for a session of the person, valid for `settings.token_minutes` from `now`."""
    seconds = settings.token_minutes * 60
    issued = int(now.timestamp())
    claims = {
        "sub": str(person), "sid": str(session), "name": username, "iat": issued, "exp": issued + seconds,
        "iss": ISSUER,
    }  # fmt: skip
    return Token(sign_claims(settings, claims), seconds, session)


def read_token(settings: Settings, token: str, now: datetime) -> Claims:
    """Return the claims of a token that we signed and that is valid at `now`. Raises NotSignedIn."""
    try:
        # The time is checked below against `now`.
        claims = read_claims(settings, token, ISSUER, ("sub", "sid", "iat", "exp", "iss"), timed=False)
        found = Claims(
            person=UUID(claims["sub"]),
            session=UUID(claims["sid"]),
            username=str(claims.get("name", "")),
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise NotSignedIn() from error
    if now >= found.expires_at:
        raise NotSignedIn()
    return found
