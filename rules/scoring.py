"""The arithmetic of supervision: rates, their text, scores, grades and ranks. Pure numbers, no cases."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from models.base import Frozen
from models.figures import Band, IndicatorKey, Scoring

#: Shown where there is nothing to divide by: neither 0 % nor 100 % would be true.
NOTHING = "—"


def rate(numerator: int, denominator: int) -> float | None:
    """`numerator` divided by `denominator`, 0 … 1; None when there is nothing to divide by.

    Raises ValueError for a numerator below 0 or above the denominator: then it is not a part of it.
    """
    if not 0 <= numerator <= denominator:
        raise ValueError(f"{numerator} is no part of {denominator}")
    return None if denominator == 0 else numerator / denominator


def percent(numerator: int, denominator: int) -> str:
    """The rate as people read it, with two decimals, halves rounded up as bulletins do: "93.72 %", or "—"."""
    if rate(numerator, denominator) is None:
        return NOTHING
    hundredths = Decimal(numerator) * 100 / Decimal(denominator)
    return f"{hundredths.quantize(Decimal('0.01'), ROUND_HALF_UP)} %"


class Cost(Frozen):
    """How many points of the score an indicator cost."""

    indicator: IndicatorKey
    points: float


class Score(Frozen):
    """Points of 100, the grade, and what cost points, the most expensive first."""

    points: float
    grade: Band
    costs: tuple[Cost, ...]


def score(rates: Mapping[IndicatorKey, float | None], scoring: Scoring) -> Score | None:
    """The score of these rates; None when a weighed indicator has no denominator (our choice: no score is guessed).

    Raises KeyError when a weighed indicator is not among the rates.
    """
    costs: list[Cost] = []
    for weight in scoring.weights:
        value = rates[weight.indicator]
        if value is None:
            return None
        lost = 1 - value if weight.wanted else value
        costs.append(Cost(indicator=weight.indicator, points=weight.points * lost))
    points = 100 - sum(cost.points for cost in costs)
    return Score(
        points=points,
        grade=grade(points, scoring),
        costs=tuple(sorted((c for c in costs if c.points > 0), key=lambda c: -c.points)),
    )


def grade(points: float, scoring: Scoring) -> Band:
    """The first band that `points` reach, after rounding to two decimals, as they are shown."""
    shown = round(points, 2)
    return next((band for band in scoring.bands if shown >= band.least), scoring.bands[-1])


def ranks(points: Iterable[float | None]) -> tuple[int | None, ...]:
    """The rank of each score; equal scores share one (1, 2, 2, 4). None where there is no score."""
    listed = [None if p is None else round(p, 2) for p in points]
    known = sorted((p for p in listed if p is not None), reverse=True)
    return tuple(None if p is None else known.index(p) + 1 for p in listed)
