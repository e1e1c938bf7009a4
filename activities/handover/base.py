"""What every kind of receiver is given, and what it can answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.outgoing import Outgoing
from infra.settings import Settings
from models.case import Case
from models.handovers import Handover, Receiver
from models.policy.handovers import HandoverPolicy


class Result(StrEnum):
    """What became of a request.

    `given`: the receiver has the case (or, asked, says so; or was told). `absent`: asked, it has it not. `refused`: it
    will not take it. `again`: it was not done, and may be tried again. `lost`: whether it was done is not known.
    """

    GIVEN = "given"
    ABSENT = "absent"
    REFUSED = "refused"
    AGAIN = "again"
    LOST = "lost"


@dataclass(frozen=True)
class Told:
    """A result, with the receiver's number of the case, why it failed, and in how many seconds it takes it again."""

    result: Result
    far_id: str | None = None
    why: str | None = None
    wait: float | None = None


@dataclass(frozen=True)
class Offer:
    """A case for a receiver, under the rules of the policy in force. `about` is what it is told of the case; `secret`
    signs; `repr` shows neither."""

    handover: Handover
    receiver: Receiver
    case: Case
    rules: HandoverPolicy
    about: dict[str, Any] = field(repr=False)
    secret: str = field(repr=False, default="")


#: Stores a file of a receiver, whose account is named, and returns its hash. Raises a DomainError for what is no
#: attachment, and while the store is away.
KeepFile = Callable[[UUID, bytes, datetime], Awaitable[str]]


@dataclass(frozen=True)
class Tools:
    """What an adapter works with."""

    engine: AsyncEngine
    client: Client
    settings: Settings
    outgoing: Outgoing
    keep_file: KeepFile


class Adapter(Protocol):
    """A kind of receiver. None of these raises for what the far side does."""

    async def give(self, tools: Tools, offer: Offer) -> Told:
        """Give it the case."""
        ...

    async def ask(self, tools: Tools, offer: Offer) -> Told | None:
        """Ask whether it has the case; None where it can't be asked."""
        ...

    async def take_back(self, tools: Tools, offer: Offer) -> Told:
        """Tell it that the case is no longer its."""
        ...


@dataclass(frozen=True)
class Followed:
    """What following a receiver came to: in how many seconds it is looked at again, its number of the case where it is
    known only now, and why it could not be asked."""

    seconds: float
    far_id: str | None = None
    failure: str | None = None


@runtime_checkable
class Follows(Protocol):
    """A kind of receiver that does not call back: it is asked how the case goes on."""

    async def follow(self, tools: Tools, offer: Offer, now: datetime) -> Followed:
        """Record what it says since the last time."""
        ...
