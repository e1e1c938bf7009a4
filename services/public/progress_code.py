"""Progress codes (查询码): with one, a reporter without an account follows, rates and asks to reopen their report.

A code is ten characters of Crockford's alphabet, which has no look-alikes: fifty bits, derived from the report's id and
a secret, so that a form posted twice gets the same code. Only its hash is stored.
"""

import hmac
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.settings import Settings
from infra.token_keys import keyed_hash, known_secrets
from models.errors import WrongCode
from models.phone import phone_tail
from models.text import clean_code

#: Crockford's Base32: no I, L, O or U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
#: Look-alikes that people type, and the characters they stand for.
_LOOK_ALIKES = str.maketrans("ILO", "110")

_STORE = text("""
    INSERT INTO progress_codes (code_hash, report_id, phone_hash, made_at) VALUES (:hash, :report, :phone, :now)
    ON CONFLICT (report_id) DO NOTHING
""")
_STORED = text("SELECT code_hash FROM progress_codes WHERE report_id = :report")
_FIND = text("SELECT code_hash, report_id, phone_hash FROM progress_codes WHERE code_hash = ANY(:hashes)")


def _code_by(secret: str, report_id: UUID) -> str:
    digest = keyed_hash(secret, b"progress-code", report_id.bytes)
    number = int.from_bytes(digest[:8])
    characters = "".join(ALPHABET[number >> (5 * position) & 31] for position in range(LENGTH))
    return f"{characters[:5]}-{characters[5:]}"


def normalize_code(code: str) -> str:
    """Return the code as typed, without spaces, dashes and look-alikes, in its usual width; it may not exist."""
    return "".join(char for char in clean_code(code).upper() if char.isalnum()).translate(_LOOK_ALIKES)[:40]


async def issue_code(
    connection: AsyncConnection, settings: Settings, report_id: UUID, phone: str | None, now: datetime
) -> str:
    """Store the report's code and return it; with a `phone`, its last four digits are required besides.

    Repeating it returns the same code, also after a change of the secret.
    """
    secret = known_secrets(settings)[0]
    code = _code_by(secret, report_id)
    values = {"hash": _hash(secret, code), "report": report_id, "phone": _phone_hash(secret, code, phone), "now": now}
    await connection.execute(_STORE, values)
    return await read_code(connection, settings, report_id)


async def read_code(connection: AsyncConnection, settings: Settings, report_id: UUID) -> str:
    """Return the code of a report that was stored, under whichever secret of the ring it was made.

    For a report without one, or of a secret that has left the ring, the code that the current secret makes.
    """
    stored = await connection.scalar(_STORED, {"report": report_id})
    codes = [_code_by(secret, report_id) for secret in known_secrets(settings)]
    hashes = [_hash(secret, code) for secret, code in zip(known_secrets(settings), codes, strict=True)]
    return codes[hashes.index(stored)] if stored in hashes else codes[0]


async def find_report(
    connection: AsyncConnection, settings: Settings, code: str, phone_tail: str, now: datetime
) -> UUID:
    """Return the report of a code. Raises WrongCode for an unknown code and for wrong digits alike."""
    by_hash = {_hash(secret, code): secret for secret in known_secrets(settings)}
    row = (await connection.execute(_FIND, {"hashes": list(by_hash)})).one_or_none()
    secret = known_secrets(settings)[0] if row is None else by_hash[row.code_hash]
    given = _phone_hash(secret, code, phone_tail) or ""
    if row is None or not hmac.compare_digest(row.phone_hash or given, given):
        raise WrongCode()
    return UUID(str(row.report_id))


def _hash(secret: str, code: str) -> str:
    return keyed_hash(secret, b"progress-hash", normalize_code(code).encode()).hex()


def _phone_hash(secret: str, code: str, phone: str | None) -> str | None:
    """Return the hash of the last four digits with the code, so that equal digits of two reports differ; None for no
    phone.
    """
    digits = phone_tail(phone or "")
    return keyed_hash(secret, b"progress-phone", f"{normalize_code(code)}:{digits}".encode()).hex() if digits else None
