"""An HTTP server that answers as a test says: late, in drops, not at all, by a script."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Received:
    """A request as it arrived; names of headers are in small letters."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query, the last value of each name."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass(frozen=True)
class Reply:
    """What is answered. `cut`: the connection is dropped instead. `wait`: until then nothing is sent at all.
    `drip`: seconds between single bytes of the body.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    wait: asyncio.Event | None = None
    drip: float = 0.0


Answering = Callable[[Received], Reply]


class FarSide:
    """A running server: what it received, and where it is."""

    def __init__(self, answering: Answering, *, tls: bool) -> None:
        self._answering, self._tls = answering, tls
        self.received: list[Received] = []
        self.port = 0
        self._arrived = asyncio.Condition()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    async def wait_for(self, count: int, seconds: float = 20) -> None:
        """Return once so many requests have arrived."""
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: len(self.received) >= count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request and answer it."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            received = await _read_request(reader)
            async with self._arrived:
                self.received.append(received)
                reply = self._answering(received)
                self._arrived.notify_all()
            if reply.wait is not None:
                await reply.wait.wait()
            if reply.cut:
                writer.transport.abort()
            else:
                await _write(writer, reply)
        writer.close()


async def _read_request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body)


async def _write(writer: asyncio.StreamWriter, reply: Reply) -> None:
    headers = {"content-length": str(len(reply.body)), "connection": "close", **reply.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {reply.status} X\r\n{lines}\r\n".encode("latin-1"))
    if reply.drip:
        for at in range(len(reply.body)):
            writer.write(reply.body[at : at + 1])
            await writer.drain()
            await asyncio.sleep(reply.drip)
    else:
        writer.write(reply.body)
    await writer.drain()


def script(replies: Iterable[Reply], last: Reply | None = None) -> Answering:
    """Answer with these replies one after the other, then always with `last` (200)."""
    left = list(replies)
    return lambda received: left.pop(0) if left else last or Reply()


@asynccontextmanager
async def running_far_side(answering: Answering, tls: ssl.SSLContext | None = None) -> AsyncIterator[FarSide]:
    """Run a server on a free port of 127.0.0.1 until the block ends."""
    side = FarSide(answering, tls=tls is not None)
    server = await asyncio.start_server(side.serve, "127.0.0.1", 0, ssl=tls)
    side.port = server.sockets[0].getsockname()[1]
    try:
        yield side
    finally:
        server.close()
