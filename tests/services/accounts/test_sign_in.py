"""Tokens, passwords, and the limit on guesses."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import jwt
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.settings import Settings
from infra.store.access import Signed
from models.context import Person
from models.enums import Role
from models.errors import NotSignedIn, TooManyAttempts, WrongPassword
from models.text import clean_code
from services.accounts import sign_in as accounts
from services.accounts.attempts import KnownDevice, account_digest
from services.accounts.passwords import hash_password
from services.accounts.sessions import Origin, SessionKind
from services.accounts.sign_in import issue_token, read_token, sign_in
from services.runtime.person_cache import PersonCache
from tests.builders import MICRO, PASSWORD, Holder, add_people, person_id, small_park

NOW = datetime(2025, 6, 1, 8, 0, tzinfo=UTC)
SECRET = "s" * 64
SETTINGS = Settings(database_url=SecretStr("postgresql://x"), token_secret=SecretStr(SECRET), token_minutes=60)


def test_a_token_comes_back_as_its_claims() -> None:
    person = uuid4()
    session = uuid4()
    token = issue_token(SETTINGS, person, "duty", NOW, session)
    assert token.expires_in == 3600
    claims = read_token(SETTINGS, token.access_token, NOW + timedelta(minutes=59))
    assert (claims.person, claims.session, claims.username, claims.issued_at) == (person, session, "duty", NOW)
    with pytest.raises(NotSignedIn):
        read_token(SETTINGS, token.access_token, NOW + timedelta(minutes=60))


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "other"},
        {"sub": "nobody"},
        {"sub": None},
        {"sid": None},
        {"sid": "1"},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1e30},
        {"iat": None},
    ],
)
def test_a_token_that_we_did_not_issue_is_refused(changed: dict[str, object]) -> None:
    stamp = int(NOW.timestamp())
    claims = {"sub": str(uuid4()), "sid": str(uuid4()), "iat": stamp, "exp": stamp + 60, "iss": "gridloop"} | changed
    claims = {name: value for name, value in claims.items() if value is not None}
    with pytest.raises(NotSignedIn):
        read_token(SETTINGS, jwt.encode(claims, SECRET, "HS256"), NOW)


def test_a_token_signed_otherwise_is_refused() -> None:
    stamp = int(NOW.timestamp())
    claims = {"sub": str(uuid4()), "sid": str(uuid4()), "iat": stamp, "exp": stamp + 60, "iss": "gridloop"}
    for token in (jwt.encode(claims, "t" * 64, "HS256"), jwt.encode(claims, "", "none"), "", "a.b.c", "网.格.员"):
        with pytest.raises(NotSignedIn):
            read_token(SETTINGS, token, NOW)


async def try_it(
    engine: AsyncEngine, username: str, password: str, *, at: datetime = NOW, client: str = "1.2.3.4",
    device: KnownDevice | None = None,
) -> None:  # fmt: skip
    origin = Origin(SessionKind.API, client, "tests")
    token = await sign_in(engine, SETTINGS, username, password, origin=origin, now=at, device=device)
    assert read_token(SETTINGS, token.access_token, at).person == person_id(clean_code(username))


async def outcomes(engine: AsyncEngine, *names: str, **more: Any) -> Counter[str]:
    """What comes of wrong passwords for these names at the same time."""
    tried = await asyncio.gather(*(try_it(engine, name, "wrong", **more) for name in names), return_exceptions=True)
    return Counter(type(one).__name__ for one in tried)


async def test_guesses_at_the_same_time_count_like_one_after_the_other(engine: AsyncEngine) -> None:
    await small_park(engine)
    assert await outcomes(engine, *["duty"] * 15) == {"WrongPassword": 10, "TooManyAttempts": 5}


async def test_an_account_waits_longer_after_each_failure(engine: AsyncEngine) -> None:
    await small_park(engine)
    for number in range(10):  # each from an address of its own
        assert await outcomes(engine, "duty", client=f"10.0.0.{number}") == {"WrongPassword": 1}
    at, waits = NOW, []
    for number in range(6):
        with pytest.raises(TooManyAttempts) as refused:
            await try_it(engine, " DUTY ", PASSWORD, client="5.6.7.8", at=at)
        waits.append(int(refused.value.params["seconds"]))
        at += timedelta(seconds=waits[-1])
        assert await outcomes(engine, "duty", client=f"10.0.1.{number}", at=at) == {"WrongPassword": 1}
    assert waits == [60, 120, 240, 480, 900, 900]
    await try_it(engine, "reviewer", PASSWORD, at=at)
    await try_it(engine, "duty", PASSWORD, client="5.6.7.8", at=at + timedelta(seconds=900))


async def test_a_known_device_is_not_locked_by_the_guesses_of_others(engine: AsyncEngine) -> None:
    await small_park(engine)
    mine = KnownDevice(uuid4(), frozenset({account_digest("duty")}))
    assert await outcomes(engine, *["duty"] * 12) == {"WrongPassword": 10, "TooManyAttempts": 2}
    await try_it(engine, "duty", PASSWORD, device=mine)
    assert await outcomes(engine, *["duty"] * 12, device=mine) == {"WrongPassword": 10, "TooManyAttempts": 2}
    other = KnownDevice(uuid4(), frozenset({account_digest("worker")}))
    with pytest.raises(TooManyAttempts):
        await try_it(engine, "duty", PASSWORD, device=other, client="9.9.9.9", at=NOW)


async def test_many_names_from_one_address_are_slowed(engine: AsyncEngine) -> None:
    await small_park(engine)
    names = [f"nobody{number}" for number in range(150)]
    assert await outcomes(engine, *names) == {"WrongPassword": 20, "TooManyAttempts": 130}
    at, waits = NOW, []
    for name in names[:10]:
        with pytest.raises(TooManyAttempts) as refused:
            await try_it(engine, name, "wrong", at=at)
        waits.append(int(refused.value.params["seconds"]))
        at += timedelta(seconds=waits[-1])
        assert (await outcomes(engine, name, at=at))["WrongPassword"] == 1
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert await outcomes(engine, "duty", client="5.6.7.8", at=at) == {"WrongPassword": 1}


async def test_a_whole_office_signs_in_at_the_same_moment(engine: AsyncEngine) -> None:
    await small_park(engine)
    async with engine.begin() as connection:
        await add_people(connection, *(Holder(f"clerk_{n}", "职员", Role.GRID_WORKER, grid=MICRO) for n in range(60)))
        # The hash of the tests is verified too fast for anybody to meet.
        await connection.execute(text("UPDATE people SET password_hash = :hash"), {"hash": hash_password(PASSWORD)})
    await asyncio.gather(*(try_it(engine, f"clerk_{n}", PASSWORD) for n in range(60)))
    names = [f"nobody{n}" for n in range(60)]
    assert await outcomes(engine, *names) == {"WrongPassword": 20, "TooManyAttempts": 40}, "guesses gain nothing"


async def test_attempts_whose_clocks_cross_are_not_held_up(engine: AsyncEngine) -> None:
    await small_park(engine)
    for number, username in enumerate(("duty", "worker", "reviewer")):
        await try_it(engine, username, PASSWORD, at=NOW - timedelta(milliseconds=number))
    assert await outcomes(engine, "nobody") == {"WrongPassword": 1}
    await try_it(engine, "duty", PASSWORD, at=NOW - timedelta(milliseconds=9))


async def test_an_own_account_does_not_end_the_count_of_an_address(engine: AsyncEngine) -> None:
    await small_park(engine)
    for number in range(19):
        await outcomes(engine, f"nobody{number}")
        await try_it(engine, "worker", PASSWORD)
    assert await outcomes(engine, "nobody19") == {"WrongPassword": 1}
    with pytest.raises(TooManyAttempts):
        await try_it(engine, "worker", PASSWORD)


async def test_success_clears_the_count(engine: AsyncEngine) -> None:
    await small_park(engine)
    for _ in range(2):
        assert await outcomes(engine, *["duty"] * 9) == {"WrongPassword": 9}
        await try_it(engine, "duty", PASSWORD)


async def test_failures_of_long_ago_are_forgotten(engine: AsyncEngine) -> None:
    await small_park(engine)
    assert await outcomes(engine, *["duty"] * 9) == {"WrongPassword": 9}
    later = NOW + timedelta(minutes=31)
    assert await outcomes(engine, *["duty"] * 9, at=later) == {"WrongPassword": 9}
    await try_it(engine, "duty", PASSWORD, at=later)


async def test_a_hash_is_checked_for_an_unknown_name_too(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    await small_park(engine)
    checked = Mock(return_value=False)
    monkeypatch.setattr(accounts, "verify_password", checked)
    for username in ("nobody", "a\x00b"):
        with pytest.raises(WrongPassword):
            await try_it(engine, username, PASSWORD)
    assert checked.call_args_list == [((None, PASSWORD),)] * 2


def test_cached_people_expire() -> None:
    cache = PersonCache(limit=2)
    sessions = [uuid4() for _ in range(3)]
    people = [Signed(person=Person(id=uuid4(), username=str(number))) for number in range(3)]
    cache.remember(sessions[0], people[0], NOW)
    assert cache.recall(sessions[0], NOW + timedelta(minutes=15)) == people[0]
    assert cache.recall(sessions[0], NOW + timedelta(minutes=15, seconds=1)) is None
    cache.remember(sessions[1], people[1], NOW)
    cache.remember(sessions[2], people[2], NOW)
    assert cache.recall(sessions[0], NOW) is None
    cache.forget(sessions[1])
    assert cache.recall(sessions[1], NOW) is None
