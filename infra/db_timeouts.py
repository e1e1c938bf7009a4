"""Connections to PostgreSQL that do not wait for ever: a server that stands still is away, though its line is open."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")


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


#: What goes on after nobody waits for it any more: without this, it might be gone before its end.
_LEFT: set[asyncio.Task[Any]] = set()


async def within(seconds: float, asked: Coroutine[Any, Any, T]) -> T:
    """The answer, if it comes in time. Raises TimeoutError then and there; what was asked is left to end by itself.

    `asyncio.timeout` would wait for the end of a cancelled statement, which a server that stands still never gives.
    """
    task = asyncio.ensure_future(asked)
    _LEFT.add(task)
    task.add_done_callback(_LEFT.discard)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
        raise TimeoutError
    return task.result()
