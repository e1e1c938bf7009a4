"""Deciders of the keeper's commands about a reporter's data."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from models.case import Case
from models.commands import EraseReporter, HoldData, ReleaseData, Unmask
from models.context import Context
from models.errors import UnderLegalHold
from models.facts import Body, DataHeld, DataReleased, ReporterErased, ReporterUnmasked
from rules.deciders.common import Decider

#: How long a keeper may look after giving a reason (our choice).
UNMASKED_FOR: Final = timedelta(minutes=15)


def unmask(case: Case, cmd: Unmask, ctx: Context) -> Sequence[Body]:
    """Let the keeper look for a quarter of an hour from now."""
    return [ReporterUnmasked(purpose=cmd.purpose, reason=cmd.reason, until=ctx.now + UNMASKED_FOR)]


def hold_data(case: Case, cmd: HoldData, ctx: Context) -> Sequence[Body]:
    """Put the reporter's data under legal hold."""
    return [DataHeld(reason=cmd.reason)]


def release_data(case: Case, cmd: ReleaseData, ctx: Context) -> Sequence[Body]:
    """End the legal hold."""
    return [DataReleased(reason=cmd.reason)]


def erase_reporter(case: Case, cmd: EraseReporter, ctx: Context) -> Sequence[Body]:
    """Erase the reporter. Raises UnderLegalHold; the recording step asks the same of the cases that share them."""
    if case.data_held:
        raise UnderLegalHold()
    return [ReporterErased(reason=cmd.reason)]


DECIDERS: dict[str, Decider] = {
    "unmask": unmask,
    "hold_data": hold_data,
    "release_data": release_data,
    "erase_reporter": erase_reporter,
}
