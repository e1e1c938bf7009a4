"""Personal tokens: made once, limited to their scopes, over at their end, revoked; every route has a scope."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.routes import ROUTERS
from doors import security
from doors.scopes import scope_of
from doors.session import COOKIE
from services.accounts.tokens import MOST_TOKENS, Scope
from tests.api.conftest import SignedIn

TOKENS = "/api/v1/me/tokens"


async def made(client: httpx.AsyncClient, headers: dict[str, str], *scopes: str, **more: Any) -> dict[str, str]:
    answer = await client.post(TOKENS, json={"name": "script", "scopes": list(scopes), **more}, headers=headers)
    assert answer.status_code == 201, answer.text
    token = answer.json()["token"]
    assert token.startswith("glp_")
    return {"Authorization": f"Bearer {token}"}


def depends_on_caller(dependant: Dependant) -> bool:
    return dependant.call is security.access_at_all or any(map(depends_on_caller, dependant.dependencies))


def routes() -> list[tuple[str, APIRoute]]:
    return [
        (method, route)
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and depends_on_caller(route.dependant)
        for method in sorted(route.methods or ())
    ]


def test_every_route_that_takes_a_caller_has_a_scope() -> None:
    found = {
        (method, route.path): scope_of(method, route.path, list(map(str, route.tags))) for method, route in routes()
    }
    assert len(found) > 150
    assert {scope for (method, _), scope in found.items() if method != "GET"}.isdisjoint({Scope.READ})
    own = {path for (_, path), scope in found.items() if scope is Scope.ACCOUNT}
    assert own == {path for _, path in found if path.startswith("/api/v1/me/")} - {
        "/api/v1/me/notifications",
        "/api/v1/me/reports",
        "/api/v1/me/settings",
    }
    assert {path for (_, path), scope in found.items() if scope is Scope.ADMIN} == {
        path for _, path in found if path.startswith("/api/v1/admin/")
    }


def test_a_route_without_a_scope_is_an_error() -> None:
    with pytest.raises(LookupError):
        scope_of("GET", "/api/v1/new", ["something-new"])
    with pytest.raises(LookupError):
        scope_of("POST", "/api/v1/new", [])


#: What a token of these scopes may ask, and the scope that is missing where it may not.
ASKED: list[tuple[tuple[str, ...], str, str, str | None]] = [
    (("read",), "GET", "/me", None), (("read",), "GET", "/cases", None), (("read",), "POST", "/cases", "report"),
    (("read",), "POST", "/cases/K1/commands/accept", "act"), (("report",), "GET", "/cases", "read"),
    (("report",), "POST", "/cases", None), (("act",), "POST", "/cases/K1/commands/accept", None),
    (("act",), "POST", "/cases/K1/commands/nonsense", None), (("read",), "POST", "/bulk/accept", "act"),
    (("read",), "GET", "/exports", "export"), (("export",), "GET", "/exports", None),
    (("read",), "GET", "/supervision/export.xlsx", "export"), (("read",), "GET", "/admin/actions", "admin"),
    (("read", "act", "export", "report"), "POST", "/me/password", "account"),
    (("read", "act"), "GET", "/me/sessions", "account"), (("read", "act"), "GET", "/me/tokens", "account"),
    (("read", "act"), "POST", "/me/tokens", "account"), (("read", "act"), "POST", "/me/second-factor", "account"),
    (("read",), "PUT", "/me/settings", "act"), (("read",), "POST", "/attachments", "report"),
]  # fmt: skip


async def test_a_token_does_what_its_scopes_allow(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    tokens = {scopes: await made(client, signed_in("duty"), *scopes) for scopes in {scopes for scopes, *_ in ASKED}}
    for scopes, method, path, missing in ASKED:
        told = {**tokens[scopes], "Accept-Language": "en"}
        body: dict[str, Any] | None = {} if method in ("POST", "PUT") else None
        answer = await client.request(method, f"/api/v1{path}", headers=told, json=body)
        if missing is None:
            assert answer.status_code not in (401, 500), (scopes, path)
            assert answer.status_code != 403 or answer.json()["code"] != "scope_missing", (scopes, path)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), (scopes, path)
            assert f"“{missing}”" in answer.json()["detail"], (scopes, path)


async def test_a_token_has_no_more_rights_than_its_owner(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    refused = await client.post(TOKENS, json={"name": "x", "scopes": ["admin"]}, headers=signed_in("duty"))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/scopes")
    token = await made(client, signed_in("admin"), "admin")
    assert (await client.get("/api/v1/admin/actions", headers=token)).status_code == 200
    supervisor = await made(client, signed_in("supervisor"), "read")
    assert (await client.get("/api/v1/supervision/board", headers=supervisor)).status_code == 200
    worker = await made(client, signed_in("worker"), "read")
    assert (await client.get("/api/v1/supervision/board", headers=worker)).json()["code"] == "not_yours"


async def test_bad_input_makes_no_token(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    me = signed_in("duty")
    for body in (
        {"scopes": ["read"]}, {"name": "", "scopes": ["read"]}, {"name": "x", "scopes": []}, {"name": "x"},
        {"name": "x", "scopes": ["account"]}, {"name": "x", "scopes": ["everything"]},
        {"name": "x", "scopes": ["read"], "days": 366}, {"name": "x", "scopes": ["read"], "days": 0},
    ):  # fmt: skip
        assert (await client.post(TOKENS, json=body, headers=me)).status_code == 422, body
    assert (await client.get(TOKENS, headers=me)).json()["items"] == []


async def test_a_token_is_over_at_its_end_to_the_moment(
    app: FastAPI, client: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    token = await made(client, signed_in("duty"), "read", days=1)
    end = datetime.fromisoformat((await client.get(TOKENS, headers=signed_in("duty"))).json()["items"][0]["expires_at"])
    for moment, status in ((end - timedelta(microseconds=1), 200), (end, 401), (end + timedelta(days=400), 401)):
        app.dependency_overrides[security.now] = lambda moment=moment: moment
        assert (await client.get("/api/v1/me", headers=token)).status_code == status


async def test_it_is_stored_hashed_and_its_use_is_noted(
    client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine
) -> None:
    me = signed_in("duty")
    token = await made(client, me, "read")
    assert (await client.get(TOKENS, headers=me)).json()["items"][0]["last_used_at"] is None
    assert (await client.get("/api/v1/me", headers=token)).status_code == 200
    listed = (await client.get(TOKENS, headers=me)).json()["items"][0]
    assert datetime.now(UTC) - datetime.fromisoformat(listed["last_used_at"]) < timedelta(minutes=1)
    plain = token["Authorization"].removeprefix("Bearer ")
    async with engine.connect() as connection:
        for table in ("personal_tokens", "admin_actions"):
            rows = (await connection.execute(text(f"SELECT to_jsonb(t)::text FROM {table} t"))).scalars().all()
            assert rows
            assert not any(plain in row for row in rows)


async def test_it_is_revoked_by_its_owner_a_reset_and_leaving(
    client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine
) -> None:
    me, admin = signed_in("duty"), signed_in("admin")
    token = await made(client, me, "read")
    id_ = (await client.get(TOKENS, headers=me)).json()["items"][0]["id"]
    assert (await client.delete(f"{TOKENS}/{id_}", headers=signed_in("worker"))).status_code == 404
    assert (await client.delete(f"{TOKENS}/{id_}", headers=me)).status_code == 204
    assert (await client.delete(f"{TOKENS}/{id_}", headers=me)).json()["code"] == "no_such_token"
    assert (await client.get("/api/v1/me", headers=token)).status_code == 401
    token = await made(client, signed_in("worker"), "read")
    await client.post("/api/v1/admin/people/worker/password", json={}, headers=admin)
    assert (await client.get("/api/v1/me", headers=token)).status_code == 401
    token = await made(client, signed_in("reviewer"), "read")
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE people SET active = false WHERE username = 'reviewer'"))
    assert (await client.get("/api/v1/me", headers=token)).status_code == 401


async def test_there_are_not_too_many_also_at_the_same_time(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    me, body = signed_in("duty"), {"name": "x", "scopes": ["read"]}
    answers = await asyncio.gather(*(client.post(TOKENS, json=body, headers=me) for _ in range(MOST_TOKENS + 5)))
    assert sorted(one.status_code for one in answers) == [201] * MOST_TOKENS + [422] * 5


async def test_an_unknown_token_opens_nothing(client: httpx.AsyncClient) -> None:
    for token in ("glp_", "glp_nonsense", "glp_" + "A" * 43, "glp_\u00e9"):
        answer = await client.get("/api/v1/me", headers=[(b"authorization", f"Bearer {token}".encode())])
        assert answer.status_code == 401, token


async def test_a_token_is_no_cookie(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    token = (await made(client, signed_in("duty"), "read"))["Authorization"].removeprefix("Bearer ")
    answer = await client.get("/api/v1/me", headers={"Cookie": f"{COOKIE}={token}"})
    assert answer.status_code == 401
