"""Commands that the system gives."""

from typing import Literal

from models.base import Frozen, Instant


class WakeUp(Frozen):
    """A due moment has come. What it means is decided in the recording step, not when it was set."""

    kind: Literal["wake_up"] = "wake_up"
    moment: Instant


class Absorb(Frozen):
    """Another case was merged into this one."""

    kind: Literal["absorb"] = "absorb"
    case_no: str


class Separate(Frozen):
    """A case that was merged into this one has been taken out again."""

    kind: Literal["separate"] = "separate"
    case_no: str


class TakeOut(Frozen):
    """The lead `lead_no` lets this merged case go: somebody unmerged it there."""

    kind: Literal["take_out"] = "take_out"
    lead_no: str
    reason: str


class Recompute(Frozen):
    """A calendar was published with policy `version`: count the clocks anew."""

    kind: Literal["recompute"] = "recompute"
    version: int


class SettleErrand(Frozen):
    """An errand to another case has been carried out, or was refused for good with the code `refused`."""

    kind: Literal["settle_errand"] = "settle_errand"
    errand: str
    case_no: str | None = None
    refused: str | None = None
