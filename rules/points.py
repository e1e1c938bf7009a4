"""The points of a person, a unit or a department in a period: base, bonus, deduction, each point with its facts."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from models.base import Frozen, Instant
from models.policy.scores import Scored, ScoreLine, Scores, StarBand, Subject
from rules.scoring import ranks


class PointFact(Frozen):
    """What was counted: the fact `seq` of a case (`case_no`), or a duty of a plan (`duty`), and when it happened."""

    at: Instant
    case_no: str | None = None
    seq: int | None = None
    duty: str | None = None


class LinePoints(Frozen):
    """What a line came to: `full` points for its facts, and `points`, which is no more than the line allows."""

    line: ScoreLine
    facts: tuple[PointFact, ...]
    full: float
    points: float


class Points(Frozen):
    """The arithmetic: `base` and the lines make `sum`; `total` is that within 0 and the most there are."""

    base: float
    lines: tuple[LinePoints, ...]
    sum: float
    total: float
    stars: int


def points_of(scores: Scores, subject: Subject, counted: Mapping[Scored, Sequence[PointFact]]) -> Points:
    """The points for what was counted. Lines that count nothing are left out."""
    lines = tuple(
        _line_points(line, facts)
        for line in scores.lines
        if (not line.subjects or subject in line.subjects) and (facts := counted.get(line.counts))
    )
    total = _exact(scores.base) + sum((_exact(line.points) for line in lines), Decimal())
    within = min(max(total, Decimal()), _exact(scores.most))
    return Points(
        base=scores.base, lines=lines, sum=float(total), total=float(within), stars=stars(scores.bands, float(within))
    )


def _line_points(line: ScoreLine, facts: Sequence[PointFact]) -> LinePoints:
    full = _exact(line.points) * len(facts)
    most = _exact(line.most)
    held = max(min(full, most), -most)
    return LinePoints(line=line, facts=tuple(facts), full=float(full), points=float(held))


def stars(bands: Iterable[StarBand], points: float) -> int:
    """The stars of so many points, as they are shown with two decimals."""
    shown = float(_exact(points).quantize(Decimal("0.01"), ROUND_HALF_UP))
    return next((band.stars for band in bands if shown >= band.least), 0)


def _exact(value: float) -> Decimal:
    """A number of points without the error of binary fractions."""
    return Decimal(str(value))


def placed(points: Sequence[float]) -> tuple[int, ...]:
    """The rank of each; equal points share one (1, 2, 2, 4)."""
    return tuple(rank or 0 for rank in ranks(points))
