"""Doors behind a proxy on another host: limits count who is behind it, and cookies are for https only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from doors.dependencies import Services
from doors.session import COOKIE
from services.accounts.attempts import LIMITS
from tests.builders import PASSWORD
from tests.hostile.served import served

#: The proxy's own address: none that our server trusts by itself.
PROXY = "127.9.9.9"


@asynccontextmanager
async def proxied(app: FastAPI, services: Services, **settings: object) -> AsyncIterator[httpx.AsyncClient]:
    """Requests from the proxy's address to the application with these settings."""
    known = services.settings.model_copy(update=settings)
    app.state.services = replace(services, resources=replace(services.resources, settings=known))
    transport = httpx.AsyncHTTPTransport(local_address=PROXY)
    async with served(app, known) as port, httpx.AsyncClient(transport=transport, timeout=30) as http:
        http.base_url = f"http://127.0.0.1:{port}/api/v1/auth"
        yield http


def from_behind(number: int) -> dict[str, str]:
    """What the proxy says of the browser."""
    return {"X-Forwarded-For": f"203.0.113.{number}", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(("proxies", "last"), [((PROXY,), 401), (("10.0.3.7",), 429)])
async def test_guesses_are_counted_by_who_is_behind_a_trusted_proxy(
    app: FastAPI, services: Services, proxies: tuple[str, ...], last: int
) -> None:
    async with proxied(app, services, trusted_proxies=proxies) as http:
        for number in range(1, LIMITS["c"].free + 2):
            form = {"username": f"nobody-{number}", "password": "wrong"}
            answer = await http.post("/token", data=form, headers=from_behind(number))
        assert answer.status_code == last


@pytest.mark.parametrize(("proxies", "url", "secure"), [
    ((PROXY,), None, True),
    ((), None, False),
    ((), "https://grid.example.gov.cn", True),
])  # fmt: skip
async def test_the_cookie_is_for_https_where_the_browser_came_by_it(
    app: FastAPI, services: Services, proxies: tuple[str, ...], url: str | None, secure: bool
) -> None:
    form = {"username": "duty", "password": PASSWORD}
    origin = "https://grid.example.gov.cn" if url else "https://proxied.example"
    named = {"Origin": origin, "Sec-Fetch-Site": "same-origin"} if url is None else {"Origin": origin}
    async with proxied(app, services, trusted_proxies=proxies, public_url=url) as http:
        answer = await http.post("/session", data=form, headers={**from_behind(1), **named})
    assert answer.status_code == 204, "also where the proxy asks us under another name than the browser"
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(COOKIE + "=")]
    assert ("Secure" in cookie) is secure
