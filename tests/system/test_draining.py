"""An API process that is told to stop: its streams end, balancers are told, and nothing in flight is cut."""

import asyncio
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
import uvicorn
from pydantic import SecretStr

from api.app import create_app
from api.server import DrainingServer
from doors.draining import Drain
from doors.session import COOKIE
from infra.database import open_database
from infra.keys.ring import create_ring
from infra.settings import Settings
from tests.builders import PASSWORD, small_park, token_for
from tests.servers import Servers
from tests.system.processes import answers, environment, serving, until

#: How long the process goes on taking requests, in this test.
DRAIN = 1.5
FORM = urlencode({"username": "worker", "password": PASSWORD}).encode()
HEAD = (
    "POST /api/v1/auth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    f"Content-Length: {len(FORM)}\r\n\r\n"
).encode()


@pytest.fixture
def surroundings(servers: Servers, database_url: str, tmp_path: Path) -> dict[str, str]:
    """The settings of a process on a small park."""
    settings = Settings(database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64), data_dir=tmp_path)
    create_ring(settings.key_ring)

    async def fill() -> None:
        engine = open_database(settings)
        await small_park(engine)
        await engine.dispose()

    asyncio.run(fill())
    return environment(servers, database_url, tmp_path, "draining", drain_seconds=DRAIN)


def test_nothing_is_cut(surroundings: dict[str, str], tmp_path: Path) -> None:
    token = token_for(
        Settings(database_url=SecretStr(surroundings["GRIDLOOP_DATABASE_URL"]), token_secret=SecretStr("0" * 64)),
        "duty",
    )
    with (
        serving(surroundings, tmp_path / "web.log") as process,
        httpx.Client(base_url=process.url, trust_env=False, timeout=20) as http,
        http.stream("GET", "/live", cookies={COOKIE: token}) as stream,
        socket.create_connection((urlsplit(process.url).hostname, urlsplit(process.url).port), timeout=20) as slow,
    ):
        events = stream.iter_lines()
        assert (stream.status_code, next(events)) == (200, ": open")
        slow.sendall(HEAD + FORM[:10])  # a request that is still on its way

        process.started.send_signal(signal.SIGTERM)
        told = time.monotonic()
        assert list(events) == [""], "the stream ends as a whole answer, not by a broken connection"
        assert time.monotonic() - told < DRAIN, "and at once"
        not_ready = http.get("/readyz", headers={"Accept-Language": "en"})
        assert (not_ready.status_code, not_ready.json()["parts"]) == (503, {"process": "stopping"})
        other = http.get("/healthz")
        assert (other.status_code, other.headers["connection"]) == (200, "close"), "requests are still taken"
        again = http.get("/live", cookies={COOKIE: token})
        assert (again.status_code, again.text) == (200, ": open\n\n"), "a page that comes back is sent away again"

        until(lambda: not answers(f"{process.url}/healthz"), "the listener closes")
        assert time.monotonic() - told >= DRAIN * 0.9
        slow.sendall(FORM[10:])
        assert slow.recv(100_000).startswith(b"HTTP/1.1 200"), "the request in flight is answered"
        process.started.wait(20)
        assert time.monotonic() - told < DRAIN + 5
        assert "exceeded" not in process.said()


@pytest.mark.parametrize(("signals", "stops"), [
    ([], False),
    ([signal.SIGTERM], False),
    ([signal.SIGTERM, signal.SIGTERM], True),
    ([signal.SIGTERM, signal.SIGINT], True),
    ([signal.SIGINT], True),
])  # fmt: skip
async def test_a_second_signal_ends_it_at_once(signals: list[signal.Signals], stops: bool) -> None:
    drain = Drain()
    server = DrainingServer(uvicorn.Config(create_app()), drain, seconds=120)
    for each in signals:
        server.handle_exit(each, None)
    assert await server.on_tick(1) is stops
    assert drain.begun is bool(signals)
