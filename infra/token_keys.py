"""The ring of token secrets: what is signed or derived by the current one stays good under the ones before.

Previous secrets still let sessions go on; retired ones only open what is stored: second factors, recovery codes and
progress codes. Tokens name their secret by `kid`, so that none is tried in vain.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import jwt

from infra.settings import Settings

_ALGORITHM = "HS256"


def accepted_secrets(settings: Settings) -> tuple[str, ...]:
    """Return the secrets whose tokens count, the current one first."""
    ours = (settings.token_secret, *settings.token_secrets_previous)
    return tuple(secret.get_secret_value() for secret in ours)


def known_secrets(settings: Settings) -> tuple[str, ...]:
    """Return all secrets under which something may be stored, the current one first."""
    return (*accepted_secrets(settings), *(one.get_secret_value() for one in settings.token_secrets_retired))


def sign_claims(settings: Settings, claims: Mapping[str, Any]) -> str:
    """Return a token (JWT) of these claims, signed by the current secret."""
    secret, *_ = accepted_secrets(settings)
    return jwt.encode(dict(claims), secret, _ALGORITHM, headers={"kid": _kid(secret)})


def read_claims(
    settings: Settings, token: str, issuer: str, require: Sequence[str], *, timed: bool = True
) -> dict[str, Any]:
    """Return the claims of a token that an accepted secret signed. Raises jwt.PyJWTError.

    `timed`: refuse by the system clock what `exp` and `iat` say; without it, the caller looks at its own clock.
    """
    secrets = accepted_secrets(settings)
    kid = jwt.get_unverified_header(token).get("kid")
    if kid is not None:
        named = [secret for secret in secrets if _kid(secret) == kid]
        secrets = (*named[:1],)
    options: dict[str, Any] = {"require": list(require)}
    if not timed:
        options |= {"verify_exp": False, "verify_iat": False}
    for secret in secrets:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                secret,
                algorithms=[_ALGORITHM],
                issuer=issuer,
                options=options,  # type: ignore[arg-type]
            )
        except jwt.InvalidSignatureError:
            continue
        return claims
    raise jwt.InvalidSignatureError("no accepted secret signed it")


def keyed_hash(secret: str, purpose: bytes, content: bytes) -> bytes:
    """Return the hash of `content` that only who has the secret can make, for one purpose."""
    return hmac.new(secret.encode(), purpose + b"\0" + content, hashlib.sha256).digest()


def _kid(secret: str) -> str:
    """Return the name of a secret in tokens. It tells nothing of it: secrets have at least 32 characters."""
    return hashlib.sha256(b"gridloop-token-secret\0" + secret.encode()).hexdigest()[:16]
