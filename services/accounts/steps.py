"""Between the two steps of signing in at a page: a ticket says whose password was right, for five minutes."""

import hashlib
from datetime import datetime
from uuid import UUID

import jwt
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.settings import Settings
from infra.token_keys import read_claims, sign_claims
from models.errors import NotSignedIn
from services.accounts.sign_in import Verified

_ISSUER = "gridloop-step"
_SECONDS = 300
_READ = text("SELECT password_hash FROM people WHERE id = :person AND active")


def make_ticket(settings: Settings, verified: Verified, now: datetime) -> str:
    """Return the ticket. It opens nothing without a code, and nothing after a change of the password."""
    claims = {
        "iss": _ISSUER, "sub": str(verified.person), "name": verified.username, "keys": verified.keys,
        "pwd": _digest(verified.password_hash), "until": int(now.timestamp()) + _SECONDS,
    }  # fmt: skip
    return sign_claims(settings, claims)


async def read_ticket(engine: AsyncEngine, settings: Settings, ticket: str, now: datetime) -> Verified:
    """Return whose password was right. Raises NotSignedIn for a ticket that is not ours, or over."""
    try:
        claims = read_claims(settings, ticket, _ISSUER, ("iss", "sub", "name", "keys", "pwd", "until"))
        person, keys = UUID(claims["sub"]), tuple(str(key) for key in claims["keys"])
        over = now.timestamp() >= float(claims["until"])
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
        raise NotSignedIn() from error
    async with engine.connect() as connection:
        stored = await connection.scalar(_READ, {"person": person})
    if over or stored is None or _digest(stored) != claims["pwd"]:
        raise NotSignedIn()
    return Verified(person, str(claims["name"]), stored, enrolled=True, keys=keys)


def _digest(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()[:32]
