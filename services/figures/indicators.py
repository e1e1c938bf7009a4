"""Indicators: rates of two figures, each with its formula and source."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.figures import FigureKey, IndicatorKey
from services.figures.definitions import FIGURES

#: The sources of the formulas.
PUBLIC_LIST = "数字城管公开指标表(悟能)"
JINNIU = "成都金牛区考核规则"
OURS = "our choice"


@dataclass(frozen=True)
class Indicator:
    """A rate: the part that the figure `numerator` is of the figure `denominator`, which includes it."""

    key: IndicatorKey
    name_zh: str
    name_en: str
    numerator: FigureKey
    denominator: FigureKey
    source: str
    #: Whether a high rate is good; of rework, overdue and extension it is not.
    high_is_good: bool = True

    def name(self, language: str) -> str:
        """Return its name."""
        return self.name_en if language.startswith("en") else self.name_zh

    def formula(self, language: str) -> str:
        """Return the formula in words."""
        return f"{FIGURES[self.numerator].name(language)} / {FIGURES[self.denominator].name(language)}"


K, F = IndicatorKey, FigureKey
_ALL = (
    Indicator(K.HANDLED_RATE, "处置率", "handled", F.HANDLED, F.TO_HANDLE, f"{PUBLIC_LIST}; {JINNIU}"),
    Indicator(K.HANDLED_ON_TIME_RATE, "按期处置率", "handled on time", F.HANDLED_ON_TIME, F.TO_HANDLE,
              f"{PUBLIC_LIST}; {JINNIU}"),
    Indicator(K.CLOSED_RATE, "结案率", "closed", F.CLOSED, F.TO_CLOSE, PUBLIC_LIST),
    Indicator(K.CLOSED_ON_TIME_RATE, "按期结案率", "closed on time", F.CLOSED_ON_TIME, F.TO_CLOSE, PUBLIC_LIST),
    Indicator(K.REWORK_RATE, "返工率", "rework", F.REWORKED, F.TO_CLOSE, JINNIU, high_is_good=False),
    Indicator(K.OVERDUE_UNHANDLED_RATE, "超期待处置率", "overdue and unhandled", F.OVERDUE_UNHANDLED, F.TO_HANDLE,
              JINNIU, high_is_good=False),
    Indicator(K.EXTENSION_RATE, "延期率", "extension", F.EXTENDED, F.TO_HANDLE, JINNIU,
              high_is_good=False),
    Indicator(K.DISPATCHED_ON_TIME_RATE, "按期派遣率", "dispatched on time", F.DISPATCHED_ON_TIME, F.TO_DISPATCH,
              PUBLIC_LIST),
    Indicator(K.ACCURATE_DISPATCH_RATE, "准确派遣率", "dispatched accurately", F.DISPATCHED_ACCURATELY, F.TO_DISPATCH,
              PUBLIC_LIST),
    Indicator(K.REVIEWED_ON_TIME_RATE, "按期核查率", "reviewed on time", F.REVIEWED_ON_TIME, F.TO_REVIEW, PUBLIC_LIST),
    Indicator(K.ACCEPTED_ON_TIME_RATE, "按时立案率", "accepted on time", F.ACCEPTED_ON_TIME, F.ACCEPTED, PUBLIC_LIST),
    Indicator(K.VALID_REPORT_RATE, "有效上报率", "valid reports", F.VALID_REPORTS, F.ASSESSED_REPORTS, PUBLIC_LIST),
    Indicator(K.SATISFACTION_RATE, "满意率", "satisfaction", F.SATISFIED, F.RATED, OURS),
)  # fmt: skip

INDICATORS: Mapping[IndicatorKey, Indicator] = {indicator.key: indicator for indicator in _ALL}
