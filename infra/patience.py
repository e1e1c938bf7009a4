"""Connections to PostgreSQL that do not wait for ever: a server that stands still is away, though its line is open."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import psycopg


class PatientConnection(psycopg.AsyncConnection[Any]):
    """A connection that hangs up when an answer has not come within `patience` seconds; 0 waits for ever.

    Whoever waits is told by psycopg.OperationalError, as when the server had hung up.
    """

    patience: float = 0.0

    async def wait(self, *args: Any, **more: Any) -> Any:
        """As of any connection, for as long as there is patience."""
        if not self.patience:
            return await super().wait(*args, **more)
        give_up = asyncio.get_running_loop().call_later(self.patience, _hang_up, self.pgconn.socket)
        try:
            return await super().wait(*args, **more)
        finally:
            give_up.cancel()


def patient(seconds: float) -> Callable[..., Awaitable[psycopg.AsyncConnection[Any]]]:
    """What opens connections that wait so long for every answer."""

    async def opened(*args: Any, **more: Any) -> psycopg.AsyncConnection[Any]:
        connection = await PatientConnection.connect(*args, **more)
        connection.patience = seconds
        return connection

    return opened


def _hang_up(line: int) -> None:
    """Ends both ways of a line that libpq has open: it reads the end of it, and says so to whoever waits."""
    with suppress(OSError), socket.socket(fileno=os.dup(line)) as ours:
        ours.shutdown(socket.SHUT_RDWR)
