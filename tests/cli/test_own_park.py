"""An own park from nothing: its files, the order in which they are loaded, and accounts by the operator."""

import json
import re
from pathlib import Path

import psycopg
import pytest

from services.accounts.passwords import verify_password
from services.files.shipped import PARK_TEMPLATE
from tests.cli.conftest import Run, refusal


@pytest.fixture
def here(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command on the machine of a system without anything."""
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", database_url)
    monkeypatch.setenv("GRIDLOOP_TOKEN_SECRET", "3" * 64)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
    return run


def said(run: Run, *words: object) -> str:
    told = run(*words)
    assert told.exit_code == 0, told.output
    return " ".join(told.stdout.split())


def test_a_park_in_the_right_order_and_in_the_wrong_one(here: Run, tmp_path: Path) -> None:
    park = tmp_path / "park"
    grids, departments, people, policy = (park / file.name for file in PARK_TEMPLATE)
    assert "next: load the grids — gridloop grids load grids.csv" in said(here, "park", "template", park)
    assert grids.read_bytes() == PARK_TEMPLATE[0].read_bytes()

    people.write_text("ours")
    assert "has grids.csv, departments.yaml, people.yaml, policy.yaml already" in refusal(
        here("park", "template", park)
    )
    assert people.read_text() == "ours", "nothing is overwritten"
    people.write_bytes(PARK_TEMPLATE[2].read_bytes())

    assert here("park", "next").exit_code == 1
    assert "run gridloop people load departments.yaml people.yaml first" in refusal(here("policy", "publish", policy))
    assert "run gridloop grids load grids.csv first" in refusal(here("people", "load", departments, people))

    assert "next: load departments and people — gridloop people load" in said(here, "grids", "load", grids)
    assert "next: publish the policy — gridloop policy publish" in said(here, "people", "load", departments, people)
    published = said(here, "policy", "publish", policy)
    assert "published as version 1" in published
    assert "next: add the first administrator — gridloop people add-admin USERNAME NAME" in published
    assert json.loads(here("park", "next", "--json").stdout)["command"] == "gridloop people add-admin USERNAME NAME"
    assert "next:" not in said(here, "people", "add-admin", "chief", "陈主任")
    assert "the park is complete" in said(here, "park", "next")

    assert "0 added, 0 updated" in said(here, "grids", "load", grids)
    assert "still version 1" in said(here, "policy", "publish", policy)
    lint = json.loads(here("org", "lint", "--json").stdout)
    assert [finding for finding in lint["findings"] if finding["gravity"] == "error"] == []


def test_the_comments_are_in_both_languages() -> None:
    for file in PARK_TEMPLATE[1:]:
        comments = " ".join(line for line in file.read_text("utf-8").splitlines() if "#" in line)
        assert any("一" <= character <= "鿿" for character in comments), file
        assert re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{3,}", comments), file


def test_an_account_is_shut_and_opened_again(here: Run, database_url: str) -> None:
    said(here, "people", "add-admin", "chief", "陈主任")
    assert "nobody would be left to administer" in refusal(here("people", "disable", "chief"))
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO people (id, username, name, active) VALUES (gen_random_uuid(), 'li', '李四', true)"
        )
        person = "(SELECT id FROM people WHERE username = 'li')"
        connection.execute(
            "INSERT INTO sessions (id, person, kind, address, agent, created_at, last_seen_at, expires_at)"
            f" VALUES (gen_random_uuid(), {person}, 'web', '', '', now(), now(), now() + interval '1 hour')".encode()
        )
    assert "li is disabled; sessions and tokens have ended" in said(here, "people", "disable", "li")
    state = "SELECT active, (SELECT bool_and(ended_at IS NOT NULL) FROM sessions) FROM people WHERE username = 'li'"
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert connection.execute(state).fetchone() == (False, True)
        for _ in range(2):
            assert "li is enabled" in said(here, "people", "enable", "li")
        assert connection.execute(state).fetchone() == (True, True)
    assert "nobody" in refusal(here("people", "disable", "nobody"))


def test_a_first_password_is_asked_for(here: Run, database_url: str) -> None:
    told = here("people", "add-admin", "chief", "陈主任", "--ask", input="a-good-long-word-7\na-good-long-word-7\n")
    assert told.exit_code == 0, told.output
    assert "a-good-long-word-7" not in told.stdout
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT password_hash, password_first FROM people").fetchone()
    assert row is not None
    assert verify_password(row[0], "a-good-long-word-7")
    assert row[1] is True, "it must be changed at the first sign-in"
    assert here("people", "passwd", "chief", "--ask", input="one-good-word-77\nanother-word-77\n").exit_code == 1
