"""The connection to PostgreSQL: one engine a process, and what counts as "away"."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from infra.db_timeouts import PatientConnection, patient
from infra.settings import Settings

#: What PostgreSQL being away looks like from here.
AWAY = (OperationalError, InterfaceError, PoolTimeout, ConnectionError, asyncio.TimeoutError)
#: What a server says to whoever writes while it only follows another, as after a failover: it will be back.
READ_ONLY = "25006"


#: Seconds after which a connection that nobody used is asked whether it still lives: no restart is as quick.
IDLE = 1.0
#: Seconds within which it must say so, and within which whatever a door asks must be answered (our choice: well above
#: the slowest figure). Beyond, the database is away: whoever waits is to be told.
PING_PATIENCE = 1.5
PATIENCE = 15.0
_USED = "gridloop_used"
#: Marks an engine whose connections commit by themselves.
_AT_ONCE = "gridloop_at_once"


def open_database(settings: Settings, *, ping: bool = True, patience: float = 0.0) -> AsyncEngine:
    """An engine on `settings.database_url` (a `postgresql://` URL), connecting when first used.

    `ping` asks a connection that has been idle whether it still lives before it is lent out, so that nobody sees an
    error because the database was restarted since, and gives up on one that does not answer; a worker does without,
    for its steps have their own time and are tried again anyway. `patience`: seconds after which any other answer is
    given up too; 0 for who has long questions and nobody waiting.
    """
    if not ping:
        return _open(settings)
    engine = _open(settings, waits={"async_creator_fn": patient(patience)})
    _ask_idle(engine, patience)
    return engine


def _ask_idle(engine: AsyncEngine, patience: float) -> None:
    """As `pool_pre_ping`, but not of connections used a moment ago: a page borrows several, one after the other."""
    pool, dialect = engine.sync_engine.pool, engine.sync_engine.dialect

    @event.listens_for(pool, "checkin")
    def note(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info[_USED] = time.monotonic()

    @event.listens_for(pool, "checkout")
    def ask(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        used = record.info.get(_USED)  # none yet: it has just been opened
        if used is None or time.monotonic() - used < IDLE:
            return
        line: PatientConnection = record.driver_connection  # type: ignore[assignment]
        line.patience = PING_PATIENCE
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError() from error
        finally:
            line.patience = patience


def open_record(settings: Settings) -> AsyncEngine:
    """The engine of the recording step, for it alone: on its connections a statement counts as soon as it is answered,
    and is planned once, whatever its values; the connection used last is lent out first, with its statements prepared.
    """
    engine = _open(
        settings,
        options="-c plan_cache_mode=force_generic_plan",
        isolation_level="AUTOCOMMIT",
        pool_use_lifo=True,
    )
    return engine.execution_options(**{_AT_ONCE: True})


def at_once(engine: AsyncEngine) -> AsyncEngine:
    """`engine` with connections that commit by themselves: itself if it is such a one, else over the same pool."""
    if engine.get_execution_options().get(_AT_ONCE):
        return engine
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _open(settings: Settings, options: str = "", waits: Mapping[str, Any] | None = None, **more: Any) -> AsyncEngine:
    url = settings.database_url.get_secret_value()
    return create_async_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=settings.database_pool,
        max_overflow=0,
        pool_timeout=3,
        hide_parameters=True,  # an error's text goes into logs and histories; a reporter's data must not
        connect_args={
            "connect_timeout": 3,
            "options": f"-c timezone=UTC {options}",
            "prepare_threshold": 1,
            **(waits or {}),
        },
        **more,
    )


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction: committed when the block ends, rolled back when it raises."""
    async with engine.begin() as connection:
        yield connection


@asynccontextmanager
async def one_moment(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """For who only reads, and wants all of it as it was at one moment, or reads more than fits into memory."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


def is_away(error: BaseException) -> bool:
    """Whether `error` says that the database can't be reached, rather than that the request is wrong."""
    if isinstance(error, DBAPIError) and (
        error.connection_invalidated or getattr(error.orig, "sqlstate", None) == READ_ONLY
    ):
        return True
    return isinstance(error, AWAY)
