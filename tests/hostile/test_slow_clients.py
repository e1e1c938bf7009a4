"""Clients that send slowly, or nothing, or far too much: over real sockets, with the limits made short."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from api import middleware, slow_clients
from tests.api.harness import ApiHarness
from tests.hostile.served import served

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEAD = b"POST /p/report HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


@pytest_asyncio.fixture(loop_scope="module")
async def port(harness: ApiHarness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(slow_clients, "HEAD_SECONDS", 0.6)
    monkeypatch.setattr(middleware, "PIECE_SECONDS", 0.6)
    monkeypatch.setattr(middleware, "BODY_SECONDS", 1.2)
    settings = harness.settings.model_copy(update={"max_connections": 60})
    async with served(harness.app, settings) as number:
        yield number


async def drip(port: int, first: bytes, then: bytes = b"", every: float = 0.2) -> bytes:
    """Send `first`, then `then` again and again; return all that came until the connection was closed.

    A socket without buffers of its own: what had come before the other side reset the connection is not lost with it.
    """
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", port))
        answer = asyncio.create_task(_read_all(client))
        try:
            await loop.sock_sendall(client, first)
            async with asyncio.timeout(8):
                while not answer.done():
                    await asyncio.wait([answer], timeout=every)
                    with contextlib.suppress(ConnectionError):
                        await loop.sock_sendall(client, then)
                return await answer
        except ConnectionError:
            return await answer
        finally:
            answer.cancel()


async def _read_all(client: socket.socket) -> bytes:
    pieces = []
    with contextlib.suppress(ConnectionError):
        while piece := await asyncio.get_running_loop().sock_recv(client, 65_536):
            pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize(
    ("first", "then", "status"),
    [
        (b"", b"", b"408"),
        (b"GET / HTTP/1.1\r\nHo", b"", b"408"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"X-A: b\r\n", b"408"),
        (HEAD + FORM + b"Content-Length: 100\r\n\r\ntitle=", b"", b"408"),
        (HEAD + FORM + b"Content-Length: 100000\r\n\r\ntitle=", b"a", b"408"),
        (HEAD + FORM + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", b"408"),
        (HEAD + b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 99999\r\n\r\n--b\r\n", b"a", b"408"),
    ],
)
async def test_what_comes_too_slowly_is_closed(port: int, first: bytes, then: bytes, status: bytes) -> None:
    answer = await drip(port, first, then)
    assert answer.split(b" ")[1] == status, answer[:200]


async def test_who_goes_on_sending_after_the_answer_is_closed(port: int) -> None:
    refused = b"POST /api/v1/attachments HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000000\r\n\r\n"
    answer = await drip(port, refused, b"a" * 100)
    assert answer.split(b" ")[1] == b"401"


async def test_others_are_served_meanwhile_and_beyond_the_limit_refused(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_clients, "HEAD_SECONDS", 2.0)
    waiting = [asyncio.create_task(drip(port, b"GET / HTTP/1.1\r\n", b"X: y\r\n")) for _ in range(50)]
    await asyncio.sleep(0.1)
    plain = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert (await drip(port, plain)).split(b" ")[1] == b"200"
    more = await asyncio.gather(*(drip(port, b"GET / HTTP/1.1\r\n", b"X: y\r\n") for _ in range(20)))
    # Where more had been sent than was read, the connection ends without the answer.
    assert sum(answer == b"" or b" 503 " in answer for answer in more) >= 9
    assert {answer.split(b" ")[1] for answer in await asyncio.gather(*waiting)} == {b"408"}
    assert (await drip(port, plain)).split(b" ")[1] == b"200"


async def test_a_patient_client_with_a_steady_body_is_served(port: int, harness: ApiHarness) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    token = harness.signed_in("worker")["Authorization"].encode()
    body = b'{"category": "0201"}'
    writer.write(b"POST /api/v1/cases HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: " + token)
    writer.write(b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
    for piece in (body[:5], body[5:12], body[12:]):
        await asyncio.sleep(0.25)
        writer.write(piece)
        await writer.drain()
    assert (await reader.read()).split(b" ")[1] == b"422"
    writer.close()


@pytest.mark.parametrize(
    "head",
    [
        b"POST /api/v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n",
        b"POST /api/v1/attachments HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n",
        HEAD + b"Content-Type: multipart/form-data; boundary=b\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n" + FORM,
    ],
)
async def test_a_hundred_megabytes_are_not_taken(port: int, harness: ApiHarness, head: bytes) -> None:
    """Declared or not: it ends long before all has been sent, and nothing is stored."""
    before = await harness.stored()
    piece = b"\xff" * 1024 * 1024
    for length in (b"Content-Length: 104857600\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answer = asyncio.create_task(reader.read(12))
        sent = 0
        with contextlib.suppress(ConnectionError):
            writer.write(head + length)
            for _ in range(100):
                writer.write(piece if b"Content" in length else b"100000\r\n" + piece + b"\r\n")
                await writer.drain()
                sent += 1
                if answer.done():
                    break
        async with asyncio.timeout(8):
            with contextlib.suppress(ConnectionError):
                got = await answer
                assert got.split(b" ")[1] in (b"400", b"401", b"413", b"422"), got
        writer.close()
        assert sent < 90, "most of it must not be taken"
    assert await harness.stored() == before


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET http://evil.example/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"POST /api/v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0"
        b"\r\n\r\n",
        b"POST /api/v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST /api/v1/cases HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A : b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: b\x00c\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /static/..%2f..%2fstarter.py HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n\r\n\r\n" * 50,
    ],
)  # fmt: skip
async def test_odd_requests_are_refused_and_the_server_goes_on(port: int, request_: bytes) -> None:
    answer = await drip(port, request_, every=0.3)
    status = answer.split(b" ")[1:2]
    assert not status or status[0][:1] in (b"2", b"4"), answer[:200]
    plain = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert (await drip(port, plain)).split(b" ")[1] == b"200"
