"""Published policies: immutable, so each version is read once a process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Pool, text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import first_row
from models.policy.document import Policy

_known: dict[tuple[str, int], Policy] = {}
_met_last: dict[str, Policy] = {}
#: The address of a database by the pool that leads to it: to spell it anew costs more than to look it up.
_addresses: WeakKeyDictionary[Pool, str] = WeakKeyDictionary()
#: Seconds for which `asked_once` holds; an answer that is streamed for hours asks again.
_ONCE_FOR = 1.0
_asked: ContextVar[dict[str, tuple[int, float]] | None] = ContextVar("_asked", default=None)


class NoPolicy(RuntimeError):
    """No policy has been published yet: nothing can be received."""


@contextmanager
def asked_once() -> Iterator[None]:
    """What only reads is told one version in force throughout, and asks for it once: one page, one policy."""
    token = _asked.set({})
    try:
        yield
    finally:
        _asked.reset(token)


async def newest_version(connection: AsyncConnection) -> int:
    """The version in force now, by the database's clock. Raises NoPolicy."""
    told = _asked.get()
    if told is None:
        return await version_in_force(connection, None)
    place, now = _address(connection), time.monotonic()
    version, since = told.get(place, (0, now - _ONCE_FOR))
    if now - since >= _ONCE_FOR:
        version = await version_in_force(connection, None)
        told[place] = (version, now)
    return version


async def version_in_force(connection: AsyncConnection, at: datetime | None) -> int:
    """The version in force at that moment: the one that took effect last. Raises NoPolicy."""
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
    """The policy of that version if it has taken effect by then, or None."""
    taken = await connection.scalar(
        text("SELECT version FROM policies WHERE version = :version AND effective_from <= :at"),
        {"version": version, "at": at},
    )
    return None if taken is None else await policy_version(connection, version)


async def policy_version(connection: AsyncConnection, version: int) -> Policy:
    """The policy of that version. Raises NoPolicy when it was never published."""
    key = (_address(connection), version)
    if key not in _known:
        content = await connection.scalar(text("SELECT content FROM policies WHERE version = :v"), {"v": version})
        if content is None:
            raise NoPolicy(f"policy version {version} was never published")
        _known[key] = Policy.model_validate(content)
    _met_last[key[0]] = _known[key]
    return _known[key]


def policy_met_last(connection: AsyncConnection) -> Policy | None:
    """The policy that `policy_version` answered last in this process: a guess at the one that is asked for next."""
    return _met_last.get(_address(connection))


def _address(connection: AsyncConnection) -> str:
    engine = connection.engine.sync_engine
    if engine.pool not in _addresses:
        _addresses[engine.pool] = str(engine.url)
    return _addresses[engine.pool]
