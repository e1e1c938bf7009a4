"""The shortest way to PostgreSQL, for what every step and every page asks: the driver's own statements, prepared.

They run in the transaction of the SQLAlchemy connection that they are sent through, beside its own statements; on a
connection that commits by itself (`database.at_once`), each is a transaction of its own.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection


@asynccontextmanager
async def transaction(connection: AsyncConnection) -> AsyncIterator[None]:
    """Makes one transaction of what is sent within: all of it counts, or, when the block raises, none of it.

    Within a transaction of the caller's, all of it counts with that one. Raises SQLAlchemy's errors, as `first_row`.
    """
    driver = _driver(connection)
    try:
        async with driver.transaction():
            yield
    except psycopg.Error as error:
        raise await _as_known(error, connection, None) from error


async def first_row(connection: AsyncConnection, statement: str, values: Mapping[str, object]) -> Any:
    """The first row that `statement` answers, as a tuple, or None. Values are written `%(name)s`.

    Raises SQLAlchemy's errors, so that who asks need not know which way was taken.
    """
    cursor = await _run(connection, statement, values)
    return await cursor.fetchone()


async def all_rows(connection: AsyncConnection, statement: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """All rows that `statement` answers, as tuples; as `first_row`."""
    cursor = await _run(connection, statement, values)
    return await cursor.fetchall()


async def run(connection: AsyncConnection, statement: str, values: Mapping[str, object]) -> None:
    """Executes `statement`; as `first_row`."""
    await _run(connection, statement, values)


async def _run(
    connection: AsyncConnection, statement: str, values: Mapping[str, object]
) -> psycopg.AsyncCursor[tuple[Any, ...]]:
    try:
        return await _driver(connection).execute(statement, values, prepare=True)
    except psycopg.Error as error:
        raise await _as_known(error, connection, statement) from error


async def _as_known(error: psycopg.Error, connection: AsyncConnection, statement: str | None) -> Exception:
    """The driver's error as SQLAlchemy tells it; a connection that is gone is not lent out again."""
    closed = _driver(connection).closed
    if closed:
        await connection.invalidate(error)
    return DBAPIError.instance(
        statement, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=closed
    )


def _driver(connection: AsyncConnection) -> "psycopg.AsyncConnection[tuple[Any, ...]]":
    assert connection.sync_connection is not None
    return cast("psycopg.AsyncConnection[tuple[Any, ...]]", connection.sync_connection.connection.driver_connection)
