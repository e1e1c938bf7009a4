"""Published policies. A version is immutable, so each process reads it once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Pool, text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import first_row
from models.base import STORED
from models.policy.document import Policy

_policies: dict[tuple[str, int], Policy] = {}
_last_used: dict[str, Policy] = {}
#: Database address by connection pool: formatting it costs more than looking it up.
_addresses: WeakKeyDictionary[Pool, str] = WeakKeyDictionary()
#: Seconds for which `cache_newest_version` holds; a response streamed for hours asks again.
_CACHE_SECONDS = 1.0
_version_cache: ContextVar[dict[str, tuple[int, float]] | None] = ContextVar("_version_cache", default=None)


class NoPolicy(RuntimeError):
    """No policy has been published yet, so no case can be received."""


@contextmanager
def cache_newest_version() -> Iterator[None]:
    """Read the version in force once inside the block: a request that only reads sees one policy throughout."""
    token = _version_cache.set({})
    try:
        yield
    finally:
        _version_cache.reset(token)


async def newest_version(connection: AsyncConnection) -> int:
    """Return the version in force now, by the database's clock. Raises NoPolicy."""
    cache = _version_cache.get()
    if cache is None:
        return await version_in_force(connection, None)
    address, now = _address(connection), time.monotonic()
    version, since = cache.get(address, (0, now - _CACHE_SECONDS))
    if now - since >= _CACHE_SECONDS:
        version = await version_in_force(connection, None)
        cache[address] = (version, now)
    return version


async def version_in_force(connection: AsyncConnection, at: datetime | None) -> int:
    """Return the version in force at `at` (None: now), the one that took effect last. Raises NoPolicy."""
    row = await first_row(
        connection,
        "SELECT version FROM policies WHERE effective_from <= coalesce(%(at)s::timestamptz, clock_timestamp())"
        " ORDER BY effective_from DESC, version DESC LIMIT 1",
        {"at": at},
    )
    if row is None:
        raise NoPolicy("publish a policy first: starter.py policy publish FILE")
    return int(row[0])


async def policy_if_in_force(connection: AsyncConnection, version: int, at: datetime) -> Policy | None:
    """Return the policy of that version if it is in effect at `at`, else None."""
    found = await connection.scalar(
        text("SELECT version FROM policies WHERE version = :version AND effective_from <= :at"),
        {"version": version, "at": at},
    )
    return None if found is None else await policy_version(connection, version)


async def policy_version(connection: AsyncConnection, version: int) -> Policy:
    """Return the policy of that version. Raises NoPolicy when it was never published."""
    key = (_address(connection), version)
    if key not in _policies:
        content = await connection.scalar(text("SELECT content FROM policies WHERE version = :v"), {"v": version})
        if content is None:
            raise NoPolicy(f"policy version {version} was never published")
        _policies[key] = Policy.model_validate(content, context=STORED)
    _last_used[key[0]] = _policies[key]
    return _policies[key]


def last_used_policy(connection: AsyncConnection) -> Policy | None:
    """Return the policy that `policy_version` returned last: a guess at the one needed next."""
    return _last_used.get(_address(connection))


def _address(connection: AsyncConnection) -> str:
    engine = connection.engine.sync_engine
    if engine.pool not in _addresses:
        _addresses[engine.pool] = str(engine.url)
    return _addresses[engine.pool]
