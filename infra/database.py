"""Engines for PostgreSQL, and the errors that mean the database is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InvalidatePoolError,
    OperationalError,
    TimeoutError as PoolTimeout,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from infra.database_url import connect_parameters, engine_url
from infra.db_timeouts import TimeoutConnection, connector_with_timeout, to_its_end
from infra.keys.access import KEYS_OPTION, keys_for
from infra.outages import DATABASE
from infra.pooler import Connect, connect_to_session
from infra.pools import MeasuredPool
from infra.settings import Settings
from infra.tracing import trace_statements

#: Errors that mean PostgreSQL cannot be reached.
AWAY_ERRORS = (OperationalError, InterfaceError, PoolTimeout, ConnectionError, asyncio.TimeoutError)
#: SQLSTATE of a write on a server that still follows another one, as during a failover. It counts as away.
READ_ONLY_SQLSTATE = "25006"
#: SQLSTATE of a write by a session whose workflows are not the database's (`infra.store.place`). It counts as away:
#: nothing was recorded, and nothing is refused for good.
ELSEWHERE_SQLSTATE = "GL001"
#: A connection idle for this many seconds is pinged before use. No restart is quicker than this.
IDLE_SECONDS = 1.0
#: Seconds that a ping may take. After that the connection is given up.
PING_TIMEOUT = 1.5
#: Seconds that any statement of the API and the pages may take (our choice: well above the slowest figure). After
#: that the database counts as away and the caller gets an error.
ANSWER_TIMEOUT = 15.0
_LAST_USED_KEY = "gridloop_used"
#: Marks an engine that was opened in autocommit mode.
_AUTOCOMMIT_OPTION = "gridloop_autocommit"


def open_database(
    settings: Settings, *, ping: bool = True, timeout: float = 0.0, session: Mapping[str, str] | None = None
) -> AsyncEngine:
    """Return an engine on `settings.database_url`, connecting when first used.

    `ping`: test a connection that has been idle before it is used, so that a restart of the database causes no error,
    and give it up when it does not answer. A worker does without: its activities have their own timeout and are
    retried. `timeout`: seconds that any other statement may take; 0 means no limit, for long queries that nobody
    waits for. `session`: further settings of each session, as they are when it is opened.
    """
    if not ping:
        return _create_engine(settings, session=session)
    engine = _create_engine(settings, connector_with_timeout(timeout), session)
    _ping_idle_connections(engine, timeout)
    return engine


def _ping_idle_connections(engine: AsyncEngine, timeout: float) -> None:
    """Ping like `pool_pre_ping`, but only idle connections: a page borrows several, one after the other."""
    pool, dialect = engine.sync_engine.pool, engine.sync_engine.dialect

    @event.listens_for(pool, "checkin")
    def note_use(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info[_LAST_USED_KEY] = time.monotonic()

    @event.listens_for(pool, "checkout")
    def ping_if_idle(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        last_used = record.info.get(_LAST_USED_KEY)  # None: just opened
        if last_used is None or time.monotonic() - last_used < IDLE_SECONDS:
            return
        driver: TimeoutConnection = record.driver_connection  # type: ignore[assignment]
        driver.timeout = PING_TIMEOUT
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError() from error
        finally:
            driver.timeout = timeout


def open_recording_engine(settings: Settings, session: Mapping[str, str] | None = None) -> AsyncEngine:
    """Return the engine of the recording step.

    It commits each statement by itself and uses generic plans, so that a statement is planned once whatever its
    values. The connection used last is lent first, because its statements are prepared.
    """
    engine = _create_engine(
        settings,
        name="recording",
        session={"plan_cache_mode": "force_generic_plan", **(session or {})},
        isolation_level="AUTOCOMMIT",
        pool_use_lifo=True,
    )
    return engine.execution_options(**{_AUTOCOMMIT_OPTION: True})


def autocommit_engine(engine: AsyncEngine) -> AsyncEngine:
    """Return an engine in autocommit mode over the same pool; `engine` itself when it is in that mode already."""
    if engine.get_execution_options().get(_AUTOCOMMIT_OPTION):
        return engine
    return _AutocommitEngine(engine.sync_engine.execution_options(**{_AUTOCOMMIT_OPTION: True}))


class _AutocommitConnection(AsyncConnection):
    async def start(self, is_ctxmanager: bool = False) -> AsyncConnection:
        """Take a connection from the pool, and switch it."""
        await super().start(is_ctxmanager)
        try:
            return await self.execution_options(isolation_level="AUTOCOMMIT")
        except BaseException:
            await to_its_end(self.close())
            raise


class _AutocommitEngine(AsyncEngine):
    """An engine whose connections are switched to autocommit after they were taken from the pool.

    With the engine's own option they are switched while they are being taken. A caller who is cancelled at that moment
    (a client that leaves) would lose the connection: the pool counts it as lent until the garbage collector finds it.
    """

    def connect(self) -> AsyncConnection:
        """Return a connection in autocommit mode, opened when it is entered."""
        return _AutocommitConnection(self)


def _create_engine(
    settings: Settings,
    connect: Connect[Any] = psycopg.AsyncConnection.connect,
    session: Mapping[str, str] | None = None,
    name: str = "main",
    **more: Any,
) -> AsyncEngine:
    address = settings.database_url.get_secret_value()

    async def open_connection(*_: object, **__: object) -> "psycopg.AsyncConnection[Any]":
        # The password is read anew each time, so that it may change while we run.
        parameters = {**connect_parameters(address, settings.database_password_file), "prepare_threshold": 1}
        return await connect_to_session(connect, parameters, {"timezone": "UTC", **(session or {})})

    engine = create_async_engine(
        engine_url(address),
        pool_size=settings.database_pool,
        max_overflow=0,
        poolclass=MeasuredPool,
        pool_logging_name=name,
        pool_timeout=3,
        hide_parameters=True,  # error texts go into logs and histories; a reporter's data must not
        connect_args={"async_creator_fn": open_connection},
        **more,
    )
    _note_answers(engine)
    trace_statements(engine)
    return engine.execution_options(**{KEYS_OPTION: keys_for(settings)})


def _note_answers(engine: AsyncEngine) -> None:
    """End an outage with the first connection that comes back to the pool whole."""

    @event.listens_for(engine.sync_engine.pool, "checkin")
    def note_answer(connection: DBAPIConnection | None, _record: ConnectionPoolEntry) -> None:
        if connection is not None:
            DATABASE.note_answer()


@dataclass(frozen=True)
class Acting:
    """For whom a change of the administration is written down: a person, or None for an operator's command."""

    action: str
    person: UUID | None = None


@asynccontextmanager
async def transaction(engine: AsyncEngine, acting: Acting | None = None) -> AsyncIterator[AsyncConnection]:
    """Open a transaction: committed when the block ends, rolled back when it raises.

    `acting`: who changes what, for the table of administrators' actions.
    """
    async with engine.begin() as connection:
        if acting is not None:
            await note_acting(connection, acting)
        yield connection


_NOTE = text("SELECT set_config('gridloop.actor', :actor, true), set_config('gridloop.action', :action, true)")


async def note_acting(connection: AsyncConnection, acting: Acting) -> None:
    """Say in the caller's transaction who changes what; the triggers of `admin_actions` write it down."""
    values = {"actor": "" if acting.person is None else str(acting.person), "action": acting.action}
    await connection.execute(_NOTE, values)


@asynccontextmanager
async def snapshot_connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Open a read snapshot (REPEATABLE READ): every statement sees the same moment.

    For reads that must fit together, and for results streamed because they do not fit into memory.
    """
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


#: A server's sentence is cut here.
_SENTENCE_LENGTH = 400


def reason(error: BaseException) -> str:
    """Return why the database is away, in its own words ("too many connections", "password authentication failed"),
    for logs and operators.

    Only of errors that `is_away` takes: the text of others may hold what people wrote.
    """
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    lines = (primary or str(error) or type(error).__name__).splitlines()
    return "; ".join(line.strip() for line in lines if line.strip())[:_SENTENCE_LENGTH]


def is_away(error: BaseException) -> bool:
    """Return whether `error` means that the database cannot be reached, rather than that the request is wrong."""
    if isinstance(error, DBAPIError) and (
        error.connection_invalidated
        or getattr(error.orig, "sqlstate", None) in (READ_ONLY_SQLSTATE, ELSEWHERE_SQLSTATE)
    ):
        return True
    return isinstance(error, AWAY_ERRORS)
