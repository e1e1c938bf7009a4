"""Messages to the reporter of a case: what they are told of, and by which channel they chose to be told.

How to reach them lies sealed with their name (`infra.keys.sealing`). A send names them by reference, and the address is
read when it is sent.
"""

from enum import StrEnum
from typing import Final
from uuid import UUID

#: What stands for the address of a reporter in the delivery log.
REPORTER: Final = "reporter"
_BEGIN: Final = f"{REPORTER}:"


class TellBy(StrEnum):
    """The channel that a reporter chose."""

    SMS = "sms"
    MAIL = "mail"


class ReporterEvent(StrEnum):
    """What a reporter is told of: the acceptance, each pause (a question, a suspension), each extension, each end."""

    ACCEPTED = "accepted"
    ASKED = "asked"
    SUSPENDED = "suspended"
    EXTENDED = "extended"
    CLOSED = "closed"


def reporter_address(reference: UUID) -> str:
    """Return what stands for the address of a reporter in a send."""
    return f"{_BEGIN}{reference}"


def reporter_in(address: str) -> UUID | None:
    """Return the reference that an address of a send names; None for an ordinary address."""
    return UUID(address.removeprefix(_BEGIN)) if address.startswith(_BEGIN) else None


def key_of_message(report_id: UUID, event: ReporterEvent, seq: str) -> str:
    """Return the key of the send: one for each fact, so that nobody is told twice. `seq`: its number, of the case that
    a merged one is handled with as `CASE.NUMBER`."""
    return f"{_BEGIN}{report_id}:{seq}:{event}"


def event_in(key: str) -> ReporterEvent:
    """Return the event of a key."""
    return ReporterEvent(key.rpartition(":")[2])
