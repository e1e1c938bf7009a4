"""`org lint`, `people absent`, `people shift`, `people roster`: the organisation by command line."""

import asyncio
import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from infra.database import open_database
from infra.settings import Settings
from tests.builders import COMMUNITY, MICRO_2, PARK, small_park
from tests.cli.conftest import Run, answer, refusal

#: In the park's days.
TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
TOMORROW, AFTER = TODAY + timedelta(days=1), TODAY + timedelta(days=3)


@pytest.fixture
def here(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command on the machine of the tiny park."""
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", database_url)
    monkeypatch.setenv("GRIDLOOP_TOKEN_SECRET", "3" * 64)
    asyncio.run(fill(database_url))
    return run


async def fill(url: str) -> None:
    engine = open_database(Settings(database_url=SecretStr(url), token_secret=SecretStr("3" * 64)))
    await small_park(engine)
    await engine.dispose()


def test_warnings_alone_exit_0_and_errors_exit_1(here: Run) -> None:
    shown = here("org", "lint")
    assert shown.exit_code == 0, shown.output
    assert "warning" in shown.stdout
    assert "have no volunteer" in shown.stdout
    assert f"第二微网格 ({MICRO_2})" in " ".join(shown.stdout.split())
    found = answer(here("org", "lint", "--json"))
    assert found["errors"] == 0
    for username in ("duty", "duty_2"):
        away = here("people", "absent", username, "--from", TODAY, "--until", AFTER, "--reason", "ill")
        assert away.exit_code == 0, away.output
    failing = here("org", "lint", "--json")
    assert failing.exit_code == 1
    assert {f["fault"] for f in json.loads(failing.stdout)["findings"] if f["gravity"] == "error"} == {
        "unit_without_owner"
    }
    assert "errors: 1, warnings: " in here("org", "lint").stderr


def test_an_absence_is_stored_listed_and_cancelled(here: Run) -> None:
    words = ("people", "absent", "worker", "--from", TOMORROW, "--until", AFTER, "--reason", "leave")
    assert "stored" in here(*words, "--deputy", "duty").stdout
    assert "nothing changed" in here(*words, "--deputy", "duty").stdout
    listed = answer(here("people", "roster", "--json"))
    assert listed["absences"] == [
        {"person": "worker", "deputy": "duty", "since": str(TOMORROW), "until": str(AFTER), "reason": "leave"}
    ]
    assert "worker" in here("people", "roster").stdout
    assert "taken back" in here("people", "absent", "worker", "--from", f"{AFTER:%Y/%m/%d}", "--cancel").stdout
    assert answer(here("people", "roster", "--json"))["absences"] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nobody", "--from", TOMORROW, "--until", AFTER, "--reason", "x"), "USERNAME: there is no active person"),
        (("worker", "--from", TOMORROW, "--until", AFTER, "--reason", "x", "--deputy", "x"), "--deputy: there is no"),
        (("worker", "--from", TOMORROW, "--until", AFTER, "--reason", "x", "--deputy", "worker"), "--deputy: nobody"),
        (("worker", "--from", AFTER, "--until", TOMORROW, "--reason", "x"), "--until: ends"),
        (("worker", "--from", TOMORROW, "--until", AFTER, "--reason", ""), "--reason: "),
        (("worker", "--from", TOMORROW, "--cancel"), "--from: worker is not away"),
    ],
)
def test_a_wrong_absence_names_the_field(here: Run, words: tuple[str, ...], told: str) -> None:
    assert told in refusal(here("people", "absent", *words))
    assert answer(here("people", "roster", "--json"))["absences"] == []


def test_what_is_left_out_is_asked_for(here: Run) -> None:
    result = here("people", "absent", "worker", "--from", TOMORROW)
    assert result.exit_code == 2
    assert "--until" in result.output


def test_a_shift_is_stored_in_the_parks_time_and_cancelled(here: Run) -> None:
    words = ("people", "shift", PARK, "duty_officer", "duty", "--from", f"{TOMORROW}T08:00")
    assert "stored" in here(*words, "--until", f"{TOMORROW}T20:00").stdout
    (shift,) = answer(here("people", "roster", "--json"))["shifts"]
    assert (shift["person"], shift["starts_at"]) == ("duty", f"{TOMORROW}T00:00:00Z"), "08:00 in Shanghai"
    assert "overlaps" in refusal(here(*words[:-1], f"{TOMORROW}T19:00", "--until", f"{AFTER}T08:00"))
    assert "ROLE: community_duty is then no duty_officer" in refusal(
        here("people", "shift", PARK, "duty_officer", "community_duty", "--from", f"{TOMORROW}T08:00",
             "--until", f"{TOMORROW}T20:00")
    )  # fmt: skip
    assert "--until: ends no later" in refusal(
        here("people", "shift", COMMUNITY, "duty_officer", "duty", "--from", f"{AFTER}T08:00",
             "--until", f"{AFTER}T08:00")
    )  # fmt: skip
    assert here("people", "shift", PARK, "duty_officer", "duty", "--from", "soon").exit_code == 2
    assert "taken back" in here(*words, "--cancel").stdout
    assert answer(here("people", "roster", "--json"))["shifts"] == []
