"""Temporal's web interface below /temporal/: who sees it, what passes both ways, and what is written down."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from doors.dependencies import Services
from doors.session import COOKIE
from infra.database import transaction
from infra.settings import Settings
from infra.store.context import read_person
from models.enums import Role
from services.admin.protection import read_protection
from tests.api.conftest import api_settings, services  # noqa: F401 (fixtures)
from tests.builders import PARK, Holder, add_people, person_id, small_park, token_for
from web.app import create_app

TERMINATE = "/temporal/api/v1/namespaces/gridloop/workflows/case-7%2F8/terminate"
OURS = {"Sec-Fetch-Site": "same-origin", "Origin": "http://gridloop.test"}


async def answer(request: Request) -> Response:
    """What stands for the interface: it tells what reached it."""
    if request.url.path.endswith("/digits"):
        return Response("M185 13987654321 5.4", media_type="image/svg+xml")
    told = {"method": request.method, "path": request.scope["raw_path"].decode(), "query": request.url.query,
            "headers": dict(request.headers), "body": (await request.body()).decode()}  # fmt: skip
    response = JSONResponse(told, 418, {"ETag": '"7"', "Server": "inner", "Cache-Control": "max-age=60"})
    response.headers.append("Set-Cookie", "_csrf=abc; Path=/; SameSite=Strict")
    response.headers.append("Set-Cookie", f"{COOKIE}=stolen")
    return response


@pytest.fixture
async def http(services: Services, engine: AsyncEngine) -> AsyncIterator[httpx.AsyncClient]:  # noqa: F811
    await small_park(engine)
    async with transaction(engine) as connection:
        await add_people(connection, Holder("local_admin", "园区管理员", Role.ADMIN, grid=PARK))
    app = create_app()
    app.state.services = services
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    inner = httpx.ASGITransport(Starlette(routes=[Route("/{path:path}", answer, methods=methods)]))
    app.state.temporal_ui = httpx.AsyncClient(transport=inner, base_url="http://inner.test")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gridloop.test") as client:
        yield client


@pytest.fixture
def cookie(api_settings: Settings) -> dict[str, str]:  # noqa: F811
    return {"Cookie": f"{COOKIE}={token_for(api_settings, 'admin')}; _csrf=abc"}


async def written(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as connection:
        query = "SELECT object, after FROM admin_actions WHERE action = 'temporal_interface' ORDER BY id"
        return [tuple(row) for row in await connection.execute(text(query))]


async def test_a_request_passes_without_our_cookie(http: httpx.AsyncClient, cookie: dict[str, str]) -> None:
    asked = {**cookie, "Authorization": "Bearer x", "X-CSRF-Token": "abc", "X-Forwarded-For": "1.2.3.4"}
    found = await http.get("/temporal/api/v1/settings?a=%2F&b", headers=asked)
    told = found.json()
    assert (found.status_code, told["path"], told["query"]) == (418, "/temporal/api/v1/settings", "a=%2F&b")
    assert told["headers"]["cookie"] == "_csrf=abc"
    assert told["headers"]["x-csrf-token"] == "abc"
    assert not {"authorization", "x-forwarded-for"} & set(told["headers"])
    assert told["headers"]["host"] == "inner.test"
    assert found.headers["etag"] == '"7"'
    assert found.headers["cache-control"] == "max-age=60"
    assert found.headers.get_list("set-cookie") == ["_csrf=abc; Path=/; SameSite=Strict"]
    assert "server" not in found.headers
    assert "frame-ancestors 'none'" in found.headers["content-security-policy"]


async def test_nothing_in_it_is_masked_and_its_first_page_is_our_namespace(
    http: httpx.AsyncClient, cookie: dict[str, str]
) -> None:
    assert "13987654321" in (await http.get("/temporal/digits", headers=cookie)).text
    found = await http.get("/temporal")
    assert (found.status_code, found.headers["location"]) == (303, "/temporal/namespaces/default/workflows")
    for host in ("evil.example", "gridloop.test.evil.example"):
        assert (await http.get("/temporal/", headers={**cookie, "Host": host})).status_code == 421, host


async def test_a_change_passes_and_is_written_down(
    http: httpx.AsyncClient, cookie: dict[str, str], engine: AsyncEngine
) -> None:
    methods = ("POST", "PUT", "PATCH", "DELETE")
    for method in methods:
        found = await http.request(method, TERMINATE, headers={**cookie, **OURS}, content=b'{"reason": "x"}')
        told = found.json()
        assert (told["method"], told["path"], told["body"]) == (method, TERMINATE, '{"reason": "x"}')
    assert await written(engine) == [("case-7/8", {"method": method, "path": TERMINATE}) for method in methods]


async def test_nobody_else_gets_anything_and_no_change_comes_from_another_site(
    http: httpx.AsyncClient, api_settings: Settings, engine: AsyncEngine, cookie: dict[str, str],  # noqa: F811
) -> None:  # fmt: skip
    for username in (None, "worker", "duty", "supervisor", "auditor", "local_admin"):
        headers = {} if username is None else {"Cookie": f"{COOKIE}={token_for(api_settings, username)}"}
        for method, path in (("GET", "/temporal/"), ("POST", TERMINATE)):
            found = await http.request(method, path, headers={**headers, **OURS})
            assert found.status_code == (303 if username is None else 403), (username, path, found.text)
    for foreign in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                    {"Origin": "http://evil.example"}, {}):  # fmt: skip
        assert (await http.post(TERMINATE, headers={**cookie, **foreign})).status_code == 403, foreign
    assert await written(engine) == []


async def test_an_interface_that_is_away_is_said(http: httpx.AsyncClient, cookie: dict[str, str]) -> None:
    app = http._transport.app  # type: ignore[attr-defined]
    app.state.temporal_ui = httpx.AsyncClient(base_url="http://127.0.0.1:9", trust_env=False)
    assert (await http.get("/temporal/", headers=cookie)).status_code == 503
    app.state.temporal_ui = None
    assert (await http.get("/temporal/", headers=cookie)).status_code == 404


async def test_administration_says_what_is_protected(
    http: httpx.AsyncClient, api_settings: Settings, engine: AsyncEngine, cookie: dict[str, str],  # noqa: F811
) -> None:  # fmt: skip
    page = (await http.get("/admin?lang=en", headers=cookie)).text
    for said in ("data is encrypted; its key", "Workflow data is encrypted", "not run by this system", "/temporal"):
        assert said in page, said
    ui = {"temporal_ui": "https://127.0.0.1:1"}
    for changed, door in ((ui, "open"), ({**ui, "temporal_ui_certificates": api_settings.data_dir}, "closed")):
        settings = api_settings.model_copy(update=changed)
        async with engine.connect() as connection:
            person = await read_person(connection, person_id("admin"))
            assert person is not None
            found = await read_protection(connection, person, settings, datetime.now(UTC))
        assert found is not None
        assert found.temporal == door
    api_settings.key_ring.unlink()
    page = (await http.get("/admin?lang=en", headers=cookie)).text
    assert "neither taken nor shown" in page
    assert "no workflow goes on" in page
    assert "store of attachments" not in page
    api_settings.attachments_dir.write_text("in the place of the folder")
    assert "The store of attachments is away" in (await http.get("/admin?lang=en", headers=cookie)).text
    for username in ("supervisor", "auditor", "local_admin"):
        theirs = {"Cookie": f"{COOKIE}={token_for(api_settings, username)}"}
        answer = await http.get("/admin?lang=en", headers=theirs)
        assert (answer.status_code, "Protection of data" in answer.text) == (200, False), username
