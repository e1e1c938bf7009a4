"""`people add-admin` and `people passwd`: the first administrator, and a first password for somebody."""

import asyncio
import re

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from infra.database import open_database
from infra.settings import Settings
from services.accounts.passwords import verify_password
from tests.builders import small_park
from tests.cli.conftest import Run

FIRST = re.compile(r"\b[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}\b")


@pytest.fixture
def here(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command on the machine of a system without anybody."""
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", database_url)
    monkeypatch.setenv("GRIDLOOP_TOKEN_SECRET", "3" * 64)
    return run


def asked(url: str, query: str) -> list[tuple[object, ...]]:
    async def ask() -> list[tuple[object, ...]]:
        engine = open_database(Settings(database_url=SecretStr(url), token_secret=SecretStr("3" * 64)))
        async with engine.connect() as connection:
            rows = [tuple(row) for row in await connection.execute(text(query))]
        await engine.dispose()
        return rows

    return asyncio.run(ask())


def filled(url: str) -> None:
    async def fill() -> None:
        engine = open_database(Settings(database_url=SecretStr(url), token_secret=SecretStr("3" * 64)))
        await small_park(engine)
        await engine.dispose()

    asyncio.run(fill())


def test_the_first_administrator_is_added_once(here: Run, database_url: str) -> None:
    shown = here("people", "add-admin", "chief", "陈主任")
    assert shown.exit_code == 0, shown.output
    found = FIRST.search(shown.stdout)
    assert found is not None
    query = "SELECT name, password_hash, password_first, role, grid FROM people p JOIN grants g ON g.person = p.id"
    ((name, hashed, first, role, grid),) = asked(database_url, query)
    assert (name, first, role, grid) == ("陈主任", True, "admin", None)
    assert verify_password(str(hashed), found.group())
    again = here("people", "add-admin", "second", "李主任")
    assert again.exit_code == 1
    assert "chief" in again.stderr
    assert len(asked(database_url, "SELECT 1 FROM people")) == 1


def test_a_bad_name_or_password_adds_nobody(here: Run, database_url: str) -> None:
    for words, typed in (
        (("bad name", "甲"), None), (("chief", "甲", "--stdin"), "12345\n"), (("chief", "甲", "--stdin"), "\n"),
    ):  # fmt: skip
        refused = here("people", "add-admin", *words, input=typed)
        assert refused.exit_code == 1, refused.output
    assert asked(database_url, "SELECT 1 FROM people") == []


def test_a_password_is_reset_by_chance_or_from_standard_input(here: Run, database_url: str) -> None:
    filled(database_url)
    query = "SELECT password_hash, password_first FROM people WHERE username = 'worker'"
    shown = FIRST.search(here("people", "passwd", "worker").stdout)
    assert shown is not None
    ((hashed, first),) = asked(database_url, query)
    assert first
    assert verify_password(str(hashed), shown.group())
    given = here("people", "passwd", "worker", "--stdin", input="a long enough secret 7\n")
    assert given.exit_code == 0, given.output
    assert "long enough" not in given.output
    ((hashed, first),) = asked(database_url, query)
    assert verify_password(str(hashed), "a long enough secret 7")
    ended = "SELECT 1 FROM sessions s JOIN people p ON p.id = s.person WHERE username = 'worker' AND ended_at IS NULL"
    assert asked(database_url, ended) == []
    unknown = here("people", "passwd", "nobody")
    assert unknown.exit_code == 1
