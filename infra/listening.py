"""A connection of its own for LISTEN, outside the pools."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg

#: How long a cancelled task waits for a connection that is just being opened, to close it.
_CLOSING_SECONDS = 5.0


@asynccontextmanager
async def listening(address: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """Open a connection for the block, and close it.

    Cancelled while it is being opened, it is opened to the end and closed: left half open, the server would keep it
    until its authentication timeout, and could not drop its database meanwhile. Raises psycopg.Error.
    """
    opening = asyncio.ensure_future(psycopg.AsyncConnection.connect(address, autocommit=True))
    try:
        connection = await asyncio.shield(opening)
    except asyncio.CancelledError:
        with suppress(psycopg.Error, TimeoutError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                await (await opening).close()
        raise
    async with connection:
        yield connection
