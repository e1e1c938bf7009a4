"""The connection to PostgreSQL: one engine a process, and what counts as "away"."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from infra.settings import Settings

#: What PostgreSQL being away looks like from here.
AWAY = (OperationalError, InterfaceError, PoolTimeout, ConnectionError, asyncio.TimeoutError)


def open_database(settings: Settings, *, ping: bool = True) -> AsyncEngine:
    """An engine on `settings.database_url` (a `postgresql://` URL), connecting when first used.

    `ping` asks each connection whether it still lives before it is lent out, so that nobody sees an error because
    the database was restarted since; the recording step does without, for it is tried again anyway.
    """
    url = settings.database_url.get_secret_value()
    return create_async_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=settings.database_pool,
        max_overflow=0,
        pool_timeout=3,
        pool_pre_ping=ping,
        hide_parameters=True,  # an error's text goes into logs and histories; a reporter's data must not
        connect_args={"connect_timeout": 3, "options": "-c timezone=UTC", "prepare_threshold": 1},
    )


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction: committed when the block ends, rolled back when it raises."""
    async with engine.begin() as connection:
        yield connection


def is_away(error: BaseException) -> bool:
    """Whether `error` says that the database can't be reached, rather than that the request is wrong."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, AWAY)
