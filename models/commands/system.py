"""Commands of the system."""

from typing import Literal

from pydantic import Field

from models.base import Given, Instant


class WakeUp(Given):
    """A due moment has come. The recording step decides what follows, not the code that set the timer."""

    kind: Literal["wake_up"] = "wake_up"
    moment: Instant


class Absorb(Given):
    """Record that another case was merged into this one."""

    kind: Literal["absorb"] = "absorb"
    case_no: str


class Separate(Given):
    """Record that a case merged into this one was taken out again."""

    kind: Literal["separate"] = "separate"
    case_no: str


class TakeOut(Given):
    """Unmerge this case, because somebody released it on its lead `lead_no`."""

    kind: Literal["take_out"] = "take_out"
    lead_no: str
    reason: str


class Inform(Given):
    """Record on the timeline what a matter of the park tells this case: `what` with its `values`, or a `note`.

    `matter_kind`, `code` and `name` say which matter, or which link or outside system (`one_time_link`, `handover`);
    `what` is a word of `services.wording.informed`.
    """

    kind: Literal["inform"] = "inform"
    matter_kind: str
    code: str
    name: str
    what: str
    values: dict[str, str] = Field(default_factory=dict)
    note: str = ""


class Recompute(Given):
    """Recompute the clocks, because a calendar was published with policy `version`."""

    kind: Literal["recompute"] = "recompute"
    version: int


class SettleErrand(Given):
    """Record that an errand to another case was carried out, or was refused for good with the code `refused`."""

    kind: Literal["settle_errand"] = "settle_errand"
    errand: str
    case_no: str | None = None
    refused: str | None = None
