"""`clock`: a deadline and its arithmetic, with no server; whatever is wrong is told with the option that is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.enums import LimitUnit
from services.files.shipped import POLICY
from tests.cli.conftest import Run, refusal

#: Types the command with a start, a limit and a unit: `count("2026-02-13T16:00", 4, "work_hour")`.
Count = Callable[..., dict[str, Any]]


@pytest.fixture
def count(run: Run) -> Count:
    def typed(start: str, limit: object, unit: str, *more: object) -> dict[str, Any]:
        result = run("clock", "--start", start, "--limit", limit, "--unit", unit, *more, "--json")
        assert result.exit_code == 0, result.output
        answer: dict[str, Any] = json.loads(result.stdout)
        assert list(answer) == ["due_at", "provisional", "steps"]
        return answer

    return typed


@pytest.mark.parametrize(
    ("start", "limit", "unit", "more", "due_at"),
    [
        ("2026-02-13T16:00", 4, "work_hour", (), "2026-02-14T10:30:00+08:00"),
        ("2026-02-13T16:00", 5, "legal_work_day", (), "2026-02-27T18:00:00+08:00"),
        ("2026-09-24T17:00", 5, "legal_work_day", (), "2026-10-09T18:00:00+08:00"),
        ("2026-09-18", 15, "natural_day", (), "2026-10-03T23:59:59+08:00"),
        ("2026-09-18", 15, "natural_day", ("--holiday-rule",), "2026-10-08T23:59:59+08:00"),
        ("2026-02-13T08:00Z", 4, "work_hour", (), "2026-02-14T10:30:00+08:00"),
        ("2026-02-13T16:00", 4, "work_hour", ("--calendar", "round-the-clock"), "2026-02-13T20:00:00+08:00"),
        ("2026-02-13T16:00", 0.5, "urgent_hour", (), "2026-02-13T16:30:00+08:00"),
    ],
)
def test_the_oracles_hold_by_the_demonstrations_calendars(
    count: Count, start: str, limit: float, unit: str, more: tuple[str, ...], due_at: str
) -> None:
    answer = count(start, limit, unit, *more)
    assert answer["due_at"] == due_at
    assert answer["provisional"] is False


def test_the_steps_are_reported_in_both_languages_and_in_figures(count: Count) -> None:
    assert count("2026-02-13T16:00", 4, "work_hour")["steps"][1] == {
        "zh": "2026-02-14 周六(调休上班) 08:30–10:30:2 小时 → 到期",
        "en": "2026-02-14 Saturday (make-up workday) 08:30–10:30: 2 h → due",
        "date": "2026-02-14",
        "until": "2026-02-14",
        "counted": 2.0,
        "left": 0.0,
    }


def test_a_year_without_a_notice_is_reported_to_be_provisional(run: Run, count: Count) -> None:
    assert count("2026-11-22T10:00", 60, "legal_work_day")["provisional"] is True
    result = run("clock", "--start", "2026-11-22T10:00", "--limit", 60, "--unit", "legal_work_day")
    assert result.stdout.splitlines()[:2] == [
        "due: 2027-02-19 Friday 18:00 (2027-02-19T18:00:00+08:00, park)",
        "provisional: no arrangement is published for 2027",
    ]


def test_people_read_their_own_language(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("clock", "--start", "2026-02-13T16:00", "--limit", 4, "--unit", "work_hour")
    assert run(*words).stdout.splitlines() == [
        "due: 2026-02-14 Saturday 10:30 (2026-02-14T10:30:00+08:00, park)",
        "  2026-02-13 Friday 16:00–18:00: 2 h; 2 h left",
        "  2026-02-14 Saturday (make-up workday) 08:30–10:30: 2 h → due",
    ]
    monkeypatch.setenv("GRIDLOOP_LANG", "zh")
    assert run(*words).stdout.splitlines()[0] == "期限:2026-02-14 周六 10:30 (2026-02-14T10:30:00+08:00, park)"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("--unit", "fortnight"),
            ("--unit", "one of 'urgent_hour', 'work_hour', 'work_day_8h', 'legal_work_day', 'natural_day'"),
        ),
        (("--calendar", "moon"), ("--calendar", "there is no calendar “moon”, only park, duty-desk, round-the-clock")),
        (("--limit", "0"), ("--limit", "greater than 0")),
        (("--limit", "-4"), ("--limit", "greater than 0")),
        (("--limit", "nan"), ("--limit", "greater than 0")),
        (("--limit", "many"), ("--limit", "valid number")),
        (("--limit", "10000", "--unit", "natural_day"), ("--limit", "10000 natural_day is too long: 3650 at most")),
        (("--limit", "1.5", "--unit", "legal_work_day"), ("--limit", "counts whole days, not 1.5")),
        (("--start", "noon"), ("--start", "“noon” is not a moment like 2026-02-13T16:00")),
        (("--start", "2026-02-30"), ("--start", "is not a moment")),
        (("--start", "0001-01-01T00:00+14:00"), ("--start", "the year must be 1900 to 2199")),
        (("--start", "9999-12-31"), ("--start", "the year must be 1900 to 2199")),
    ],
)
def test_what_is_wrong_is_reported_with_its_option(run: Run, words: tuple[str, ...], told: tuple[str, str]) -> None:
    usual = {"--start": "2026-02-13T16:00", "--limit": "4", "--unit": "work_hour"}
    given = usual | dict(zip(words[::2], words[1::2], strict=True))
    result = run("clock", *(word for pair in given.items() for word in pair), env={"COLUMNS": "200"})
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    said = " ".join(result.stderr.replace("│", " ").split())
    assert all(part in said for part in told), said


def test_a_policy_that_is_not_there_or_is_broken_is_reported(run: Run, tmp_path: Path) -> None:
    words = ("clock", "--start", "2026-02-13T16:00", "--limit", 4, "--unit", "work_hour", "--policy")
    assert "No such file" in refusal(run(*words, tmp_path / "none.yaml"))
    broken = tmp_path / "policy.yaml"
    broken.write_text(POLICY.read_text(encoding="utf-8").replace("to: 2028", "to: 2200"), encoding="utf-8")
    assert "calendars.0.china.to: " in refusal(run(*words, broken))


def test_help_names_every_unit(run: Run) -> None:
    told = run("clock", "--help", env={"COLUMNS": "200"}).stdout
    for word in (*LimitUnit, "--holiday-rule", "demo.yaml"):
        assert word in told


@pytest.mark.parametrize("start", ["2026/2/13 16:00", "2026年2月13日 16时00分", " 2026.02.13 16:00 ", "202602131600"])
def test_a_start_may_be_written_as_in_excel(run: Run, start: str) -> None:
    words = ("--limit", "4", "--unit", "work_hour", "--json")
    usual = run("clock", "--start", "2026-02-13T16:00", *words)
    assert run("clock", "--start", start, *words).output == usual.output
