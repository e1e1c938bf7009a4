"""Signing in over HTTP, and who one is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import create_app
from doors import security
from doors.dependencies import Services
from infra.database import open_database
from infra.embedded.ports import free_ports
from models.enums import Role
from tests.api.conftest import SignedIn
from tests.builders import FIRE, PARK, PASSWORD, Holder, add_grants, small_park


async def sign_in(client: httpx.AsyncClient, username: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/api/v1/auth/token", data={"username": username, "password": password})


async def test_a_password_gives_a_token_that_opens_doors(client: httpx.AsyncClient) -> None:
    answer = await sign_in(client, "duty")
    assert answer.status_code == 200
    token = answer.json()
    assert token["token_type"] == "bearer"
    assert token["expires_in"] == 12 * 3600
    assert answer.headers["cache-control"] == "no-store"
    me = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert me.status_code == 200
    assert me.json()["username"] == "duty"
    assert me.json()["name"] == "园区受理员"
    assert me.json()["roles"] == [
        {"role": "duty_officer", "grid": PARK, "department": None, "since": "2024-01-01", "until": None}
    ]


async def test_everybody_who_may_not_sign_in_is_refused_alike(client: httpx.AsyncClient, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE people SET active = false WHERE username = 'worker'"))
        await connection.execute(text("UPDATE people SET password_hash = NULL WHERE username = 'keeper'"))
    bodies = []
    for username, password in (
        ("duty", "wrong"), ("nobody", PASSWORD), ("worker", PASSWORD), ("keeper", PASSWORD), ("a\x00b", PASSWORD),
    ):  # fmt: skip
        answer = await sign_in(client, username, password)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        body = answer.json()
        body.pop("instance")
        bodies.append(body)
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "wrong_password"


async def test_missing_fields_are_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/auth/token", data={"username": "duty"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/password", "message": "必填"}]


async def test_too_many_failed_sign_ins_are_refused_for_a_while(client: httpx.AsyncClient) -> None:
    for _ in range(10):
        assert (await sign_in(client, "duty", "wrong")).status_code == 401
    refused = await sign_in(client, "duty")
    assert refused.status_code == 429
    assert refused.json()["code"] == "too_many_attempts"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    headers = {"X-Forwarded-For": "203.0.113.77", "Forwarded": "for=203.0.113.77"}
    data = {"username": "duty", "password": PASSWORD}
    assert (await client.post("/api/v1/auth/token", data=data, headers=headers)).status_code == 429
    ours = {"Sec-Fetch-Site": "same-origin", "X-Gridloop": "1"}
    assert (await client.post("/api/v1/auth/session", data=data, headers=ours)).status_code == 429
    assert (await sign_in(client, "reviewer")).status_code == 200


async def test_a_device_that_signed_in_before_has_a_count_of_its_own(client: httpx.AsyncClient) -> None:
    ours = {"Sec-Fetch-Site": "same-origin", "X-Gridloop": "1"}
    data = {"username": "duty", "password": PASSWORD}
    known = (await client.post("/api/v1/auth/session", data=data, headers=ours)).cookies["gridloop_device"]
    client.cookies.clear()
    for _ in range(10):
        await sign_in(client, "duty", "wrong")
    assert (await sign_in(client, "duty")).status_code == 429
    for cookie, status in ((known, 204), (known[:-3] + "abc", 429), ("nonsense", 429)):
        headers = {**ours, "Cookie": f"gridloop_device={cookie}"}
        assert (await client.post("/api/v1/auth/session", data=data, headers=headers)).status_code == status
        client.cookies.clear()


async def test_no_token_no_door(client: httpx.AsyncClient) -> None:
    for header in (None, "Bearer ", "Bearer nonsense", "Basic ZHV0eTpk", "Bearer a.b.c"):
        answer = await client.get("/api/v1/me", headers={"Authorization": header} if header else {})
        assert answer.status_code == 401
        assert answer.json()["code"] == "not_signed_in"
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_of_somebody_who_left_is_worth_nothing(
    client: httpx.AsyncClient, engine: AsyncEngine, signed_in: SignedIn
) -> None:
    assert (await client.get("/api/v1/me", headers=signed_in("worker"))).status_code == 200
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE people SET active = false WHERE username = 'worker'"))
    assert (await client.get("/api/v1/me", headers=signed_in("worker"))).status_code == 401
    assert (await client.get("/api/v1/me", headers=signed_in("never-was"))).status_code == 401


async def test_only_roles_in_force_are_shown(
    client: httpx.AsyncClient, engine: AsyncEngine, signed_in: SignedIn
) -> None:
    async with engine.begin() as connection:
        await add_grants(connection, Holder("worker", "", Role.HANDLER, department=FIRE))
        await connection.execute(text("UPDATE grants SET until = '2024-02-01' WHERE role = 'grid_worker'"))
    me = await client.get("/api/v1/me", headers=signed_in("worker"))
    assert [role["role"] for role in me.json()["roles"]] == ["handler"]


async def test_while_the_database_is_away_callers_keep_their_cached_roles(
    engine: AsyncEngine, services: Services, signed_in: SignedIn
) -> None:
    await small_park(engine)
    app = create_app()
    app.state.services = services
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gridloop.test")

    @app.get("/who")
    async def who(caller: security.Caller) -> str:
        return caller.username

    assert (await client.get("/who", headers=signed_in("worker"))).json() == "worker"
    (nowhere,) = free_ports(1)
    settings = services.settings.model_copy(
        update={"database_url": SecretStr(f"postgresql://nobody@127.0.0.1:{nowhere}/nothing")}
    )
    app.state.services = replace(services, resources=replace(services.resources, engine=open_database(settings)))
    assert (await client.get("/who", headers=signed_in("worker"))).json() == "worker"
    unseen = await client.get("/who", headers=signed_in("duty"))
    assert unseen.status_code == 503
    assert unseen.json()["code"] == "store_away"
    assert unseen.headers["retry-after"] == "5"
    app.dependency_overrides[security.now] = lambda: datetime.now(UTC) + timedelta(minutes=16)
    assert (await client.get("/who", headers=signed_in("worker"))).status_code == 503
