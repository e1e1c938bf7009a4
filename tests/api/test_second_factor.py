"""The second factor: enrolled, asked for at every door, counted once, required by role, reset by an administrator."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from doors import security
from doors.dependencies import Services
from infra.settings import Settings
from models.enums import Role
from tests.api.conftest import SignedIn
from tests.builders import PASSWORD

ME = "/api/v1/me/second-factor"
OURS = {"Sec-Fetch-Site": "same-origin", "X-Gridloop": "1"}


class Clock:
    """A moment of requests that the test sets, so that a code of the next step needs no waiting."""

    def __init__(self, app: FastAPI) -> None:
        self.now = datetime.now(UTC)
        app.dependency_overrides[security.now] = lambda: self.now

    def code(self, secret: str) -> str:
        """The code of the next step, which has not been used."""
        self.now += timedelta(seconds=30)
        return pyotp.TOTP(secret).at(self.now)


@pytest.fixture
def clock(app: FastAPI) -> Clock:
    return Clock(app)


async def sign_in(client: httpx.AsyncClient, username: str = "duty", **more: str) -> httpx.Response:
    return await client.post("/api/v1/auth/token", data={"username": username, "password": PASSWORD, **more})


async def enrolled(client: httpx.AsyncClient, clock: Clock, headers: dict[str, str]) -> tuple[str, list[str]]:
    """Enrol; return the secret and the recovery codes."""
    secret = (await client.post(ME, headers=headers)).json()["secret"]
    confirmed = await client.post(f"{ME}/confirm", json={"code": clock.code(secret)}, headers=headers)
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json()["codes"]


def code_of(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json().get("code")


async def test_a_code_is_asked_for_after_enrolment_and_counts_once(
    client: httpx.AsyncClient, signed_in: SignedIn, clock: Clock
) -> None:
    before = await sign_in(client)
    secret, _ = await enrolled(client, clock, signed_in("duty"))
    old = {"Authorization": f"Bearer {before.json()['access_token']}"}
    assert (await client.get("/api/v1/me", headers=old)).status_code == 401
    assert code_of(await sign_in(client)) == (401, "second_factor_required")
    for wrong in ("000000", "12345", "abc", "１２３４５６", pyotp.TOTP(secret).at(clock.now - timedelta(minutes=5))):
        assert code_of(await sign_in(client, otp=wrong)) == (401, "wrong_second_factor")
    code = clock.code(secret)
    assert (await sign_in(client, otp=f"{code[:3]} {code[3:]}")).status_code == 200
    assert code_of(await sign_in(client, otp=code)) == (401, "wrong_second_factor")
    data = {"username": "duty", "password": PASSWORD}
    assert code_of(await client.post("/api/v1/auth/session", data=data, headers=OURS)) == (
        401,
        "second_factor_required",
    )
    answer = await client.post("/api/v1/auth/session", data={**data, "otp": clock.code(secret)}, headers=OURS)
    assert answer.status_code == 204


async def test_of_two_requests_with_one_code_one_is_let_in(
    client: httpx.AsyncClient, signed_in: SignedIn, clock: Clock
) -> None:
    secret, recovery = await enrolled(client, clock, signed_in("duty"))
    for code in (clock.code(secret), recovery[0]):
        answers = await asyncio.gather(*(sign_in(client, otp=code) for _ in range(4)))
        assert sorted(one.status_code for one in answers) == [200, 401, 401, 401]


async def test_codes_are_guessed_no_more_often_than_passwords(
    client: httpx.AsyncClient, signed_in: SignedIn, clock: Clock
) -> None:
    secret, _ = await enrolled(client, clock, signed_in("duty"))
    for _ in range(10):
        assert (await sign_in(client, otp="000000")).status_code == 401
        assert code_of(await sign_in(client))[0] in (401, 429)
    refused = await sign_in(client, otp=clock.code(secret))
    assert code_of(refused) == (429, "too_many_attempts")


async def test_recovery_codes_work_once_and_are_renewed(
    client: httpx.AsyncClient, signed_in: SignedIn, clock: Clock
) -> None:
    me = signed_in("duty")
    secret, codes = await enrolled(client, clock, me)
    assert len(set(codes)) == 10
    assert (await sign_in(client, otp=codes[3].upper())).status_code == 200
    assert (await sign_in(client, otp=codes[3])).status_code == 401
    assert (await client.get(ME, headers=me)).json()["recovery_left"] == 9
    renewed = await client.post(f"{ME}/recovery-codes", json={"code": clock.code(secret)}, headers=me)
    assert (await sign_in(client, otp=codes[4])).status_code == 401
    assert (await sign_in(client, otp=renewed.json()["codes"][0])).status_code == 200


async def test_nothing_readable_is_stored(
    client: httpx.AsyncClient, signed_in: SignedIn, clock: Clock, engine: AsyncEngine
) -> None:
    secret, codes = await enrolled(client, clock, signed_in("duty"))
    async with engine.connect() as connection:
        stored = str((await connection.execute(text("SELECT secret, recovery::text FROM second_factors"))).one())
    assert secret not in stored
    assert not any(code.replace("-", "") in stored for code in codes)


async def test_enrolling_takes_a_right_code_and_happens_once(
    client: httpx.AsyncClient, signed_in: SignedIn, clock: Clock
) -> None:
    me = signed_in("duty")
    first = (await client.post(ME, headers=me)).json()
    assert (await client.post(ME, headers=me)).json() == first
    assert first["uri"].startswith("otpauth://totp/Gridloop:duty?secret=")
    assert code_of(await client.post(f"{ME}/confirm", json={"code": "000000"}, headers=me)) == (
        401,
        "wrong_second_factor",
    )
    assert (await sign_in(client)).status_code == 200
    code = clock.code(first["secret"])
    answers = await asyncio.gather(*(client.post(f"{ME}/confirm", json={"code": code}, headers=me) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [200, 409, 409]
    assert code_of(await client.post(ME, headers=me)) == (409, "second_factor_exists")


async def test_it_is_turned_off_with_a_code(client: httpx.AsyncClient, signed_in: SignedIn, clock: Clock) -> None:
    me = signed_in("duty")
    secret, _ = await enrolled(client, clock, me)
    assert (await client.post(f"{ME}/remove", json={"code": "000000"}, headers=me)).status_code == 401
    assert (await client.post(f"{ME}/remove", json={"code": clock.code(secret)}, headers=me)).status_code == 204
    assert (await sign_in(client)).status_code == 200


def requiring(app: FastAPI, *roles: Role) -> Settings:
    services: Services = app.state.services
    settings = services.settings.model_copy(update={"second_factor_roles": roles})
    app.state.services = replace(services, resources=replace(services.resources, settings=settings))
    return settings


async def test_a_role_that_requires_it_opens_nothing_else_before(
    app: FastAPI, client: httpx.AsyncClient, signed_in: SignedIn, clock: Clock
) -> None:
    requiring(app, Role.SUPERVISOR, Role.ADMIN)
    me = signed_in("supervisor")
    for path in ("/me", "/cases", "/supervision/board", "/people"):
        assert code_of(await client.get(f"/api/v1{path}", headers=me)) == (403, "second_factor_enrolment_required")
    assert (await client.get("/api/v1/me", headers=signed_in("duty"))).status_code == 200
    assert (await client.get(ME, headers=me)).json() == {"since": None, "recovery_left": 0, "required": True}
    secret, _ = await enrolled(client, clock, me)
    assert (await client.get("/api/v1/me", headers=me)).status_code == 200
    refused = await client.post(f"{ME}/remove", json={"code": clock.code(secret)}, headers=me)
    assert code_of(refused) == (409, "second_factor_needed")


async def test_an_administrator_resets_it_for_a_lost_phone(
    client: httpx.AsyncClient, signed_in: SignedIn, clock: Clock
) -> None:
    await enrolled(client, clock, signed_in("duty"))
    path = "/api/v1/admin/people/duty/second-factor"
    assert code_of(await client.delete(path, headers=signed_in("supervisor"))) == (403, "not_yours")
    assert (await client.delete(path, headers=signed_in("admin"))).status_code == 204
    assert (await client.delete(path, headers=signed_in("admin"))).status_code == 404
    assert (await sign_in(client)).status_code == 200


@pytest.mark.parametrize(
    ("value", "roles"),
    [("", ()), ("keeper", (Role.KEEPER,)), ("supervisor, admin", (Role.SUPERVISOR, Role.ADMIN))],
)
def test_the_roles_are_a_setting(monkeypatch: pytest.MonkeyPatch, value: str, roles: tuple[Role, ...]) -> None:
    monkeypatch.setenv("GRIDLOOP_SECOND_FACTOR_ROLES", value)
    given = {"database_url": "postgresql://x", "token_secret": "1" * 64}
    assert Settings.model_validate(given).second_factor_roles == roles
    monkeypatch.delenv("GRIDLOOP_SECOND_FACTOR_ROLES")
    assert Settings.model_validate(given).second_factor_roles == (Role.KEEPER, Role.SUPERVISOR, Role.ADMIN)
