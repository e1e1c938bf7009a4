"""Points: base, bonus, deduction, caps, and bands as stars; every point has its fact."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from models.errors import BadFilter
from models.policy.scores import DEFAULT_LINES, Scored, Scores, Subject
from rules.points import PointFact, placed, points_of, stars
from services.points.period import read_period

NOW = datetime(2026, 11, 29, 6, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def facts(count: int) -> list[PointFact]:
    return [PointFact(at=NOW, case_no=f"c{number}", seq=number) for number in range(count)]


def test_base_bonus_and_deduction_add_up_and_caps_hold() -> None:
    counted = {Scored.HANDLED_ON_TIME: facts(25), Scored.FAILED_REVIEW: facts(3), Scored.DUTY_DONE: facts(3)}
    points = points_of(Scores(), Subject.PERSON, counted)
    assert {one.line.code: (one.full, one.points, len(one.facts)) for one in points.lines} == {
        "on-time": (25, 20, 25), "duties": (1.5, 1.5, 3), "failed": (-6, -6, 3),
    }  # fmt: skip
    assert (points.base, points.sum, points.total, points.stars) == (60, 75.5, 75.5, 3)


def test_never_below_nothing_nor_above_the_most() -> None:
    low = Scores.model_validate({"base": 5})
    assert points_of(low, Subject.UNIT, {Scored.OVERDUE: facts(50)}).total == 0
    high = Scores.model_validate({"base": 95})
    found = points_of(high, Subject.UNIT, {Scored.HANDLED_ON_TIME: facts(20)})
    assert (found.sum, found.total, found.stars) == (115, 100, 5)


def test_a_line_scores_its_subjects_only() -> None:
    line = {**DEFAULT_LINES[0].model_dump(), "subjects": ["person"]}
    scores = Scores.model_validate({"lines": [line]})
    counted = {Scored.HANDLED_ON_TIME: facts(2)}
    assert points_of(scores, Subject.PERSON, counted).total == 62
    assert points_of(scores, Subject.DEPARTMENT, counted).total == 60


@given(st.dictionaries(st.sampled_from(Scored), st.integers(0, 80).map(facts)))
def test_the_arithmetic_shown_makes_the_points(counted: dict[Scored, list[PointFact]]) -> None:
    points = points_of(Scores(), Subject.PERSON, counted)
    assert points.sum == pytest.approx(points.base + sum(line.points for line in points.lines))
    assert points.total == min(max(points.sum, 0), 100)
    assert all(abs(line.points) <= line.line.most for line in points.lines)
    assert all(line.full == pytest.approx(line.line.points * len(line.facts)) for line in points.lines)


def test_bands_and_places() -> None:
    assert [stars(Scores().bands, points) for points in (100, 90, 89.994, 89.995, 60, 59.99, 0)] == [
        5,
        5,
        4,
        5,
        2,
        1,
        0,
    ]
    assert placed([90, 80, 80, 70]) == (1, 2, 2, 4)


@pytest.mark.parametrize(
    "fields",
    [
        {"base": 101},
        {"lines": []},
        {"lines": [{**DEFAULT_LINES[0].model_dump(), "points": 0}]},
        {"lines": [DEFAULT_LINES[0].model_dump(), DEFAULT_LINES[0].model_dump()]},
        {"lines": [{**DEFAULT_LINES[0].model_dump(), "counts": "smiles"}]},
        {"bands": [{"least": 50, "stars": 1}]},
        {"bands": [{"least": 50, "stars": 1}, {"least": 60, "stars": 2}, {"least": 0, "stars": 0}]},
        {"bands": [{"least": 50, "stars": 1}, {"least": 0, "stars": 1}]},
        {"base": "NaN"},
    ],
)
def test_rules_that_make_no_sense_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Scores.model_validate(fields)


@pytest.mark.parametrize(
    ("text", "since", "until", "complete"),
    [
        ("2026-10", "2026-10-01", "2026-11-01", True),
        ("2025-12", "2025-12-01", "2026-01-01", True),
        ("2026-q3", "2026-07-01", "2026-10-01", True),
        ("2025-Q4", "2025-10-01", "2026-01-01", True),
    ],
)
def test_periods(text: str, since: str, until: str, *, complete: bool) -> None:
    found = read_period(text, NOW, SHANGHAI)
    assert [f"{moment:%Y-%m-%d}" for moment in (found.since, found.until)] == [since, until]
    assert found.complete is complete
    assert read_period("", NOW, SHANGHAI).name == "2026-11"
    assert read_period("2026-Q4", NOW, SHANGHAI).until == NOW


@pytest.mark.parametrize(
    "text", ["2026", "2026-13", "2026-Q5", "2027-01", "2026-12", "November", "2026-1", "２０２６-11"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(BadFilter):
        read_period(text, NOW, SHANGHAI)
