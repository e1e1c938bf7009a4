"""A wire that can be cut: between a program and a server, on this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Wire:
    """Forwards connections to `host:port` from its own `port`; cut, it drops them all and takes no new ones."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._far_port = host, port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.port = 0
        #: Seconds by which everything comes through late.
        self.delay = 0.0

    async def mend(self) -> None:
        """Takes connections (again), always on the same port."""
        if self._server is not None and self._server.is_serving():
            return
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def stall(self) -> None:
        """Connections stay, and new ones are taken, but nothing comes through: the far side stands still."""
        self._flows.clear()

    def flow(self) -> None:
        """Everything comes through again, what was sent meanwhile as well."""
        self._flows.set()

    async def cut(self) -> None:
        """Drops every connection; new ones are refused."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._far_port)
        except OSError:  # the server is not there
            writer.transport.abort()
            return
        self._open |= {writer, far_writer}
        try:
            await asyncio.gather(self._pour(reader, far_writer), self._pour(far_reader, writer))
        finally:
            self._open -= {writer, far_writer}

    async def _pour(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.CancelledError):
            while data := await reader.read(65536):
                await self._flows.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def wire(host: str, port: int) -> AsyncIterator[Wire]:
    """A wire to `host:port`, whole."""
    made = Wire(host, port)
    await made.mend()
    try:
        yield made
    finally:
        await made.cut()
