"""The engines: statements of the recording engine commit at once, no transaction outlives its caller, and a connection
lost while idle is replaced.
"""

import asyncio
import gc
import random
import time

import anyio
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from infra import database
from infra.database import (
    autocommit_engine,
    is_away,
    open_database,
    open_recording_engine,
    snapshot_connection,
    transaction,
)
from infra.db_timeouts import with_timeout
from infra.settings import Settings
from infra.store.driver import first_row, run
from tests.proxy import wire


async def test_a_statement_commits_by_itself_and_an_open_transaction_does_not_swallow_the_next(
    database_url: str,
) -> None:
    settings = Settings(database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64), database_pool=1)
    engine = open_recording_engine(settings)
    try:
        async with engine.connect() as connection:
            await run(connection, "CREATE TABLE told (number int)", {})
            await run(connection, "BEGIN", {})  # as of a caller that was cut off
            await run(connection, "INSERT INTO told VALUES (1)", {})
        async with engine.connect() as connection:
            await run(connection, "INSERT INTO told VALUES (2)", {})
    finally:
        await engine.dispose()
    other = open_recording_engine(settings)
    try:
        async with other.connect() as connection:
            assert await first_row(connection, "SELECT array_agg(number) FROM told", {}) == ([2],)
            assert await connection.scalar(text("SHOW plan_cache_mode")) == "force_generic_plan"
    finally:
        await other.dispose()


async def test_reads_see_the_latest_commit_or_one_snapshot(database_url: str) -> None:
    settings = Settings(database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64), database_pool=1)
    engine, writer = open_database(settings), open_database(settings)
    count = text("SELECT count(*) FROM told")

    async def tell() -> None:
        async with transaction(writer) as connection:
            await connection.execute(text("INSERT INTO told VALUES (1)"))

    try:
        async with transaction(engine) as connection:
            await connection.execute(text("CREATE TABLE told (number int)"))
        async with autocommit_engine(engine).connect() as connection:
            pid = await connection.scalar(text("SELECT pg_backend_pid()"))
            state = text("SELECT state FROM pg_stat_activity WHERE pid = :pid")
            async with writer.connect() as other:  # no transaction is left open
                assert await other.scalar(state, {"pid": pid}) == "idle"
            assert await connection.scalar(count) == 0
            await tell()
            assert await connection.scalar(count) == 1
        async with snapshot_connection(engine) as connection:
            assert await connection.scalar(count) == 1
            await tell()
            assert await connection.scalar(count) == 1
        with pytest.raises(ZeroDivisionError):  # after autocommit, the connection makes transactions again
            await _deletes_and_fails(engine)
        async with engine.connect() as connection:
            assert await connection.scalar(count) == 2
    finally:
        await engine.dispose()
        await writer.dispose()


async def test_whoever_leaves_while_a_connection_is_taken_does_not_keep_it(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64), database_pool=4)
    engine = open_database(settings, timeout=15.0)
    luck, alone = random.Random(1), text("SELECT 1")

    async def read() -> None:
        async with autocommit_engine(engine).connect() as connection:
            await connection.execute(alone)

    async def leaves() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(read)
            await anyio.sleep(luck.random() * 0.003)
            group.cancel_scope.cancel()

    try:
        await read()
        for _ in range(150):
            await asyncio.gather(*(leaves() for _ in range(4)))
        gc.collect()
        assert "garbage collector" not in caplog.text
        await asyncio.gather(*(read() for _ in range(8)))
    finally:
        await engine.dispose()


async def test_a_connection_lost_while_idle_is_replaced(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "IDLE_SECONDS", 0.0)
    settings = Settings(database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64), database_pool=1)
    asking, trusting = open_database(settings), open_database(settings, ping=False)
    try:
        await lose_connection(asking, trusting)
        async with asking.connect() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1
        await lose_connection(trusting, asking)
        with pytest.raises(OperationalError):
            async with trusting.connect() as connection:
                await connection.scalar(text("SELECT 1"))
    finally:
        await asking.dispose()
        await trusting.dispose()


async def test_a_hanging_server_is_away_and_its_connection_is_not_reused(
    database_url: str,
) -> None:
    real = make_url(database_url)
    assert real.host is not None
    assert real.port is not None
    async with wire(real.host, real.port) as line:
        url = real.set(host="127.0.0.1", port=line.port).render_as_string(hide_password=False)
        settings = Settings(database_url=SecretStr(url), token_secret=SecretStr("0" * 64), database_pool=1)
        engine = open_database(settings, timeout=0.5)
        try:
            async with engine.connect() as connection:
                assert await connection.scalar(text("SELECT 1")) == 1
                line.stall()
                async with asyncio.timeout(5):
                    with pytest.raises(OperationalError) as told:
                        await connection.scalar(text("SELECT 1"))
            assert is_away(told.value)
            line.flow()
            async with engine.connect() as connection:
                assert await connection.scalar(text("SELECT 1")) == 1
        finally:
            await engine.dispose()


async def test_with_timeout_waits_no_longer(database_url: str) -> None:
    """Not even for the clean-up of the abandoned task."""
    real = make_url(database_url)
    assert real.host is not None
    assert real.port is not None
    async with wire(real.host, real.port) as line:
        url = real.set(host="127.0.0.1", port=line.port).render_as_string(hide_password=False)
        engine = open_database(Settings(database_url=SecretStr(url), token_secret=SecretStr("0" * 64)))

        async def ask() -> object:
            async with engine.connect() as connection:
                return await connection.scalar(text("SELECT 1"))

        try:
            assert await with_timeout(5.0, ask()) == 1
            line.stall()
            started = time.monotonic()
            with pytest.raises(TimeoutError):
                await with_timeout(0.3, ask())
            assert time.monotonic() - started < 2
        finally:
            await engine.dispose()


async def _deletes_and_fails(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        await connection.execute(text("DELETE FROM told"))
        raise ZeroDivisionError


async def lose_connection(engine: AsyncEngine, other: AsyncEngine) -> None:
    """End the engine's only connection on the server while it is idle in the pool."""
    async with engine.connect() as connection:
        mine = await connection.scalar(text("SELECT pg_backend_pid()"))
    async with other.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:mine, 5000)"), {"mine": mine})


async def test_a_read_only_standby_counts_as_away(database_url: str) -> None:
    """As on a standby before it takes over: the write is not wrong, only too early."""
    settings = Settings(database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64), database_pool=1)
    engine = open_recording_engine(settings)
    try:
        async with engine.connect() as connection:
            await run(connection, "SET default_transaction_read_only = on", {})
            with pytest.raises(DBAPIError) as refused:
                await run(connection, "CREATE TABLE told (number int)", {})
            assert is_away(refused.value)
            with pytest.raises(DBAPIError) as wrong:
                await run(connection, "SELECT 1 FROM nowhere", {})
            assert not is_away(wrong.value)
    finally:
        await engine.dispose()
