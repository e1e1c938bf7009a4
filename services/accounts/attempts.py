"""Slow down guessing: attempts are counted in PostgreSQL before a password is verified, so that the count holds across
processes and for attempts at the same time.

Three things are counted: an account, whoever tries it from an unknown device; an address, whatever names it tries; and,
instead of both, a known device with an account that has signed in on it before. So whoever guesses at a colleague's
account, be it from the same office, does not lock the colleague out of the devices they use.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from models.errors import TooManyAttempts
from models.text import clean_code


@dataclass(frozen=True)
class Limit:
    """From the `free`th failure on one must wait `first` seconds, twice as long after each further one, `longest` at
    most. A count is forgotten when the last failure is `forgotten` seconds past.
    """

    free: int
    first: int
    longest: int
    forgotten: int


#: By the first letter of the key (our choice: a person mistypes a few times; a guesser gets some 100 tries a day at an
#: account, and some 300 a day from an address).
LIMITS = {
    "a": Limit(free=10, first=60, longest=900, forgotten=1800),
    "c": Limit(free=20, first=2, longest=300, forgotten=1800),
    "d": Limit(free=10, first=60, longest=900, forgotten=1800),
    "p": Limit(free=10, first=60, longest=900, forgotten=1800),
}
#: Rows unused for so long are removed at the next sign-in.
KEPT = timedelta(days=1)


def _by_kind(field: str) -> str:
    cases = " ".join(f"WHEN '{kind}' THEN {getattr(limit, field)}" for kind, limit in LIMITS.items())
    return f"CASE left(excluded.key, 1) {cases} END"


_FAILURES = f"""(CASE WHEN t.last_at < :now - make_interval(secs => {_by_kind("forgotten")}) THEN 1
    ELSE t.failures + 1 END)"""
#: The next attempt may be made at any time: also one that has read its clock before this one and is counted after it.
_AT_ANY_TIME = "timestamptz 'epoch'"
_NEXT = f"""CASE WHEN {_FAILURES} < {_by_kind("free")} THEN {_AT_ANY_TIME}
    ELSE :now + make_interval(secs => least({_by_kind("first")} * power(2, least({_FAILURES} - {_by_kind("free")}, 20)),
        {_by_kind("longest")})) END"""
# The rows are locked in the order of their keys. Of attempts at the same time each sees the count of those before it.
_COUNT = text(f"""
WITH held AS (SELECT max(next_at) AS until FROM sign_in_attempts WHERE key = ANY (:keys) AND next_at > :now),
counted AS (
    INSERT INTO sign_in_attempts AS t (key, failures, last_at, next_at)
    SELECT key, 1, :now, {_AT_ANY_TIME} FROM unnest(CAST(:keys AS text[])) AS key WHERE (SELECT until FROM held) IS NULL
    ORDER BY key
    ON CONFLICT (key) DO UPDATE SET failures = {_FAILURES}, last_at = :now, next_at = {_NEXT}
    WHERE t.next_at <= :now RETURNING key)
SELECT (SELECT until FROM held), (SELECT count(*) FROM counted)
""")  # noqa: S608 only names of our own code are put in, values are parameters
_HELD = text("SELECT max(next_at) FROM sign_in_attempts WHERE key = ANY (:keys)")
# A success ends the count of the account. An address only gets its own attempt back: else one's own account would end
# the count of the guesses at others.
_SUCCEEDED = text(f"""
WITH ended AS (DELETE FROM sign_in_attempts
    WHERE (key = ANY (:keys) AND left(key, 1) <> 'c') OR last_at < :now - make_interval(secs => {KEPT.total_seconds()}))
UPDATE sign_in_attempts SET failures = greatest(failures - 1, 0),
    next_at = CASE WHEN failures - 1 < {LIMITS["c"].free} THEN {_AT_ANY_TIME} ELSE next_at END
WHERE key = ANY (:keys) AND left(key, 1) = 'c'
""")  # noqa: S608 only names of our own code are put in, values are parameters


@dataclass(frozen=True)
class KnownDevice:
    """A device on which people have signed in before. `accounts`: digests of their user names."""

    id: UUID
    accounts: frozenset[str] = frozenset()


def account_digest(username: str) -> str:
    """Return the digest by which attempts at an account are counted, however the name is written."""
    return hashlib.sha256(clean_code(username).casefold()[:200].encode("utf-8", "replace")).hexdigest()[:32]


def sign_in_keys(username: str, address: str, device: KnownDevice | None) -> tuple[str, ...]:
    """Return what an attempt to sign in counts for."""
    digest = account_digest(username)
    if device is not None and digest in device.accounts:
        return (f"d:{device.id}:{digest}",)
    return f"a:{digest}", f"c:{address}"


def person_keys(person: UUID) -> tuple[str, ...]:
    """Return what an attempt counts for at which somebody is known: the old password, a code."""
    return (f"p:{person}",)


async def count_attempt(engine: AsyncEngine, keys: Sequence[str], now: datetime) -> None:
    """Count an attempt as a failure until `succeeded` says otherwise.

    Raises TooManyAttempts with the seconds to wait; then it was not counted.
    """
    async with transaction(engine) as connection:
        until, counted = (await connection.execute(_COUNT, {"keys": sorted(keys), "now": now})).one()
        if counted < len(keys):
            until = until or await connection.scalar(_HELD, {"keys": list(keys)}) or now
            wait = math.ceil((until - now).total_seconds())
            raise TooManyAttempts(seconds=max(1, wait))


async def succeeded(connection: AsyncConnection, keys: Sequence[str], now: datetime) -> None:
    """Take back that an attempt counted, because it was right."""
    await connection.execute(_SUCCEEDED, {"keys": list(keys), "now": now})
