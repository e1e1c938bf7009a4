"""Whose address counts, which names are answered, and what links are made of: over real sockets."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from api.middleware import RequestMiddleware
from api.server import warn_of_proxies
from doors.client import client_address, is_https, public_address
from doors.draining import Drain
from doors.problems import add_error_handlers
from infra.settings import Settings
from tests.hostile.served import served

PROXY = {"trusted_proxies": ("127.0.0.0/8", "10.0.3.7")}


def some_settings(**values: Any) -> Settings:
    return Settings(database_url=SecretStr("postgresql://x"), token_secret=SecretStr("0" * 64), **values)


def small_app(settings: Settings) -> FastAPI:
    """An application that tells what it knows of the client."""
    app = FastAPI()
    app.state.services, app.state.drain = SimpleNamespace(settings=settings), Drain()
    add_error_handlers(app)
    app.add_middleware(RequestMiddleware)

    @app.get("/who")
    async def who(request: Request) -> list[object]:
        return [client_address(request), is_https(request), public_address(request, "/p")]

    return app


async def ask(settings: Settings, headers: list[tuple[str, str]], peer: str = "127.0.0.1") -> httpx.Response:
    """The answer to a request from the address `peer` of this machine."""
    transport = httpx.AsyncHTTPTransport(local_address=peer)
    async with served(small_app(settings), settings) as port, httpx.AsyncClient(transport=transport) as http:
        return await http.get(f"http://127.0.0.1:{port}/who", headers=headers)


FORWARDED = "X-Forwarded-For"


@pytest.mark.parametrize(
    ("options", "headers", "address", "https"),
    [
        ({}, [], "127.0.0.1", False),
        ({}, [(FORWARDED, "203.0.113.77"), ("X-Forwarded-Proto", "https")], "127.0.0.1", False),
        ({}, [("Forwarded", "for=203.0.113.77;proto=https"), ("X-Real-IP", "203.0.113.7")], "127.0.0.1", False),
        (PROXY, [(FORWARDED, "203.0.113.77"), ("X-Forwarded-Proto", "https")], "203.0.113.77", True),
        (PROXY, [(FORWARDED, "6.6.6.6, 203.0.113.77")], "203.0.113.77", False),
        (PROXY, [(FORWARDED, "6.6.6.6"), (FORWARDED, "203.0.113.77")], "203.0.113.77", False),
        (PROXY, [(FORWARDED, "203.0.113.77, 10.0.3.7")], "203.0.113.77", False),
        (PROXY, [(FORWARDED, "203.0.113.77:4711")], "203.0.113.77", False),
        (PROXY, [(FORWARDED, "2001:db8:1:2:3:4:5:6")], "2001:db8:1:2::/64", False),
        (PROXY, [(FORWARDED, "::ffff:203.0.113.77")], "203.0.113.77", False),
        (PROXY, [("X-Forwarded-Proto", "gopher")], "127.0.0.1", False),
        ({"trusted_proxies": ("10.0.3.7",)}, [(FORWARDED, "203.0.113.77")], "127.0.0.1", False),
        ({"public_url": "https://grid.example"}, [], "127.0.0.1", True),
    ],
)
async def test_only_a_trusted_proxy_tells_the_address(
    options: dict[str, Any], headers: list[tuple[str, str]], address: str, https: bool
) -> None:
    answer = await ask(some_settings(**options), headers)
    assert answer.json()[:2] == [address, https]


@pytest.mark.parametrize(
    ("proxies", "address", "https"),
    [
        ((), "127.9.9.9", False),
        (("127.0.0.1",), "127.9.9.9", False),
        (("127.9.9.9",), "203.0.113.77", True),
        (("10.0.0.0/8", "127.9.0.0/16"), "203.0.113.77", True),
    ],
)
async def test_a_proxy_on_another_host_must_be_named(proxies: tuple[str, ...], address: str, https: bool) -> None:
    headers = [(FORWARDED, "203.0.113.77"), ("X-Forwarded-Proto", "https")]
    answer = await ask(some_settings(trusted_proxies=proxies), headers, peer="127.9.9.9")
    assert answer.json()[:2] == [address, https]


@pytest.mark.parametrize(
    ("options", "warns"),
    [
        ({}, False),
        ({"web_host": "::1"}, False),
        ({"web_host": "0.0.0.0"}, True),
        ({"public_url": "https://grid.example"}, True),
        ({"web_host": "0.0.0.0", "trusted_proxies": ("10.0.3.7",)}, False),
        ({"public_url": "https://grid.example", "trusted_proxies": ("127.0.0.1",)}, False),
    ],
)
def test_a_proxy_that_nobody_named_is_told_at_the_start(options: dict[str, Any], warns: bool) -> None:
    with capture_logs() as said:
        warn_of_proxies(some_settings(**options))
    assert ["GRIDLOOP_TRUSTED_PROXIES" in line["event"] for line in said] == [True] * warns


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:99", 200),
        ("127.0.0.1", 200),
        ("[::1]:8080", 200),
        ("grid.example", 200),
        ("Grid.Example.", 200),
        ("grid.example:8443", 200),
        ("old.grid.example", 200),
        ("evil.example", 421),
        ("grid.example.evil.example", 421),
        ("grid.example@evil.example", 421),
        ("evil.example#grid.example", 421),
        ("evil.example\\grid.example", 421),
        ("localhost:evil", 421),
        ("[::1", 421),
        ("gr\u00eed.example", 421),
        ("192.168.7.7", 421),
    ],
)
async def test_other_names_are_refused(host: str, status: int) -> None:
    settings = some_settings(public_url="https://grid.example/", allowed_hosts="old.grid.example")
    answer = await ask(settings, [("Host", host.encode("latin-1"))])  # type: ignore[list-item]
    assert answer.status_code in ({status} if status == 200 else {421, 400})
    if answer.status_code == 421:
        assert answer.json()["code"] == "unknown_host"


async def test_links_are_under_the_public_url() -> None:
    settings = some_settings(public_url="https://grid.example", allowed_hosts=("old.grid.example",))
    odd = [("Host", "old.grid.example"), ("X-Forwarded-Host", "evil.example")]
    assert (await ask(settings, odd)).json()[2] == "https://grid.example/p"
    assert (await ask(some_settings(), odd[1:])).json()[2].startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("public_url", "grid.example"),
        ("public_url", "https://grid.example/path"),
        ("public_url", "https://me@grid.example"),
        ("public_url", "javascript:alert(1)"),
        ("trusted_proxies", "10.0.0.300"),
        ("trusted_proxies", "*"),
        ("trusted_proxies", "10.0.3.7/8"),
        ("allowed_hosts", "https://grid.example"),
        ("allowed_hosts", "*"),
    ],
)
def test_settings_that_mean_nothing_are_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        some_settings(**{name: value})


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLOOP_TRUSTED_PROXIES", "127.0.0.1, 10.0.3.0/24")
    monkeypatch.setenv("GRIDLOOP_ALLOWED_HOSTS", "A.example,b.example")
    settings = some_settings()
    assert settings.trusted_proxies == ("127.0.0.1/32", "10.0.3.0/24")
    assert settings.allowed_hosts == ("a.example", "b.example")
