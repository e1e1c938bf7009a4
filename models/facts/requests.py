"""The facts of requests and their decisions, of rating and of reopening."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from models.base import Instant, Kept, is_none
from models.case import Owner
from models.enums import RequestKind, Role, Stage
from models.facts.common import Due
from models.plan import Plan


class ReturnRequested(Kept):
    kind: Literal["return_requested"] = "return_requested"
    department: str
    reason: str
    decide_by: Instant | None = None
    rungs: tuple[Instant, ...] = ()


class ReturnGranted(Kept):
    kind: Literal["return_granted"] = "return_granted"
    department: str | None = None
    note: str
    owner: Owner
    due: Due


class ReturnRefused(Kept):
    kind: Literal["return_refused"] = "return_refused"
    department: str
    reason: str


class TransferRequested(Kept):
    """The host asks another department to take the case over; the clock runs on."""

    kind: Literal["transfer_requested"] = "transfer_requested"
    from_department: str
    to_department: str
    reason: str
    decide_by: Instant | None = None
    rungs: tuple[Instant, ...] = ()


class TransferRefused(Kept):
    kind: Literal["transfer_refused"] = "transfer_refused"
    department: str
    reason: str


class RequestRetracted(Kept):
    """The person who made the request took it back."""

    kind: Literal["request_retracted"] = "request_retracted"
    request: RequestKind
    reason: str


class RequestLapsed(Kept):
    """The request ended undecided: another department has the case, or nobody confirmed it in time."""

    kind: Literal["request_lapsed"] = "request_lapsed"
    request: RequestKind


class ExtensionRequested(Kept):
    """A later deadline was asked for. `granted_by`: the role that may grant it; None in older facts.

    `decider`, here and below: whose task the decision is, where it takes a supervisor; None: the case's desk.
    """

    kind: Literal["extension_requested"] = "extension_requested"
    until: Instant
    reason: str
    decide_by: Instant | None = None
    rungs: tuple[Instant, ...] = ()
    granted_by: Annotated[Role | None, Field(exclude_if=is_none)] = None
    decider: Annotated[Owner | None, Field(exclude_if=is_none)] = None


class ExtensionGranted(Kept):
    """An extension was granted. `until`: the granted moment, which becomes the deadline (None in older facts).

    `extended` is in the time that the limit counts: working time or natural time. `whole_extended`: by how much the
    limit of the whole case grew, so that it does not end before the stage.
    """

    kind: Literal["extension_granted"] = "extension_granted"
    until: Instant | None = None
    extended: timedelta
    due_at: Instant
    note: str
    plan: Plan | None = None
    whole_due_at: Instant | None = None
    whole_extended: timedelta = timedelta()
    whole_plan: Plan | None = None


class ExtensionRefused(Kept):
    kind: Literal["extension_refused"] = "extension_refused"
    reason: str


class SuspensionRequested(Kept):
    kind: Literal["suspension_requested"] = "suspension_requested"
    until: Instant
    reason: str
    decide_by: Instant | None = None
    rungs: tuple[Instant, ...] = ()
    decider: Annotated[Owner | None, Field(exclude_if=is_none)] = None


class SuspensionGranted(Kept):
    kind: Literal["suspension_granted"] = "suspension_granted"
    until: Instant
    note: str


class SuspensionRefused(Kept):
    kind: Literal["suspension_refused"] = "suspension_refused"
    reason: str


class Resumed(Kept):
    """The suspension ended at `since`: the clocks resume. `due_at` None: the clock of the stage was running already."""

    kind: Literal["resumed"] = "resumed"
    note: str
    since: Instant
    due_at: Instant | None = None
    plan: Plan | None = None
    whole_due_at: Instant | None = None
    whole_plan: Plan | None = None


class VoidProposed(Kept):
    kind: Literal["void_proposed"] = "void_proposed"
    reason: str
    decide_by: Instant | None = None
    rungs: tuple[Instant, ...] = ()


class VoidRefused(Kept):
    kind: Literal["void_refused"] = "void_refused"
    reason: str


class Rated(Kept):
    """The case was rated. `on_behalf`: an officer recorded the reporter's rating after a call-back."""

    on_behalf: bool = False
    kind: Literal["rated"] = "rated"
    score: int
    note: str


class ReopenRequested(Kept):
    kind: Literal["reopen_requested"] = "reopen_requested"
    on_behalf: bool = False
    decide_by: Instant | None = None
    rungs: tuple[Instant, ...] = ()
    reason: str
    remind_at: Instant
    decider: Annotated[Owner | None, Field(exclude_if=is_none)] = None


class Reopened(Kept):
    """The case was reopened in a new round.

    With `per_case_whole`, the clock of the whole case continues from now to `whole_due_at`, and a missed one stays
    missed. In older facts it started anew as `whole`.
    """

    whole_due_at: Instant | None = None
    whole_plan: Plan | None = None
    per_case_whole: bool = False
    kind: Literal["reopened"] = "reopened"
    note: str
    to_stage: Stage
    owner: Owner
    due: Due
    whole: Due | None = None


class ReopenRefused(Kept):
    kind: Literal["reopen_refused"] = "reopen_refused"
    reason: str


class Appealed(Kept):
    kind: Literal["appealed"] = "appealed"
    department: str | None = None
    round: int | None = None
    reason: str
    remind_at: Instant
    attachments: tuple[str, ...]
    decider: Annotated[Owner | None, Field(exclude_if=is_none)] = None


class AppealDecided(Kept):
    kind: Literal["appeal_decided"] = "appeal_decided"
    department: str | None = None
    round: int | None = None
    upheld: bool
    reason: str
