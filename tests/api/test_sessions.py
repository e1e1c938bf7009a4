"""Sessions: listed, ended by their owner or an administrator, and refused from that moment on."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from doors import security
from doors.session import COOKIE
from infra.store.driver import first_row
from services.accounts.agents import short_agent
from services.accounts.sessions import MOST_OPEN
from tests.api.conftest import SignedIn
from tests.builders import PASSWORD

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
OURS = {"Sec-Fetch-Site": "same-origin", "X-Gridloop": "1"}


async def sign_in(client: httpx.AsyncClient, username: str = "duty", agent: str = CHROME) -> dict[str, str]:
    data = {"username": username, "password": PASSWORD}
    answer = await client.post("/api/v1/auth/token", data=data, headers={"User-Agent": agent})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def status(client: httpx.AsyncClient, headers: dict[str, str]) -> int:
    return (await client.get("/api/v1/me", headers=headers)).status_code


async def mine(client: httpx.AsyncClient, headers: dict[str, str]) -> list[dict[str, object]]:
    return list((await client.get("/api/v1/me/sessions", headers=headers)).json()["items"])


async def test_a_session_is_listed_with_where_it_comes_from_and_ends(client: httpx.AsyncClient) -> None:
    here, there = await sign_in(client), await sign_in(client, agent="curl/8.1 (x)")
    listed = [one for one in await mine(client, here) if one["agent"] != "tests"]
    assert {(one["agent"], one["kind"], one["address"], one["current"]) for one in listed} == {
        ("Chrome · Windows", "api", "127.0.0.1", True), ("curl/8.1", "api", "127.0.0.1", False),
    }  # fmt: skip
    other = next(one["id"] for one in listed if not one["current"])
    assert (await client.delete(f"/api/v1/me/sessions/{other}", headers=here)).status_code == 204
    again = await client.delete(f"/api/v1/me/sessions/{other}", headers=here)
    assert (again.status_code, again.json()["code"]) == (404, "no_such_session")
    assert (await status(client, there), await status(client, here)) == (401, 200)


async def test_nobody_ends_the_session_of_another(client: httpx.AsyncClient) -> None:
    mine_, theirs = await sign_in(client), await sign_in(client, "worker")
    id_ = next(one["id"] for one in await mine(client, theirs) if one["current"])
    assert (await client.delete(f"/api/v1/me/sessions/{id_}", headers=mine_)).status_code == 404
    for method, path in (("GET", "sessions"), ("DELETE", "sessions"), ("DELETE", f"sessions/{id_}")):
        answer = await client.request(method, f"/api/v1/admin/people/worker/{path}", headers=mine_)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
    assert await status(client, theirs) == 200


@pytest.mark.parametrize(("others", "left"), [(True, 200), (False, 401)])
async def test_signing_out_everywhere(client: httpx.AsyncClient, others: bool, left: int) -> None:
    sessions = [await sign_in(client) for _ in range(3)]
    ended = await client.delete("/api/v1/me/sessions", params={"others": others}, headers=sessions[0])
    assert ended.json()["ended"] == (3 if others else 4)  # with the one that the tests always have
    assert [await status(client, one) for one in sessions] == [left, 401, 401]


async def test_a_copied_cookie_is_worth_nothing_after_signing_out(client: httpx.AsyncClient) -> None:
    data = {"username": "duty", "password": PASSWORD}
    answer = await client.post("/api/v1/auth/session", data=data, headers=OURS)
    copied = {"Cookie": f"{COOKIE}={answer.cookies[COOKIE]}", **OURS}
    client.cookies.clear()
    assert await status(client, copied) == 200
    assert (await client.delete("/api/v1/auth/session", headers=copied)).status_code == 204
    assert await status(client, copied) == 401
    bearer = await sign_in(client)
    assert (await client.delete("/api/v1/auth/session", headers=bearer)).status_code == 204
    assert await status(client, bearer) == 401


async def test_an_administrator_ends_the_sessions_of_somebody(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    admin, theirs = signed_in("admin"), [await sign_in(client, "worker") for _ in range(2)]
    path = "/api/v1/admin/people/worker/sessions"
    listed = (await client.get(path, headers=admin)).json()["items"]
    assert not any(one["current"] for one in listed)
    first = next(one["id"] for one in await mine(client, theirs[0]) if one["current"])
    assert (await client.delete(f"{path}/{first}", headers=admin)).json() == {"ended": 1}
    assert [await status(client, one) for one in theirs] == [401, 200]
    assert (await client.delete(path, headers=admin)).json() == {"ended": 2}
    assert await status(client, theirs[1]) == 401
    unknown = await client.delete("/api/v1/admin/people/nobody/sessions", headers=admin)
    assert unknown.status_code == 404


async def test_who_left_and_comes_back_signs_in_anew(
    client: httpx.AsyncClient, engine: AsyncEngine, signed_in: SignedIn
) -> None:
    from models.context import Grant, Person
    from models.enums import Role
    from services.admin import people
    from tests.builders import SINCE, person_id

    admin = Person(id=person_id("admin"), username="admin", grants=(Grant(role=Role.ADMIN, since=SINCE),))
    theirs = await sign_in(client, "worker")
    for active in (False, True):
        async with engine.begin() as connection:
            await people.change_person(connection, admin, "worker", "甲", active=active, now=datetime.now(UTC))
        assert await status(client, theirs) == 401


async def test_a_session_ended_during_a_request_is_refused_at_the_next(client: httpx.AsyncClient) -> None:
    here = await sign_in(client)
    id_ = next(one["id"] for one in await mine(client, here) if one["current"])
    answers = await asyncio.gather(
        *(client.get("/api/v1/me", headers=here) for _ in range(5)),
        client.delete(f"/api/v1/me/sessions/{id_}", headers=here),
        *(client.get("/api/v1/me", headers=here) for _ in range(5)),
    )
    assert {one.status_code for one in answers} <= {200, 204, 401}
    assert await status(client, here) == 401


async def test_a_script_that_signs_in_again_and_again_fills_no_list(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    first = await sign_in(client)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO sessions SELECT gen_random_uuid(), person, kind, '', '', created_at, now(),"
                " now() + interval '1 day', NULL FROM sessions, generate_series(1, 60) WHERE agent = 'Chrome · Windows'"
            )
        )
    last = await sign_in(client)
    assert len(await mine(client, last)) <= MOST_OPEN + 1
    assert await status(client, first) == 401


async def test_a_request_costs_one_query_and_notes_its_use(
    app: FastAPI, client: httpx.AsyncClient, engine: AsyncEngine, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def counted(connection: AsyncConnection, statement: str, values: Mapping[str, object]) -> Any:
        asked.append("WITH seen" in statement)
        return await first_row(connection, statement, values)

    monkeypatch.setattr("infra.store.access.first_row", counted)
    for _ in range(3):
        assert await status(client, signed_in("duty")) == 200
    assert asked == [True, False, False]
    async with engine.connect() as connection:
        seen = await connection.scalar(text("SELECT max(last_seen_at) FROM sessions WHERE agent = 'tests'"))
    assert datetime.now(UTC) - seen < timedelta(minutes=1)
    app.dependency_overrides[security.now] = lambda: datetime.now(UTC) + timedelta(minutes=6)
    assert await status(client, signed_in("duty")) == 200
    assert asked[-1]


@pytest.mark.parametrize(
    ("header", "short"),
    [
        (CHROME, "Chrome · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17 Safari/604", "Safari · iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile Safari/537 MicroMessenger/8.0", "WeChat · Android"),
        ("python-httpx/0.28.1", "python-httpx/0.28.1"), ("", ""), ("<script>", ""), ("x" * 500, "x" * 60),
    ],
)  # fmt: skip
def test_the_short_form_of_a_browser(header: str, short: str) -> None:
    assert short_agent(header) == short
