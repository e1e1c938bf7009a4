"""Passwords: changed by oneself, reset by an administrator, and first ones that must be changed."""

import asyncio

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.api.conftest import SignedIn
from tests.builders import PASSWORD

NEW = "麦田里的守望者 2041"


async def token(client: httpx.AsyncClient, username: str, password: str = PASSWORD) -> dict[str, str]:
    answer = await client.post("/api/v1/auth/token", data={"username": username, "password": password})
    return {"Authorization": f"Bearer {answer.json().get('access_token', '')}"}


async def change(client: httpx.AsyncClient, headers: dict[str, str], old: str, new: str) -> httpx.Response:
    return await client.post("/api/v1/me/password", json={"old_password": old, "new_password": new}, headers=headers)


async def test_a_changed_password_ends_every_other_session(client: httpx.AsyncClient) -> None:
    here, there = await token(client, "duty"), await token(client, "duty")
    assert (await change(client, here, PASSWORD, NEW)).status_code == 204
    assert (await client.get("/api/v1/me", headers=here)).status_code == 200
    assert (await client.get("/api/v1/me", headers=there)).status_code == 401
    assert (await client.get("/api/v1/me", headers=await token(client, "duty"))).status_code == 401
    assert (await client.get("/api/v1/me", headers=await token(client, "duty", NEW))).status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "code", "pointer", "why"),
    [
        ("wrong", NEW, "wrong_old_password", "/old_password", "present"),
        (PASSWORD, "short-1x", "weak_password", "/new_password", "at least 10"),
        (PASSWORD, "x" * 201, "weak_password", "/new_password", "at most 200"),
        (PASSWORD, "my-DUTY-9137-zq", "weak_password", "/new_password", "name"),
        (PASSWORD, "园区受理员的密码 73 号", "weak_password", "/new_password", "name"),
        (PASSWORD, "password123", "weak_password", "/new_password", "guessed"),
        (PASSWORD, "1234567890", "weak_password", "/new_password", "guessed"),
        (PASSWORD, "aaaaaaaaaaaa", "weak_password", "/new_password", "guessed"),
        (PASSWORD, "gridloop2026", "weak_password", "/new_password", "guessed"),
        (PASSWORD, PASSWORD, "weak_password", "/new_password", "present"),
    ],
)
async def test_a_password_that_will_not_do_is_refused_with_the_reason(
    client: httpx.AsyncClient, signed_in: SignedIn, old: str, new: str, code: str, pointer: str, why: str
) -> None:
    answer = await change(client, {**signed_in("duty"), "Accept-Language": "en"}, old, new)
    body = answer.json()
    assert (answer.status_code, body["code"], body["errors"][0]["pointer"]) == (422, code, pointer)
    assert why in body["detail"]
    assert (await client.get("/api/v1/me", headers=await token(client, "duty"))).status_code == 200


async def test_a_reset_gives_a_first_password_that_must_be_changed(
    client: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    before = await token(client, "worker")
    answer = await client.post("/api/v1/admin/people/worker/password", json={}, headers=signed_in("admin"))
    first = answer.json()["password"]
    assert len(first) == 14
    assert (await client.get("/api/v1/me", headers=before)).status_code == 401
    theirs = await token(client, "worker", first)
    for method, path in (("GET", "/me"), ("GET", "/cases"), ("POST", "/cases"), ("PUT", "/me/settings")):
        refused = await client.request(method, f"/api/v1{path}", headers=theirs)
        assert (refused.status_code, refused.json()["code"]) == (403, "password_change_required")
    assert (await client.get("/api/v1/me/sessions", headers=theirs)).status_code == 200
    assert (await change(client, theirs, first, NEW)).status_code == 204
    assert (await client.get("/api/v1/me", headers=theirs)).status_code == 200


async def test_only_an_administrator_resets(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    for username in ("duty", "supervisor", "auditor", "keeper", "worker"):
        answer = await client.post("/api/v1/admin/people/worker/password", json={}, headers=signed_in(username))
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
    unknown = await client.post("/api/v1/admin/people/nobody/password", json={}, headers=signed_in("admin"))
    assert unknown.status_code == 404
    weak = await client.post(
        "/api/v1/admin/people/worker/password", json={"password": "12345"}, headers=signed_in("admin")
    )
    assert (weak.status_code, weak.json()["code"]) == (422, "weak_password")


async def test_of_two_resets_at_once_one_counts_and_the_other_is_told(
    client: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    answers = await asyncio.gather(
        *(client.post("/api/v1/admin/people/worker/password", json={}, headers=signed_in("admin")) for _ in range(2))
    )
    good = [one.json()["password"] for one in answers if one.status_code == 200]
    refused = [one.json()["code"] for one in answers if one.status_code == 409]
    assert (len(good), refused) == (1, ["password_changed_meanwhile"])
    theirs = await token(client, "worker", good[0])
    assert (await client.get("/api/v1/me/sessions", headers=theirs)).status_code == 200


async def test_a_sign_in_during_a_reset_opens_nothing_that_lasts(
    client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine
) -> None:
    async with asyncio.TaskGroup() as group:
        signing = [group.create_task(token(client, "worker")) for _ in range(4)]
        path = "/api/v1/admin/people/worker/password"
        reset = group.create_task(client.post(path, json={}, headers=signed_in("admin")))
    tokens = [one.result() for one in signing]
    assert reset.result().status_code == 200
    for one in tokens:
        assert (await client.get("/api/v1/me/sessions", headers=one)).status_code == 401
    async with engine.connect() as connection:
        open_ = await connection.scalar(
            text(
                "SELECT count(*) FROM sessions s JOIN people p ON p.id = s.person"
                " WHERE p.username = 'worker' AND s.ended_at IS NULL"
            )
        )
    assert open_ == 0
