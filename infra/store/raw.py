"""The shortest way to PostgreSQL, for the recording step alone: the driver's own statements, prepared.

They run in the transaction of the SQLAlchemy connection that they are sent through, beside its own statements.
"""

from collections.abc import Mapping
from typing import Any, cast

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection


async def first_row(connection: AsyncConnection, statement: str, values: Mapping[str, object]) -> Any:
    """The first row that `statement` answers, as a tuple, or None. Values are written `%(name)s`.

    Raises SQLAlchemy's errors, so that who asks need not know which way was taken.
    """
    cursor = await _run(connection, statement, values)
    return await cursor.fetchone()


async def run(connection: AsyncConnection, statement: str, values: Mapping[str, object]) -> None:
    """Executes `statement`; as `first_row`."""
    await _run(connection, statement, values)


async def _run(
    connection: AsyncConnection, statement: str, values: Mapping[str, object]
) -> psycopg.AsyncCursor[tuple[Any, ...]]:
    driver = _driver(connection)
    try:
        return await driver.execute(statement, values, prepare=True)
    except psycopg.Error as error:
        if driver.closed:
            await connection.invalidate(error)
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=driver.closed
        ) from error


def _driver(connection: AsyncConnection) -> "psycopg.AsyncConnection[tuple[Any, ...]]":
    assert connection.sync_connection is not None
    return cast("psycopg.AsyncConnection[tuple[Any, ...]]", connection.sync_connection.connection.driver_connection)
