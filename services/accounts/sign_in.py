"""Sign in with a password for a token, and read the person from a token."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import jwt
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.settings import Settings
from models.errors import NotSignedIn, WrongPassword
from models.tables import PersonRow
from models.text import clean_code, find_control
from services.accounts.passwords import verify_password
from services.accounts.rate_limit import Attempts

ISSUER = "gridloop"
ALGORITHM = "HS256"


@dataclass(frozen=True)
class Token:
    """A bearer token; `expires_in` is in seconds."""

    access_token: str
    expires_in: int


@dataclass(frozen=True)
class Claims:
    """The content of a valid token."""

    person: UUID
    username: str
    issued_at: datetime
    expires_at: datetime


async def sign_in(
    engine: AsyncEngine,
    settings: Settings,
    attempts: Attempts,
    username: str,
    password: str,
    *,
    client: str,
    now: datetime,
) -> Token:
    """Return a token for the person of that name and password.

    Raises WrongPassword for an unknown name, a person without a password or who has left, and a wrong password; neither
    the message nor the time tells which. Raises TooManyAttempts after ten failures in five minutes under this name from
    this `client`.
    """
    record = attempts.record(username.casefold()[:200], client)
    # One at a time per name and client, so that parallel guesses count like sequential ones.
    async with record.lock:
        record.check(now)
        person, password_hash = await _credentials(engine, username)
        right = await asyncio.to_thread(verify_password, password_hash, password)
        if not right or person is None:
            record.fail(now)
            raise WrongPassword()
        record.clear()
    return issue_token(settings, person, username, now)


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


def issue_token(settings: Settings, person: UUID, username: str, now: datetime) -> Token:
    """Return a signed token for the person, valid for `settings.token_minutes` from `now`."""
    seconds = settings.token_minutes * 60
    issued = int(now.timestamp())
    claims = {"sub": str(person), "name": username, "iat": issued, "exp": issued + seconds, "iss": ISSUER}
    return Token(jwt.encode(claims, settings.token_secret.get_secret_value(), ALGORITHM), seconds)


def read_token(settings: Settings, token: str, now: datetime) -> Claims:
    """Return the claims of a token that we signed and that is valid at `now`. Raises NotSignedIn."""
    try:
        claims = jwt.decode(
            token,
            settings.token_secret.get_secret_value(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            # Checked below against `now`; the library would use the system clock.
            options={"require": ["sub", "iat", "exp", "iss"], "verify_exp": False, "verify_iat": False},
        )
        found = Claims(
            person=UUID(claims["sub"]),
            username=str(claims.get("name", "")),
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError) as error:
        raise NotSignedIn() from error
    if now >= found.expires_at:
        raise NotSignedIn()
    return found
