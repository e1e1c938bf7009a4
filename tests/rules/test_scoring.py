"""Rates, scores and grades, against what cities have published."""

import pytest
from pydantic import ValidationError

from models.figures import IndicatorKey, Scoring, Weight
from rules.scoring import grade, percent, ranks, rate, score

K = IndicatorKey


@pytest.mark.parametrize(
    ("numerator", "denominator", "published"),
    [
        # Tianmen, 2016-12: of 996 accepted cases 972 were due for closing; the rates are of those, not of the 996.
        (911, 972, "93.72 %"),
        (737, 972, "75.82 %"),
        # Lianyungang, 2017-04: the first of the three numbers is the whole of both rates.
        (23974, 24932, "96.16 %"),
        (22345, 24932, "89.62 %"),
    ],
)
def test_published_bulletins_come_out_to_the_last_digit(numerator: int, denominator: int, published: str) -> None:
    assert percent(numerator, denominator) == published


def test_accepted_is_not_the_denominator_of_closing() -> None:
    assert percent(911, 996) != "93.72 %"


def test_nothing_to_divide_by_is_neither_none_nor_all() -> None:
    assert rate(0, 0) is None
    assert percent(0, 0) == "—"
    assert percent(0, 7) == "0.00 %"
    assert percent(7, 7) == "100.00 %"


@pytest.mark.parametrize(("part", "whole"), [(8, 7), (-1, 7), (1, 0)])
def test_a_part_larger_than_its_whole_is_an_error_not_a_rate(part: int, whole: int) -> None:
    with pytest.raises(ValueError, match="is no part of"):
        rate(part, whole)


def rates(**changed: float | None) -> dict[IndicatorKey, float | None]:
    best: dict[IndicatorKey, float | None] = {
        K.HANDLED_RATE: 1.0,
        K.HANDLED_ON_TIME_RATE: 1.0,
        K.REWORK_RATE: 0.0,
        K.OVERDUE_UNHANDLED_RATE: 0.0,
        K.EXTENSION_RATE: 0.0,
    }
    return best | {K(name): value for name, value in changed.items()}


def test_the_score_of_jinniu() -> None:
    # 30·0.9 + 20·0.8 + 20·(1−0.05) + 20·(1−0.1) + 10·(1−0.2) = 27 + 16 + 19 + 18 + 8
    found = score(
        rates(handled_rate=0.9, handled_on_time_rate=0.8, rework_rate=0.05, overdue_unhandled_rate=0.1,
              extension_rate=0.2),
        Scoring(),
    )  # fmt: skip
    assert found is not None
    assert found.points == pytest.approx(88)
    assert found.grade.name_zh == "良"
    assert [(cost.indicator, round(cost.points, 6)) for cost in found.costs] == [
        (K.HANDLED_ON_TIME_RATE, 4),
        (K.HANDLED_RATE, 3),
        (K.OVERDUE_UNHANDLED_RATE, 2),
        (K.EXTENSION_RATE, 2),
        (K.REWORK_RATE, 1),
    ]


def test_nothing_lost_is_a_hundred_points_and_no_costs() -> None:
    found = score(rates(), Scoring())
    assert found is not None
    assert (found.points, found.costs) == (100, ())


def test_without_a_denominator_there_is_no_score_rather_than_a_guess() -> None:
    assert score(rates(rework_rate=None), Scoring()) is None


@pytest.mark.parametrize(
    ("points", "name"),
    [
        (100, "优"), (90, "优"), (89.996, "优"), (89.99, "良"), (80, "良"), (79.99, "合格"), (60, "合格"),
        (59.99, "不合格"), (0, "不合格"),
    ],
)  # fmt: skip
def test_the_grade_is_that_of_the_points_as_shown(points: float, name: str) -> None:
    assert grade(points, Scoring()).name_zh == name


def test_equals_share_a_rank_and_who_has_no_score_has_none() -> None:
    assert ranks([80.0, None, 90.001, 90.0, 12.5]) == (3, None, 1, 1, 4)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"weights": (Weight(indicator=K.HANDLED_RATE, points=30),)}, "add up to 30, not 100"),
        ({"weights": (Weight(indicator=K.HANDLED_RATE, points=50),) * 2}, "weighed twice"),
        ({"bands": Scoring().bands[:-1]}, "the last begins at 0"),
        ({"bands": Scoring().bands[::-1]}, "run downwards"),
    ],
)
def test_scoring_that_does_not_hold_together_is_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Scoring.model_validate(changed)
