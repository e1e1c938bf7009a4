"""The token secret is changed while people are signed in: what goes on, and what is over."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pyotp
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.settings import Settings
from infra.token_keys import read_claims, sign_claims
from models.errors import NoSuchPage, NotSignedIn, SecondFactorUnreadable, WrongCode
from models.ids import new_id
from services.accounts.second_factor import (
    begin_enrolment,
    check_second_factor,
    confirm_enrolment,
    encrypt_anew,
)
from services.accounts.sign_in import issue_token, read_token
from services.public.photo_tokens import make_photo_token, read_photo_token
from services.public.progress_code import find_report, issue_code, read_code
from tests.builders import person_id, small_park

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
OLD, NEW = "o" * 64, "n" * 64


def ring(current: str, previous: str = "", retired: str = "") -> Settings:
    """Settings with these secrets."""
    return Settings.model_validate({
        "database_url": SecretStr("postgresql://x"), "token_secret": SecretStr(current),
        "token_secrets_previous": previous, "token_secrets_retired": retired,
    })  # fmt: skip


RINGS = [(ring(OLD), True), (ring(NEW, OLD), True), (ring(NEW, f"{'x' * 64}, {OLD}"), True), (ring(OLD, NEW), True),
         (ring(NEW, "", OLD), False), (ring(NEW), False)]  # fmt: skip


@pytest.mark.parametrize(("settings", "goes_on"), RINGS)
@pytest.mark.parametrize("named", [True, False], ids=["named", "of an earlier version"])
def test_a_session_goes_on_under_a_previous_secret(settings: Settings, goes_on: bool, named: bool) -> None:
    person, session = uuid4(), uuid4()
    token = issue_token(ring(OLD), person, "duty", NOW, session).access_token
    if not named:  # as before tokens named their secret
        token = jwt.encode(jwt.decode(token, options={"verify_signature": False}), OLD, "HS256")
    if goes_on:
        assert read_token(settings, token, NOW).session == session
    else:
        with pytest.raises(NotSignedIn):
            read_token(settings, token, NOW)


def test_what_is_signed_from_now_on_is_by_the_current_secret() -> None:
    token = sign_claims(ring(NEW, OLD), {"iss": "here", "a": 1})
    assert read_claims(ring(NEW), token, "here", ("iss",))["a"] == 1
    with pytest.raises(jwt.PyJWTError):
        read_claims(ring(OLD), token, "here", ("iss",))


@pytest.mark.parametrize("kid", ["", "0" * 16, "../../etc"])
def test_a_token_that_names_another_secret_is_refused(kid: str) -> None:
    token = jwt.encode({"iss": "here"}, NEW, "HS256", headers={"kid": kid})
    with pytest.raises(jwt.PyJWTError):
        read_claims(ring(NEW), token, "here", ("iss",))


@pytest.mark.parametrize(("settings", "goes_on"), RINGS)
def test_the_address_of_a_photo_goes_on_as_well(settings: Settings, goes_on: bool) -> None:
    address = make_photo_token(ring(OLD), "a" * 64, NOW)
    if goes_on:
        assert read_photo_token(settings, address, NOW + timedelta(minutes=1)) == "a" * 64
    else:
        with pytest.raises(NoSuchPage):
            read_photo_token(settings, address, NOW)


async def test_second_factors_are_opened_by_retired_secrets_and_moved(engine: AsyncEngine) -> None:
    await small_park(engine)
    duty, now = person_id("duty"), NOW
    async with engine.begin() as connection:
        enrolment = await begin_enrolment(connection, ring(OLD), duty, "duty")
        app = pyotp.TOTP(enrolment.secret)
        codes = await confirm_enrolment(connection, ring(OLD), duty, app.at(now), now)
        for settings in (ring(NEW, OLD), ring(NEW, "", OLD)):
            now += timedelta(seconds=30)
            await check_second_factor(connection, settings, duty, app.at(now), now)
        with pytest.raises(SecondFactorUnreadable):
            await check_second_factor(connection, ring(NEW), duty, app.at(now), now)
        assert await encrypt_anew(connection, ring(NEW)) == (1, 1), "nothing is lost without the secret"
        assert await encrypt_anew(connection, ring(NEW, "", OLD)) == (1, 0)
        now += timedelta(seconds=30)
        await check_second_factor(connection, ring(NEW), duty, app.at(now), now)
        await check_second_factor(connection, ring(NEW, "", OLD), duty, codes[0], now)


async def test_progress_codes_are_opened_by_retired_secrets(engine: AsyncEngine) -> None:
    report = new_id()
    async with engine.begin() as connection:
        code = await issue_code(connection, ring(OLD), report, "13800000000", NOW)
        for settings in (ring(NEW, OLD), ring(NEW, "", OLD)):
            assert await find_report(connection, settings, code, "0000", NOW) == report
            assert await issue_code(connection, settings, report, None, NOW) == code, "a form posted again"
            assert await read_code(connection, settings, report) == code
            with pytest.raises(WrongCode):
                await find_report(connection, settings, code, "1111", NOW)
        with pytest.raises(WrongCode):
            await find_report(connection, ring(NEW), code, "0000", NOW)
