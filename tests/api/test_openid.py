"""Signing in through an identity provider: a real one, in a process of its own."""

import base64
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from doors.dependencies import Services
from doors.session import COOKIE
from infra.embedded.ports import free_ports
from infra.settings import Settings
from models.enums import Role
from services.accounts.openid import IdentityProvider
from tests.api.apps import shared_site
from tests.builders import small_park
from web.routes.account.openid import COOKIE as STEP

BASE = "http://127.0.0.1"
PEOPLE = [
    {"sub": "u1", "preferred_username": "duty"},
    {"sub": "u2", "preferred_username": "stranger@example.org"},
    {"sub": "u3"},
    {"sub": "u4", "preferred_username": "SUPERVISOR "},
]


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of a running provider, which requires a nonce."""
    (port,) = free_ports(1)
    users = [word for person in PEOPLE for word in ("--user-claims", json.dumps(person))]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "-p", str(port), "-n", "true", *users]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                known = httpx.get(f"{address}/.well-known/openid-configuration", trust_env=False).json()
                break
            except httpx.TransportError:
                assert process.poll() is None, "the provider ended"
                assert time.monotonic() < deadline, "the provider does not answer"
                time.sleep(0.05)
        yield str(known["issuer"])
    finally:
        process.terminate()
        process.wait(10)


def with_provider(services: Services, issuer: str, **more: Any) -> Services:
    changed = {"oidc_issuer": issuer, "oidc_client_id": "gridloop", "oidc_client_secret": SecretStr("s"), **more}
    settings = services.settings.model_copy(update=changed)
    return replace(services, resources=replace(services.resources, settings=settings), identity=IdentityProvider())


@pytest.fixture
async def site(engine: AsyncEngine, services: Services, provider: str) -> AsyncIterator[httpx.AsyncClient]:
    await small_park(engine)
    app = shared_site(with_provider(services, provider))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url=BASE, headers={"Sec-Fetch-Site": "same-origin"}
    ) as client:
        client.app = app  # type: ignore[attr-defined]
        yield client


async def begin(site: httpx.AsyncClient, next: str = "/queue") -> str:
    answer = await site.get("/sign-in/openid", params={"next": next})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def consent(place: str, **form: str) -> str:
    """Sign in at the provider; return where it sends the browser, as a path of ours."""
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(place, data=form)
    assert answer.status_code in (302, 303), answer.text
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


async def test_somebody_signs_in_and_comes_to_where_they_wanted(site: httpx.AsyncClient, engine: AsyncEngine) -> None:
    assert "/sign-in/openid?next=/queue" in (await site.get("/sign-in", params={"next": "/queue"})).text
    place = await begin(site)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}
    assert asked["response_type"] == "code"
    assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
    assert len(asked["state"]) >= 32
    assert len(asked["nonce"]) >= 32
    answer = await site.get(await consent(place, sub="u1"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue")
    assert (await site.get("/api/v1/me")).json()["username"] == "duty"
    assert (await site.get("/queue")).status_code == 200
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM sessions WHERE vouched")) == 1


async def test_user_names_are_told_apart_by_case(site: httpx.AsyncClient) -> None:
    refused = await site.get(await consent(await begin(site), sub="u4"))
    assert refused.status_code == 403
    assert "SUPERVISOR" in refused.text


@pytest.mark.parametrize(("sub", "shown"), [("u2", "stranger@example.org"), ("u3", "u3")])
async def test_an_identity_without_an_account_is_refused_in_words(
    site: httpx.AsyncClient, sub: str, shown: str
) -> None:
    answer = await site.get(await consent(await begin(site), sub=sub), headers={"Accept-Language": "en"})
    assert answer.status_code == 403
    assert f"“{shown}”" in answer.text
    assert COOKIE not in answer.cookies


async def test_an_answer_that_was_not_begun_here_is_refused(site: httpx.AsyncClient) -> None:
    good = await consent(await begin(site), sub="u1")
    step = site.cookies[STEP]
    cases = {
        "another state": (good.replace("state=", "state=x"), step),
        "no cookie": (good, ""),
        "another cookie": (good, step[:-4] + "abcd"),
        "no code": ("/sign-in/openid/back?state=x", step),
        "an unknown code": (good.replace("code=", "code=x"), step),
        "a refusal": ("/sign-in/openid/back?error=access_denied&state=x", step),
    }
    for what, (path, cookie) in cases.items():
        site.cookies.clear()
        answer = await site.get(path, headers={"Cookie": f"{STEP}={cookie}"})
        assert answer.status_code == 401, what
        assert COOKIE not in answer.cookies
    site.cookies.clear()
    assert (await site.get(good, headers={"Cookie": f"{STEP}={step}"})).status_code == 303
    site.cookies.clear()
    again = await site.get(good, headers={"Cookie": f"{STEP}={step}"})
    assert again.status_code == 401, "a code counts once"


async def test_nonce_and_verifier_are_those_of_this_browser(site: httpx.AsyncClient, api_settings: Settings) -> None:
    secret = api_settings.token_secret.get_secret_value()
    place = await begin(site)
    good = await consent(place, sub="u1")
    claims = jwt.decode(site.cookies[STEP], secret, algorithms=["HS256"])
    digest = hashlib.sha256(claims["verifier"].encode()).digest()
    challenge = parse_qs(urlsplit(place).query)["code_challenge"]
    assert challenge == [base64.urlsafe_b64encode(digest).decode().rstrip("=")]
    forged = jwt.encode({**claims, "nonce": "x" * 32}, secret, "HS256")
    site.cookies.clear()
    assert (await site.get(good, headers={"Cookie": f"{STEP}={forged}"})).status_code == 401
    site.cookies.clear()
    late = await consent(await begin(site), sub="u1")
    claims = jwt.decode(site.cookies[STEP], secret, algorithms=["HS256"])
    past = int((datetime.now(UTC) - timedelta(seconds=1)).timestamp())
    old = jwt.encode({**claims, "until": past}, secret, "HS256")
    site.cookies.clear()
    assert (await site.get(late, headers={"Cookie": f"{STEP}={old}"})).status_code == 401


async def test_a_token_for_somebody_else_is_refused(site: httpx.AsyncClient, services: Services, provider: str) -> None:
    place = await begin(site)
    back = await consent(place, sub="u1")
    app = site.app  # type: ignore[attr-defined]
    app.state.services = with_provider(services, provider, oidc_client_id="another")
    assert (await site.get(back)).status_code == 401


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example/", "/\\evil.example"])
async def test_nobody_is_sent_elsewhere(site: httpx.AsyncClient, next: str) -> None:
    answer = await site.get(await consent(await begin(site, next), sub="u1"))
    assert answer.headers["location"] == "/"


async def test_the_provider_answers_for_first_password_and_second_factor(
    site: httpx.AsyncClient, services: Services, provider: str, engine: AsyncEngine
) -> None:
    app = site.app  # type: ignore[attr-defined]
    app.state.services = with_provider(services, provider, second_factor_roles=(Role.DUTY_OFFICER,))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE people SET password_first = true WHERE username = 'duty'"))
    await site.get(await consent(await begin(site), sub="u1"))
    assert (await site.get("/api/v1/me")).status_code == 200


async def test_who_has_left_is_not_let_in(site: httpx.AsyncClient, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE people SET active = false WHERE username = 'duty'"))
    assert (await site.get(await consent(await begin(site), sub="u1"))).status_code == 403


async def test_one_signs_out_here_and_there(site: httpx.AsyncClient, provider: str) -> None:
    await site.get(await consent(await begin(site), sub="u1"))
    out = await site.post("/sign-out")
    assert out.headers["location"] == "/sign-in?out=1"
    assert (await site.get("/api/v1/me")).status_code == 401
    assert "/sign-in/openid/out" in (await site.get("/sign-in?out=1")).text
    there = await site.get("/sign-in/openid/out")
    wanted = f"{provider}/oauth2/end_session?client_id=gridloop&post_logout_redirect_uri="
    assert there.headers["location"].startswith(wanted)


async def test_a_provider_that_is_away_is_told_and_passwords_still_work(
    site: httpx.AsyncClient, services: Services
) -> None:
    (nowhere,) = free_ports(1)
    app = site.app  # type: ignore[attr-defined]
    app.state.services = with_provider(services, f"http://127.0.0.1:{nowhere}")
    answer = await site.get("/sign-in/openid")
    assert answer.status_code == 503
    assert "用密码登录" in answer.text
    app.state.services = with_provider(services, "http://127.0.0.1:9")
    assert (await site.get("/sign-in")).status_code == 200


async def test_without_a_provider_there_is_no_such_page(site: httpx.AsyncClient, services: Services) -> None:
    assert (await site.get("/api/v1/auth/methods")).json() == {"password": True, "openid": ""}
    site.app.state.services = services  # type: ignore[attr-defined]
    for path in ("/sign-in/openid", "/sign-in/openid/back?code=x&state=y", "/sign-in/openid/out"):
        assert (await site.get(path)).status_code == 404
    assert "/sign-in/openid" not in (await site.get("/sign-in")).text
    assert (await site.get("/api/v1/auth/methods")).json() == {"password": True, "openid": None}


@pytest.mark.parametrize(
    "wrong",
    [{"oidc_issuer": "http://id.example"}, {"oidc_issuer": "id.example"}, {"oidc_issuer": "https://id.example?x=1"},
     {"oidc_issuer": "https://id.example", "oidc_client_id": None}],
)  # fmt: skip
def test_a_wrong_setting_is_told_at_the_start(wrong: dict[str, Any]) -> None:
    given = {"database_url": "postgresql://x", "token_secret": "1" * 64, "oidc_client_id": "gridloop", **wrong}
    with pytest.raises(ValidationError):
        Settings.model_validate(given)
