"""A device on which somebody has signed in before, known by a signed cookie.

It says who has signed in there, by digests of user names, and opens nothing: attempts from it are only counted apart.
"""

from uuid import UUID, uuid4

import jwt
from fastapi import Request, Response

from doors.client import is_https
from infra.settings import Settings
from infra.token_keys import read_claims, sign_claims
from services.accounts.attempts import KnownDevice, account_digest

COOKIE = "gridloop_device"
_ISSUER = "gridloop-device"
_YEAR = 365 * 24 * 3600
#: The accounts that a device remembers, the last ones.
_MOST_ACCOUNTS = 20


def device_of(request: Request, settings: Settings) -> KnownDevice | None:
    """Return the device of the request, or None for one that nobody has signed in on."""
    content = _read(request, settings)
    return None if content is None else KnownDevice(UUID(content[0]), frozenset(content[1]))


def remember_device(request: Request, response: Response, settings: Settings, username: str) -> None:
    """Remember on the device, for a year, that this account has signed in on it."""
    id_, accounts = _read(request, settings) or (str(uuid4()), [])
    digest = account_digest(username)
    kept = [*(one for one in accounts if one != digest), digest][-_MOST_ACCOUNTS:]
    value = sign_claims(settings, {"iss": _ISSUER, "dev": id_, "accounts": kept})
    response.set_cookie(COOKIE, value, max_age=_YEAR, httponly=True, secure=is_https(request), samesite="lax")


def _read(request: Request, settings: Settings) -> tuple[str, list[str]] | None:
    try:
        content = read_claims(settings, request.cookies.get(COOKIE, ""), _ISSUER, ("iss", "dev", "accounts"))
        return str(UUID(content["dev"])), [str(one) for one in content["accounts"]]
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        return None
