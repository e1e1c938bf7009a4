"""Sign in with a password for a session and its token, and read person and session from a token."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from infra.settings import Settings
from models.errors import NotSignedIn, WrongPassword
from models.tables import PersonRow
from models.text import clean_code, find_control
from services.accounts.attempts import KnownDevice, count_attempt, sign_in_keys, succeeded
from services.accounts.passwords import verify_password
from services.accounts.sessions import Origin, open_session

ISSUER = "gridloop"
ALGORITHM = "HS256"


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


async def sign_in(
    engine: AsyncEngine,
    settings: Settings,
    username: str,
    password: str,
    *,
    origin: Origin,
    now: datetime,
    device: KnownDevice | None = None,
) -> Token:
    """Open a session for the person of that name and password, and return its token.

    Raises WrongPassword for an unknown name, a person without a password or who has left, and a wrong password; neither
    the message nor the time tells which. Raises TooManyAttempts as `services.accounts.attempts` counts.
    """
    keys = sign_in_keys(username, origin.address, device)
    await count_attempt(engine, keys, now)
    person, password_hash = await _credentials(engine, username)
    right = await asyncio.to_thread(verify_password, password_hash, password)
    if not right or person is None:
        raise WrongPassword()
    async with transaction(engine) as connection:
        session = await open_session(connection, person, password_hash, origin, now, _lasts(settings))
        if session is not None:
            await succeeded(connection, keys, now)
    if session is None:  # the password was changed, or the person left, while it was verified
        raise WrongPassword()
    return issue_token(settings, person, username, now, session)


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


async def _credentials(engine: AsyncEngine, username: str) -> tuple[UUID | None, str | None]:
    """Return the person who may sign in under that name, with the hash of their password; None for nobody."""
    username = clean_code(username)
    if find_control(username):
        return None, None
    async with engine.connect() as connection:
        row = (
            await connection.execute(
                select(PersonRow.id, PersonRow.password_hash).where(  # type: ignore[call-overload]
                    PersonRow.username == username, PersonRow.active
                )
            )
        ).one_or_none()
    return (None, None) if row is None else (row.id, row.password_hash)


def issue_token(settings: Settings, person: UUID, username: str, now: datetime, session: UUID) -> Token:
    """Return a signed token for a session of the person, valid for `settings.token_minutes` from `now`."""
    seconds = settings.token_minutes * 60
    issued = int(now.timestamp())
    claims = {
        "sub": str(person), "sid": str(session), "name": username, "iat": issued, "exp": issued + seconds,
        "iss": ISSUER,
    }  # fmt: skip
    return Token(jwt.encode(claims, settings.token_secret.get_secret_value(), ALGORITHM), seconds, session)


def read_token(settings: Settings, token: str, now: datetime) -> Claims:
    """Return the claims of a token that we signed and that is valid at `now`. Raises NotSignedIn."""
    try:
        claims = jwt.decode(
            token,
            settings.token_secret.get_secret_value(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            # Checked below against `now`; the library would use the system clock.
            options={"require": ["sub", "sid", "iat", "exp", "iss"], "verify_exp": False, "verify_iat": False},
        )
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
