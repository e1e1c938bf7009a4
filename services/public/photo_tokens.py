"""The addresses of released photos: each is valid for an hour, and for its photo alone."""

import hmac
from datetime import datetime, timedelta

from infra.settings import Settings
from infra.token_keys import accepted_secrets, keyed_hash
from models.errors import NoSuchPage

PHOTO_VALID_FOR = timedelta(hours=1)


def make_photo_token(settings: Settings, sha256: str, now: datetime) -> str:
    """Return the token in the address of a released photo: valid for `PHOTO_VALID_FOR`, and for this photo alone."""
    until = int((now + PHOTO_VALID_FOR).timestamp())
    return f"{sha256}.{until}.{_signature(accepted_secrets(settings)[0], sha256, until)}"


def read_photo_token(settings: Settings, token: str, now: datetime) -> str:
    """Return the hash of the photo that the token is for. Raises NoSuchPage for a token that is forged or expired."""
    sha256, _, rest = token.partition(".")
    until, _, signature = rest.partition(".")
    well_formed = until.isascii() and until.isdigit() and len(until) < 12 and signature.isascii()
    if not well_formed or not any(
        hmac.compare_digest(signature, _signature(secret, sha256, int(until))) for secret in accepted_secrets(settings)
    ):
        raise NoSuchPage(what="photo")
    if now.timestamp() > int(until):
        raise NoSuchPage(what="photo")
    return sha256


def _signature(secret: str, sha256: str, until: int) -> str:
    return keyed_hash(secret, b"progress-photo", f"{sha256}:{until}".encode()).hex()[:32]
