"""Passwords: stored only as Argon2id hashes, each with its own salt."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: Argon2id with 19 MiB, two passes, one lane: about 25 ms per attempt, and so little memory that a burst of sign-ins
#: does not exhaust the machine (our choice).
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """Return the hash to store, with its salt and parameters in it. Slow on purpose: run it off the event loop."""
    return _HASHER.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Return whether `password` is the one hashed; False for no hash or a damaged one.

    Without a hash it takes as long as with one, so that the time does not reveal who exists. Slow on purpose: run it
    off the event loop.
    """
    try:
        return _HASHER.verify(password_hash or _dummy_hash(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _dummy_hash() -> str:
    return _HASHER.hash("nobody's password")
