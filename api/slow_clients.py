"""Connections that send nothing, or too slowly, are closed: each costs a file and memory, and anybody can open them."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Seconds from the first byte of a request (or from connecting) until its whole head must be there (our choice).
HEAD_SECONDS = 15.0
_LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class GuardedProtocol(H11Protocol):
    """uvicorn's protocol with a limit of connections, and of the time that the head of a request may take.

    How fast a body must come is checked where it is read (`api.middleware`). Who goes on sending after the answer has
    the time of a head as well.
    """

    #: The most connections of the process at once.
    most_connections = 4_000
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or refuse it when there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.write(_FULL)
            transport.close()
            return
        self._start_head_timer()

    def data_received(self, data: bytes) -> None:
        """Read, and watch how long a head takes."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._start_head_timer()
        else:
            self._stop_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the watch with the connection."""
        self._stop_head_timer()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """End the watch: what waits for the next request is closed by the time limit of idle connections."""
        self._stop_head_timer()
        super().on_response_complete()

    def _start_head_timer(self) -> None:
        if self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if self.transport.is_closing():
            return
        if self.conn.our_state is h11.IDLE:
            self.transport.write(_LATE)
        self.transport.close()
