"""Why an enterprise has its colour: what rules count, which hold now, which are held still, what was set by hand."""

from typing import Literal

from models.base import Instant, Kept, Text
from models.enums import Severity
from models.policy.colours import Colour, Watched


class CaseMark(Kept):
    """What the colour rules need of a case that names the enterprise.

    `dismissed`: it was rejected, withdrawn, voided or merged, so it never counted. `late_at`: when the last deadline
    was missed; None where none was, or where an appeal exempted it.
    """

    case_no: str
    category: str
    severity: Severity
    received_at: Instant
    ended_at: Instant | None = None
    dismissed: bool = False
    late_at: Instant | None = None

    @property
    def is_open(self) -> bool:
        """Whether the case has not been closed."""
        return self.ended_at is None


class RoundMark(Kept):
    """A round (checklist or visit) of the enterprise that failed or was missed: its code, and when."""

    code: str
    at: Instant


class Evidence(Kept):
    """Everything that the colour rules count, as it was read."""

    cases: tuple[CaseMark, ...] = ()
    failed_rounds: tuple[RoundMark, ...] = ()
    missed_rounds: tuple[RoundMark, ...] = ()


class Line(Kept):
    """One thing that a rule counted: a case by its number or a round by its code, and when it began to count."""

    of: Literal["case", "round"]
    code: str
    at: Instant


class Cause(Kept):
    """A rule that holds now, since `since`. `until`: when it ends by itself if nothing else happens."""

    rule: str
    colour: Colour
    name_zh: Text
    name_en: Text
    counts: Watched
    at_least: int
    hold_days: int
    since: Instant
    lines: tuple[Line, ...]
    until: Instant | None = None


class Held(Kept):
    """A rule that held until `ended_at` and whose colour is kept until `until`, if no new breach begins before."""

    rule: str
    colour: Colour
    name_zh: Text
    name_en: Text
    hold_days: int
    since: Instant
    ended_at: Instant
    until: Instant
    lines: tuple[Line, ...]


class Override(Kept):
    """A colour that a supervisor set by hand, up to `until`. The computed colour goes on beside it."""

    colour: Colour
    reason: str
    since: Instant
    until: Instant
