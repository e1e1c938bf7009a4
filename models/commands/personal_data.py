"""Commands about a reporter's data, given by the keeper (保密员)."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from models.base import Given, Text
from models.enums import UnmaskPurpose

#: Why the data is touched: long enough to say something (our choice).
DataReason = Annotated[Text, StringConstraints(min_length=5, max_length=2_000)]


class Unmask(Given):
    """Look at the reporter's name and number, and at numbers in the text, for a short time. The auditor is told."""

    kind: Literal["unmask"] = "unmask"
    purpose: UnmaskPurpose
    reason: DataReason


class HoldData(Given):
    """Legal hold (依法留存): the reporter's data must not be erased, by nobody and no schedule."""

    kind: Literal["hold_data"] = "hold_data"
    reason: DataReason


class ReleaseData(Given):
    """End the legal hold."""

    kind: Literal["release_data"] = "release_data"
    reason: DataReason


class EraseReporter(Given):
    """Erase the reporter (PIPL §47): the key of their data is destroyed, everywhere and for good."""

    kind: Literal["erase_reporter"] = "erase_reporter"
    reason: DataReason
