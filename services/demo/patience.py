"""Goes on making the demonstration after a store was away: its steps may be repeated, each counts once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from infra.database import is_away
from models.errors import StoreAway

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Seconds between two attempts, and how many attempts there are: two minutes of a machine that is busy or restarting.
PAUSE, ATTEMPTS = 3.0, 40


async def patiently(make: Callable[[], Awaitable[T]]) -> T:
    """Return what `make` returns, repeated while a store is away. Raises the last error if that lasts too long."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await make()
        except Exception as error:
            if attempt == ATTEMPTS or not _store_is_away(error):
                raise
            log.warning("a store is away; the demonstration goes on when it is back", attempt=attempt)
            await asyncio.sleep(PAUSE)
    raise AssertionError  # the last attempt has returned or raised


def _store_is_away(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_store_is_away(one) for one in error.exceptions)
    return isinstance(error, StoreAway) or is_away(error)
