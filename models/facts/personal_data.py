"""What was done with a reporter's data. None of these facts holds any of it."""

from typing import Literal

from models.base import Instant, Kept
from models.enums import UnmaskPurpose


class ReporterUnmasked(Kept):
    """The actor may look at the reporter's data until then."""

    kind: Literal["reporter_unmasked"] = "reporter_unmasked"
    purpose: UnmaskPurpose
    reason: str
    until: Instant


class DataHeld(Kept):
    kind: Literal["data_held"] = "data_held"
    reason: str


class DataReleased(Kept):
    kind: Literal["data_released"] = "data_released"
    reason: str


class ReporterErased(Kept):
    """The key of the reporter's record was destroyed."""

    kind: Literal["reporter_erased"] = "reporter_erased"
    reason: str
