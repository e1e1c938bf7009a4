"""Whether a case may be the same matter as another, how likely, and why: place, time, words and kind together."""

import math
from datetime import timedelta

from models.base import Frozen
from models.english import counted
from services.cases.likeness import Likeness

#: How near and how recent a case of the same kind must be; how near and how recent one of any kind that tells the same
#: in words (our choice, after 城管 practice).
NEAR_METRES, WITHIN = 200, timedelta(hours=72)
ALIKE_METRES, ALIKE_WITHIN = 500, timedelta(days=14)
#: How much place, time, words and kind count, and at which distance and after which time half of it is left (our
#: choice).
_PLACE, _TIME, _WORDS, _KIND = 0.35, 0.15, 0.4, 0.1
_HALF_METRES, _HALF_TIME = 100.0, timedelta(hours=36)
#: What the place counts for where a distance is not known: the same grid unit.
_SAME_UNIT = 0.3
#: Of another category of the group: the least share of words that both must have.
_LEAST_IN_GROUP = 0.15


class Compared(Frozen):
    """A case beside another. `metres` None: a place is not known, and both are of the same grid unit. `like` None:
    there are no words to compare.
    """

    metres: float | None
    apart: timedelta
    same_category: bool
    same_group: bool
    like: Likeness | None

    @property
    def likely(self) -> bool:
        """Whether it may be the same: of the same kind, near and recent; or told in the same words, not far away."""
        if self.like is not None and self.like.alike:
            return True
        if not self.same_group or self.apart > WITHIN or (self.metres is not None and self.metres > NEAR_METRES):
            return False
        return self.same_category or self.like is None or self.like.share >= _LEAST_IN_GROUP

    @property
    def score(self) -> float:
        """How likely it is the same, 0 … 1."""
        place = _SAME_UNIT if self.metres is None else math.exp2(-self.metres / _HALF_METRES)
        recent = math.exp2(-(self.apart / _HALF_TIME))
        words = 0.0 if self.like is None else self.like.weight
        return _PLACE * place + _TIME * recent + _WORDS * words + _KIND * self.same_category

    def why(self) -> tuple[str, str]:
        """Return the reasons in Chinese and English: kind, words, place and time."""
        kind = (
            ("同一小类", "same category")
            if self.same_category
            else ("同一大类", "same group")
            if self.same_group
            else ("类别不同", "another category")
        )
        where = (
            ("同一网格", "the same grid unit")
            if self.metres is None
            else (f"相距 {round(self.metres)} 米", f"{round(self.metres)} m away")
        )
        reasons = [kind, *self._words(), where, _when(self.apart)]
        return ",".join(zh for zh, _ in reasons), ", ".join(en for _, en in reasons)

    def _words(self) -> list[tuple[str, str]]:
        if self.like is None or not self.like.alike:
            return []
        return [("用词相同", "same words") if self.like.same else ("用词相近", "similar words")]


def _when(apart: timedelta) -> tuple[str, str]:
    hours = round(apart / timedelta(hours=1))
    if hours < 1:
        return "1 小时内", "within the hour"
    if hours < 48:
        return f"相隔 {hours} 小时", f"{hours} h apart"
    days = round(hours / 24)
    return f"相隔 {days} 天", f"{counted(days, 'day')} apart"
