"""Open311 endpoints of others: how a case is sent to one, and what comes back."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from models.base import Code, Given, Instant, Kept

ServiceCode = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[\x21-\x7e]+$")]


class Closing(StrEnum):
    """What it means to us that the far side has closed its request: the handling is done, or a report of progress."""

    COMPLETES = "completes"
    PROGRESS = "progress"


class FarEndpoint(Given):
    """How a department's endpoint is used; its address is that of the receiver, its key is sealed with the receiver.

    `services`: its service code for our category, or for the group of one; `service` for all others. `lists_marks`: its
    lists show descriptions, so that a request of ours is found there by its mark. `updates`: it has
    `servicerequestupdates`; else the state of the request is polled. `poll_seconds`: between two looks.
    """

    jurisdiction: Annotated[str, StringConstraints(max_length=200)] = ""
    service: ServiceCode
    services: Annotated[dict[Code, ServiceCode], Field(max_length=500)] = Field(default_factory=dict)
    format: Literal["json", "xml"] = "json"
    lists_marks: bool = False
    updates: bool = True
    closing: Closing = Closing.PROGRESS
    poll_seconds: Annotated[int, Field(ge=30, le=24 * 3600)] = 300


class FarPosted(Kept):
    """What the far side says of a request that it has taken: its number, or a token for it."""

    number: str | None = None
    token: str | None = None


class FarUpdate(Kept):
    """An update of the far side: its id, the request's number, the state in its own words, when, what it says, and the
    addresses of its photos."""

    id: str
    number: str
    status: str
    at: Instant
    text: str = ""
    media: tuple[str, ...] = ()

    @property
    def closes(self) -> bool:
        """Whether the request is closed by it."""
        return self.status.strip().lower().replace(" ", "_") in _CLOSED


#: The words for a request that is over, of GeoReport v2 and of mySociety.
_CLOSED = frozenset(
    {"closed", "fixed", "fixed_-_council", "fixed_-_user", "duplicate", "no_further_action",
     "not_councils_responsibility", "cancelled", "unable_to_fix"}
)  # fmt: skip
