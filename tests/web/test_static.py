"""Built files as they are served: cached without limit, and compressed for clients that accept it."""

import gzip
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from web.build import bring_up_to_date
from web.static import IMMUTABLE, STATIC_DIR, asset, manifest, mount_static


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    bring_up_to_date()
    app = FastAPI()
    mount_static(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://built.test") as client:
        yield client


async def test_a_script_comes_compressed_for_whom_takes_it_so(browser: httpx.AsyncClient) -> None:
    plain = (STATIC_DIR / manifest()["desk.js"]).read_bytes()
    for takes, encoding in (("gzip, br", "gzip"), ("identity", None)):
        async with browser.stream("GET", asset("desk.js"), headers={"Accept-Encoding": takes}) as answer:
            sent = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers.get("content-encoding") == encoding
        assert (gzip.decompress(sent) if encoding else sent) == plain
        assert "javascript" in answer.headers["content-type"]
        assert (answer.headers["cache-control"], answer.headers["vary"]) == (IMMUTABLE, "Accept-Encoding")
        again = await browser.get(
            asset("desk.js"), headers={"Accept-Encoding": takes, "If-None-Match": answer.headers["etag"]}
        )
        assert again.status_code == 304


async def test_what_is_too_small_to_gain_comes_as_it_is(browser: httpx.AsyncClient) -> None:
    answer = await browser.get(asset("icon.svg"), headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.content == (STATIC_DIR / manifest()["icon.svg"]).read_bytes()


async def test_what_was_never_built_is_not_there(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/static/desk-00000000.js", headers={"Accept-Encoding": "gzip"})).status_code == 404
