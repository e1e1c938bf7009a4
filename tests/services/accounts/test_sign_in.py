"""Tokens, passwords, and the limit on guesses."""

import asyncio
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock
from uuid import uuid4

import jwt
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.settings import Settings
from infra.store.access import Signed
from models.context import Person
from models.errors import NotSignedIn, TooManyAttempts, WrongPassword
from services.accounts import sign_in as accounts
from services.accounts.rate_limit import Attempts
from services.accounts.sessions import Origin, SessionKind
from services.accounts.sign_in import issue_token, read_token, sign_in
from services.runtime.person_cache import PersonCache
from tests.builders import PASSWORD, person_id, small_park

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


async def try_it(engine: AsyncEngine, attempts: Attempts, username: str, password: str, **at: object) -> None:
    origin = Origin(SessionKind.API, str(at.get("client", "1.2.3.4")), "tests")
    now = at.get("now", NOW)
    assert isinstance(now, datetime)
    token = await sign_in(engine, SETTINGS, attempts, username, password, origin=origin, now=now)
    assert read_token(SETTINGS, token.access_token, now).person == person_id(username)


async def test_guesses_are_counted_per_name_and_client(engine: AsyncEngine) -> None:
    await small_park(engine)
    attempts = Attempts()
    guesses = [try_it(engine, attempts, "duty", "wrong") for _ in range(15)]
    outcomes = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(outcome, WrongPassword) for outcome in outcomes) == 10
    assert sum(isinstance(outcome, TooManyAttempts) for outcome in outcomes) == 5
    with pytest.raises(TooManyAttempts) as refused:
        await try_it(engine, attempts, "DUTY", PASSWORD, now=NOW + timedelta(minutes=1))
    assert refused.value.params == {"seconds": "240"}
    await try_it(engine, attempts, "duty", PASSWORD, client="5.6.7.8")
    await try_it(engine, attempts, "reviewer", PASSWORD)
    await try_it(engine, attempts, "duty", PASSWORD, now=NOW + timedelta(minutes=5))


async def test_success_clears_the_count(engine: AsyncEngine) -> None:
    await small_park(engine)
    attempts = Attempts()
    for _ in range(3):
        for _ in range(9):
            with pytest.raises(WrongPassword):
                await try_it(engine, attempts, "duty", "wrong")
        await try_it(engine, attempts, "duty", PASSWORD)


async def test_a_hash_is_checked_for_an_unknown_name_too(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    await small_park(engine)
    checked = Mock(return_value=False)
    monkeypatch.setattr(accounts, "verify_password", checked)
    for username in ("nobody", "a\x00b"):
        with pytest.raises(WrongPassword):
            await try_it(engine, Attempts(), username, PASSWORD)
    assert checked.call_args_list == [((None, PASSWORD),)] * 2


def test_the_memory_of_attempts_is_bounded() -> None:
    attempts = Attempts(remembered=3)
    first = attempts.record("a", "x")
    for name in ("b", "c", "d"):
        attempts.record(name, "x")
    assert attempts.record("a", "x") is not first


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
