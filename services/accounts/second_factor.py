"""The second factor: a time-based code (TOTP, RFC 6238), with recovery codes for a lost phone.

The secret is stored encrypted (AES-256-GCM) under a key derived from the system's token secret, recovery codes as keyed
hashes. A code counts once: its time step is stored, and an earlier or equal one is refused.
"""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.settings import Settings
from infra.token_keys import known_secrets
from models.errors import SecondFactorExists, SecondFactorUnreadable, WrongSecondFactor

#: How many recovery codes are given at once, and the letters and digits of each (49 bits).
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
#: Seconds of a step, and how many steps a clock may be off (RFC 6238, 5.2).
_STEP, _DRIFT = 30, 1
_NONCE = 12

_READ = text("SELECT secret, confirmed_at, recovery FROM second_factors WHERE person = :person")
_BEGIN = text("""
INSERT INTO second_factors (person, secret, recovery) VALUES (:person, :secret, '[]')
ON CONFLICT (person) DO NOTHING
""")
_CONFIRM = text("""
UPDATE second_factors SET confirmed_at = :now, last_step = :step, recovery = CAST(:recovery AS jsonb)
WHERE person = :person AND confirmed_at IS NULL RETURNING person
""")
# Of two requests with the same code one finds the step taken.
_TAKE_STEP = text("""
UPDATE second_factors SET last_step = :step
WHERE person = :person AND confirmed_at IS NOT NULL AND (last_step IS NULL OR last_step < :step) RETURNING person
""")
_TAKE_RECOVERY = text("""
UPDATE second_factors SET recovery = recovery - CAST(:code AS text)
WHERE person = :person AND confirmed_at IS NOT NULL AND recovery @> to_jsonb(CAST(:code AS text)) RETURNING person
""")
_ALL = text("SELECT person, secret FROM second_factors ORDER BY person FOR UPDATE")
_ENCRYPT = text("UPDATE second_factors SET secret = :secret WHERE person = :person")
_RENEW = text("UPDATE second_factors SET recovery = CAST(:recovery AS jsonb) WHERE person = :person")
_REMOVE = text("DELETE FROM second_factors WHERE person = :person RETURNING confirmed_at")


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app needs: the secret in base 32, and the same as an address for a QR code."""

    secret: str
    uri: str


@dataclass(frozen=True)
class SecondFactor:
    """Whether somebody has a second factor, since when, and how many recovery codes are left."""

    since: datetime | None = None
    recovery_left: int = 0


async def read_second_factor(connection: AsyncConnection, person: UUID) -> SecondFactor:
    """Return what somebody has as a second factor."""
    row = (await connection.execute(_READ, {"person": person})).one_or_none()
    if row is None or row.confirmed_at is None:
        return SecondFactor()
    return SecondFactor(row.confirmed_at, len(row.recovery))


async def begin_enrolment(connection: AsyncConnection, settings: Settings, person: UUID, username: str) -> Enrolment:
    """Return the secret to enrol with, the same one until it is confirmed. Raises SecondFactorExists."""
    fresh = _encrypt(settings, person, pyotp.random_base32())
    await connection.execute(_BEGIN, {"person": person, "secret": fresh})
    row = (await connection.execute(_READ, {"person": person})).one()
    if row.confirmed_at is not None:
        raise SecondFactorExists()
    secret = _decrypt(settings, person, row.secret)
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name="Gridloop"))


async def confirm_enrolment(
    connection: AsyncConnection, settings: Settings, person: UUID, code: str, now: datetime
) -> tuple[str, ...]:
    """Begin to ask for codes, because the app has shown a right one. Return the recovery codes, to be shown once.

    Raises WrongSecondFactor, SecondFactorExists.
    """
    row = (await connection.execute(_READ, {"person": person})).one_or_none()
    if row is None:
        raise WrongSecondFactor(pointer="/code")
    if row.confirmed_at is not None:
        raise SecondFactorExists()
    step = _step_of(_decrypt(settings, person, row.secret), code, now)
    if step is None:
        raise WrongSecondFactor(pointer="/code")
    codes, hashes = _new_recovery(settings, person)
    values = {"person": person, "now": now, "step": step, "recovery": hashes}
    if await connection.scalar(_CONFIRM, values) is None:
        raise SecondFactorExists()
    return codes


async def check_second_factor(
    connection: AsyncConnection, settings: Settings, person: UUID, code: str, now: datetime
) -> None:
    """Take a code of the app or a recovery code, which counts once. Raises WrongSecondFactor."""
    row = (await connection.execute(_READ, {"person": person})).one_or_none()
    if row is None or row.confirmed_at is None:
        raise WrongSecondFactor(pointer="/otp")
    step = _step_of(_decrypt(settings, person, row.secret), code, now)
    taken = None
    if step is not None:
        taken = await connection.scalar(_TAKE_STEP, {"person": person, "step": step})
    elif (given := _plain(code)) and len(given) == 10:
        for secret in known_secrets(settings):
            values = {"person": person, "code": _hash(secret, person, given)}
            taken = taken or await connection.scalar(_TAKE_RECOVERY, values)
    if taken is None:
        raise WrongSecondFactor(pointer="/otp")


async def renew_recovery_codes(connection: AsyncConnection, settings: Settings, person: UUID) -> tuple[str, ...]:
    """Return new recovery codes, to be shown once; those of before are worth nothing any more."""
    codes, hashes = _new_recovery(settings, person)
    await connection.execute(_RENEW, {"person": person, "recovery": hashes})
    return codes


async def remove_second_factor(connection: AsyncConnection, person: UUID) -> bool:
    """Ask the person for no code any more; return whether they had been asked."""
    return await connection.scalar(_REMOVE, {"person": person}) is not None


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is, a step before or after included; None for any other text."""
    given, totp = _plain(code), pyotp.TOTP(secret, interval=_STEP)
    if len(given) != totp.digits or not given.isascii() or not given.isdigit():
        return None
    current = int(now.timestamp()) // _STEP
    steps = range(current - _DRIFT, current + _DRIFT + 1)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), given)), None)


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").casefold()


def _new_recovery(settings: Settings, person: UUID) -> tuple[tuple[str, ...], str]:
    secret, *_ = known_secrets(settings)
    plain = ["".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    hashes = ", ".join(f'"{_hash(secret, person, code)}"' for code in plain)
    return tuple(f"{code[:5]}-{code[5:]}" for code in plain), f"[{hashes}]"


def _hash(secret: str, person: UUID, code: str) -> str:
    return hmac.new(_key(secret, b"recovery codes"), person.bytes + code.encode(), hashlib.sha256).hexdigest()


def _encrypt(settings: Settings, person: UUID, secret: str) -> bytes:
    nonce, (token_secret, *_) = os.urandom(_NONCE), known_secrets(settings)
    return nonce + AESGCM(_key(token_secret, b"second factor")).encrypt(nonce, secret.encode(), person.bytes)


def _decrypt(settings: Settings, person: UUID, stored: bytes) -> str:
    for token_secret in known_secrets(settings):
        cipher = AESGCM(_key(token_secret, b"second factor"))
        with suppress(InvalidTag):  # encrypted under another secret of the ring
            return cipher.decrypt(stored[:_NONCE], stored[_NONCE:], person.bytes).decode()
    raise SecondFactorUnreadable()


def _key(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"gridloop " + purpose).derive(secret.encode())


async def encrypt_anew(connection: AsyncConnection, settings: Settings) -> tuple[int, int]:
    """Encrypt every second factor under the current token secret, in the caller's transaction.

    Return how many there are, and how many no secret of the ring opens. Recovery codes are kept as hashes and stay
    under the secret by which they were made.
    """
    rows = (await connection.execute(_ALL)).all()
    unreadable = 0
    for row in rows:
        person = UUID(str(row.person))
        try:
            fresh = _encrypt(settings, person, _decrypt(settings, person, row.secret))
        except SecondFactorUnreadable:
            unreadable += 1
        else:
            await connection.execute(_ENCRYPT, {"person": person, "secret": fresh})
    return len(rows), unreadable
