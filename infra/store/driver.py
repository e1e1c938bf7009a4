"""Prepared statements sent directly through psycopg: cheaper than SQLAlchemy, for the recording step and the pages.

They run on the connection, and in the transaction, of the SQLAlchemy connection that is passed in. On a connection of
`infra.database.autocommit_engine` each statement is a transaction of its own.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.tracing import statement_span


@asynccontextmanager
async def transaction(connection: AsyncConnection) -> AsyncIterator[None]:
    """Run the block in one transaction, or in a savepoint of the caller's transaction. An error rolls it back.

    Raises SQLAlchemy's errors, like `first_row`.
    """
    driver = _driver(connection)
    try:
        async with driver.transaction():
            yield
    except psycopg.Error as error:
        raise await _as_sqlalchemy_error(error, connection, None) from error


async def first_row(connection: AsyncConnection, statement: str, values: Mapping[str, object]) -> Any:
    """Return the first row of `statement` as a tuple, or None. Parameters are written `%(name)s`.

    Raises SQLAlchemy's errors, so that callers handle one kind of error.
    """
    cursor = await _run(connection, statement, values)
    return await cursor.fetchone()


async def all_rows(connection: AsyncConnection, statement: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """Return all rows of `statement` as tuples. Parameters and errors as for `first_row`."""
    cursor = await _run(connection, statement, values)
    return await cursor.fetchall()


async def run(connection: AsyncConnection, statement: str, values: Mapping[str, object]) -> None:
    """Execute `statement`. Parameters and errors as for `first_row`."""
    await _run(connection, statement, values)


async def _run(
    connection: AsyncConnection, statement: str, values: Mapping[str, object]
) -> psycopg.AsyncCursor[tuple[Any, ...]]:
    try:
        with statement_span(statement):
            return await _driver(connection).execute(statement, values, prepare=True)
    except psycopg.Error as error:
        raise await _as_sqlalchemy_error(error, connection, statement) from error


async def _as_sqlalchemy_error(error: psycopg.Error, connection: AsyncConnection, statement: str | None) -> Exception:
    """Return SQLAlchemy's error for an error of the driver. A closed connection leaves the pool."""
    closed = _driver(connection).closed
    if closed:
        await connection.invalidate(error)
    return DBAPIError.instance(
        statement, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=closed
    )


def _driver(connection: AsyncConnection) -> "psycopg.AsyncConnection[tuple[Any, ...]]":
    assert connection.sync_connection is not None
    return cast("psycopg.AsyncConnection[tuple[Any, ...]]", connection.sync_connection.connection.driver_connection)
