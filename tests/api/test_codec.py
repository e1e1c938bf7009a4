"""The codec server: who may ask, from which page, what comes back, and what is written down."""

import base64
import json
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.common.v1 import Payload

from doors.dependencies import Services
from doors.session import COOKIE
from infra.database import transaction
from infra.settings import Settings
from infra.temporal import make_converter
from models.enums import Role
from services.accounts.limits import CODEC_CALLS
from services.runtime.resources import Resources
from tests.api.apps import shared_api
from tests.api.conftest import SignedIn
from tests.builders import PARK, Holder, add_people, small_park, token_for

UI, PAGE = "http://temporal.test:8233", "/namespaces/gridloop/workflows/case-7/019/history"
SECRET = "欧阳家欠薪 13987654321"


@pytest.fixture
async def http(services: Services, engine: AsyncEngine, api_settings: Settings) -> Any:
    await small_park(engine)
    async with transaction(engine) as connection:
        await add_people(connection, Holder("local_admin", "园区管理员", Role.ADMIN, grid=PARK))
    known = api_settings.model_copy(update={"temporal_ui_origin": UI})
    app = shared_api(Services(Resources(known, engine, services.temporal)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gridloop.test") as client:
        yield client


@pytest.fixture
async def payload(api_settings: Settings) -> dict[str, Any]:
    """An encrypted payload as Temporal shows it in JSON."""
    [stored] = await make_converter(api_settings.key_ring).encode([SECRET])
    return as_json(stored)


def as_json(payload: Payload) -> dict[str, Any]:
    metadata = {name: base64.b64encode(value).decode() for name, value in payload.metadata.items()}
    return {"metadata": metadata, "data": base64.b64encode(payload.data).decode()}


async def looks(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as connection:
        query = "SELECT action, kind, object, after FROM admin_actions WHERE action = 'decode_payloads' ORDER BY id"
        return [tuple(row) for row in await connection.execute(text(query))]


async def test_an_administrator_reads_and_it_is_written_down(
    http: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine, payload: dict[str, Any], api_settings: Settings
) -> None:
    clear = {
        "metadata": {"encoding": base64.b64encode(b"json/plain").decode()},
        "data": base64.b64encode(b"7").decode(),
    }
    headers = {**signed_in("admin"), "X-Namespace": "gridloop", "Referer": f"http://gridloop.test/temporal{PAGE}"}
    answer = await http.post("/codec/decode", json={"payloads": [payload, clear]}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    first, second = answer.json()["payloads"]
    assert json.loads(base64.b64decode(first["data"])) == SECRET
    assert base64.b64decode(first["metadata"]["encoding"]) == b"json/plain"
    assert second == clear
    key = json.loads(api_settings.key_ring.read_text())["current"]
    assert await looks(engine) == [
        ("decode_payloads", "temporal", "case-7", {"payloads": 2, "keys": [key], "namespace": "gridloop"})
    ]


async def test_what_is_encoded_is_decoded(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    given = as_json(Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(SECRET).encode()))
    encoded = (await http.post("/codec/encode", json={"payloads": [given]}, headers=signed_in("admin"))).json()
    assert base64.b64decode(encoded["payloads"][0]["metadata"]["encoding"]) == b"binary/encrypted"
    decoded = (await http.post("/codec/decode", json=encoded, headers=signed_in("admin"))).json()
    assert decoded == {"payloads": [given]}


@pytest.mark.parametrize("call", ["encode", "decode"])
@pytest.mark.parametrize(
    ("username", "status"),
    [(None, 401), ("worker", 403), ("duty", 403), ("supervisor", 403), ("auditor", 403), ("local_admin", 403)],
)
async def test_nobody_else_may_ask(
    http: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine, payload: dict[str, Any], call: str,
    username: str | None, status: int,
) -> None:  # fmt: skip
    headers = {} if username is None else signed_in(username)
    answer = await http.post(f"/codec/{call}", json={"payloads": [payload]}, headers=headers)
    assert answer.status_code == status, answer.text
    assert "data" not in answer.json()
    assert await looks(engine) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": UI, "Sec-Fetch-Site": "same-site"}, 200),
        ({"Origin": "http://gridloop.test", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://gridloop.test"}, 200),
        ({"Origin": "http://evil.test", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": f"{UI}.evil.test"}, 403),
        ({"Origin": UI.replace("8233", "8234"), "Sec-Fetch-Site": "same-site"}, 403),
        ({}, 403),
    ],
)
async def test_a_session_counts_on_our_page_and_on_temporals(
    http: httpx.AsyncClient, payload: dict[str, Any], api_settings: Settings, headers: dict[str, str], status: int
) -> None:
    cookie = {"Cookie": f"{COOKIE}={token_for(api_settings, 'admin')}"}
    answer = await http.post("/codec/decode", json={"payloads": [payload]}, headers={**headers, **cookie})
    assert answer.status_code == status, answer.text
    allowed = answer.headers.get("access-control-allow-origin")
    assert allowed == (UI if headers.get("Origin") == UI else None)


@pytest.mark.parametrize(("origin", "status"), [(UI, 204), ("http://evil.test", 403), (f"{UI}/", 403), ("*", 403)])
async def test_the_browser_is_told_of_one_origin(http: httpx.AsyncClient, origin: str, status: int) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "content-type,x-namespace,authorization"}  # fmt: skip
    answer = await http.options("/codec/decode", headers=asked)
    assert answer.status_code == status
    if status == 204:
        assert answer.headers["access-control-allow-origin"] == UI
        assert answer.headers["access-control-allow-methods"] == "POST"
        assert answer.headers["access-control-allow-headers"] == "content-type, x-namespace, authorization"
        assert answer.headers["vary"] == "Origin"
    else:
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"payloads": []}, 200),
        ({"payloads": [{"metadata": {}, "data": ""}]}, 200),
        ({"payloads": [{"metadata": {}, "data": "", "externalPayloads": []}]}, 200),
        ({"payloads": [{"metadata": {}, "data": "***"}]}, 422),
        ({"payloads": 7}, 422),
        ({"payload": []}, 422),
        ({"payloads": [{}] * 1001}, 422),
        ({"payloads": [{"metadata": {"encoding": "YmluYXJ5L2VuY3J5cHRlZA=="}, "data": "AAAA"}]}, 503),
    ],
)
async def test_odd_bodies(http: httpx.AsyncClient, signed_in: SignedIn, body: Any, status: int) -> None:
    answer = await http.post("/codec/decode", json=body, headers=signed_in("admin"))
    assert answer.status_code == status, answer.text


async def test_calls_are_limited(
    http: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.codec.CODEC_CALLS", type(CODEC_CALLS)("codec", 2))
    answers = [await http.post("/codec/encode", json={}, headers=signed_in("admin")) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


@pytest.mark.parametrize("call", ["encode", "decode"])
@pytest.mark.parametrize(
    ("scopes", "status"), [(["admin"], 200), (["read", "report", "act", "export"], 403), (["read"], 403)]
)
async def test_a_personal_token_needs_the_scope_of_administration(
    http: httpx.AsyncClient, signed_in: SignedIn, payload: dict[str, Any], call: str, scopes: list[str], status: int
) -> None:
    wanted = {"name": "x", "scopes": scopes, "days": 1}
    made = await http.post("/api/v1/me/tokens", json=wanted, headers=signed_in("admin"))
    token = made.json()["token"]
    body = {"payloads": [payload]}
    answer = await http.post(f"/codec/{call}", json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == status, answer.text
    assert status == 200 or answer.json()["code"] == "scope_missing"
    as_cookie = {"Cookie": f"{COOKIE}={token}", "Origin": "http://gridloop.test"}
    assert (await http.post(f"/codec/{call}", json=body, headers=as_cookie)).status_code == 401
