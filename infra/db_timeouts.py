"""Timeouts for PostgreSQL connections: a server that does not answer is away, even while the socket is open."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")


class TimeoutConnection(psycopg.AsyncConnection[Any]):
    """A connection that closes its socket when an answer takes longer than `timeout` seconds; 0 means no limit.

    The waiting caller gets psycopg.OperationalError, as when the server had closed the connection.
    """

    timeout: float = 0.0

    async def wait(self, *args: Any, **more: Any) -> Any:
        """Wait for the server as psycopg does, at most `timeout` seconds."""
        if not self.timeout:
            return await super().wait(*args, **more)
        timer = asyncio.get_running_loop().call_later(self.timeout, _shut_down_socket, self.pgconn.socket)
        try:
            return await super().wait(*args, **more)
        finally:
            timer.cancel()


def connector_with_timeout(seconds: float) -> Callable[..., Awaitable[psycopg.AsyncConnection[Any]]]:
    """Return a connect function whose connections wait at most `seconds` for each answer."""

    async def connect(*args: Any, **more: Any) -> psycopg.AsyncConnection[Any]:
        connection = await TimeoutConnection.connect(*args, **more)
        connection.timeout = seconds
        return connection

    return connect


def _shut_down_socket(descriptor: int) -> None:
    """Shut down a socket that libpq has open: libpq then reads end of file and raises."""
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)


#: Tasks whose caller has given up. Without a reference they could be garbage-collected before they end.
_ABANDONED: set[asyncio.Task[Any]] = set()


async def with_timeout(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`. Raises TimeoutError after `seconds` without waiting for `work` to end.

    `asyncio.timeout` would wait until a cancelled statement ends, which a hanging server never lets happen.
    """
    task = asyncio.ensure_future(work)
    _ABANDONED.add(task)
    task.add_done_callback(_forget)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if not done:
        task.cancel()
        raise TimeoutError
    return task.result()


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`. When the caller is cancelled meanwhile, `work` still runs to its end, alone.

    For short reads of a stream whose client may leave at any moment: a statement that is cancelled twice costs its
    connection. An error after the caller has gone is dropped, since nobody waits for it.
    """
    task = asyncio.ensure_future(work)
    _ABANDONED.add(task)
    task.add_done_callback(_forget)
    return await asyncio.shield(task)


def _forget(task: asyncio.Task[Any]) -> None:
    _ABANDONED.discard(task)
    if not task.cancelled():
        task.exception()  # otherwise asyncio reports that nobody asked for it
