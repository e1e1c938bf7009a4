"""Suggestions at intake: what is suggested, and how often a model was right on cases that it had not seen."""

from enum import StrEnum

from models.base import Kept


class Target(StrEnum):
    """What is suggested for a case."""

    CATEGORY = "category"
    HOST = "host"
    SEVERITY = "severity"


class Band(Kept):
    """How often held-out suggestions with a certainty from `low` up to `high` were right: `right` of `shown`."""

    low: float
    high: float
    shown: int
    right: int


class TargetFigures(Kept):
    """What the held-out cases say of one target. The oldest cases are learnt from, the next calibrate the certainty,
    the newest test: `learnt`, `calibrated` and `tested` count them.

    `first` and `among_three`: in how many tested cases the first suggestion, or one of the first three, was right.
    `frequent`: in how many the most frequent value was; `by_rule`: the value that the rules give (the host of the
    category); None without such a rule. `covered`: how many had a certainty of `certainty` or more, and
    `covered_right`: in how many of those the suggestion was right. `speaks`: whether it is shown to people at all.
    """

    target: Target
    values: int
    learnt: int
    calibrated: int
    tested: int
    first: int
    among_three: int
    frequent: int
    by_rule: int | None = None
    certainty: float
    covered: int
    covered_right: int
    bands: tuple[Band, ...] = ()
    speaks: bool = False


class ModelFigures(Kept):
    """The figures of a model, a target each."""

    targets: tuple[TargetFigures, ...] = ()

    def of(self, target: Target) -> TargetFigures | None:
        """Return the figures of that target; None when nothing was learnt of it."""
        return next((one for one in self.targets if one.target is target), None)
