"""Facts: what has happened to a case, in the past tense, numbered 1, 2, 3 … per case.

Facts are what is stored; timeline, audit trail, statistics and rebuild are folds over them. They are
never edited, so a field may be added (with a default) but never change its meaning. People appear as
ids only, reporters not even so: names are looked up when a page is drawn.
"""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from models.base import Frozen, Instant
from models.case import Owner
from models.commands import ExternalReference, Location, Part
from models.words import EscalationMode, Level, Outcome, Severity, Source, Stage, UrgeKind


class Explanation(Frozen):
    """Which rule chose, and why, in words for people."""

    rule: str
    zh: str
    en: str


class Due(Frozen):
    """A clock that starts: the limit, where the limit comes from, and the moment it leads to."""

    stage: Stage
    limit: timedelta
    source: str
    started_at: Instant
    due_at: Instant


# --- the life cycle ---------------------------------------------------------------------------------


class Received(Frozen):
    kind: Literal["received"] = "received"
    desk: Owner
    report_id: UUID
    case_no: str
    category: str
    title: str
    description: str
    severity: Severity
    source: Source
    grid: str
    grid_path: tuple[str, ...]
    location: Location | None
    occurred_at: Instant
    reported_at: Instant
    attachments: tuple[str, ...]
    reporter_ref: UUID | None
    anonymous: bool
    external: ExternalReference | None
    split_from: str | None
    policy_version: int
    content_hash: str
    owner: Owner
    level: Level
    owner_why: Explanation
    suggested_host: str
    host_why: Explanation
    due: Due


class Accepted(Frozen):
    kind: Literal["accepted"] = "accepted"
    note: str
    owner: Owner
    due: Due


class InfoRequested(Frozen):
    kind: Literal["info_requested"] = "info_requested"
    question: str
    answer_by: Instant


class InfoSupplied(Frozen):
    """The reporter answered, or (`note` empty) the time to answer ran out; the clock goes on from `since`."""

    kind: Literal["info_supplied"] = "info_supplied"
    note: str
    attachments: tuple[str, ...]
    since: Instant
    due_at: Instant


class SelfClosed(Frozen):
    kind: Literal["self_closed"] = "self_closed"
    result: str
    evidence: tuple[str, ...]
    owner: Owner
    due: Due


class Dispatched(Frozen):
    kind: Literal["dispatched"] = "dispatched"
    host: str
    co_handlers: tuple[str, ...]
    note: str
    suggested_host: str
    owner: Owner
    due: Due


class Claimed(Frozen):
    kind: Literal["claimed"] = "claimed"
    owner: Owner


class Released(Frozen):
    kind: Literal["released"] = "released"
    reason: str
    owner: Owner


class Transferred(Frozen):
    kind: Literal["transferred"] = "transferred"
    to_department: str
    to_person: UUID | None
    reason: str
    owner: Owner


class ProgressReported(Frozen):
    """`reports_for` names the co-handling department whose report this is."""

    kind: Literal["progress_reported"] = "progress_reported"
    note: str
    attachments: tuple[str, ...]
    reports_for: str | None


class Completed(Frozen):
    kind: Literal["completed"] = "completed"
    result: str
    evidence: tuple[str, ...]
    owner: Owner
    due: Due


class Aborted(Frozen):
    """Handling ended without a solution; it is reviewed before it closes."""

    kind: Literal["aborted"] = "aborted"
    reason: str
    owner: Owner
    due: Due


class ReviewPassed(Frozen):
    kind: Literal["review_passed"] = "review_passed"
    note: str
    evidence: tuple[str, ...]


class ReviewFailed(Frozen):
    kind: Literal["review_failed"] = "review_failed"
    reason: str
    evidence: tuple[str, ...]
    to_stage: Stage
    owner: Owner
    due: Due


class Closed(Frozen):
    """The case is over; until `archive_at` it may still be rated, reopened or appealed."""

    kind: Literal["closed"] = "closed"
    outcome: Outcome
    reason: str
    right_channel: str = ""
    archive_at: Instant


class Archived(Frozen):
    """The last fact of every case."""

    kind: Literal["archived"] = "archived"


# --- requests and their decisions -------------------------------------------------------------------


class ReturnRequested(Frozen):
    kind: Literal["return_requested"] = "return_requested"
    department: str
    reason: str


class ReturnGranted(Frozen):
    kind: Literal["return_granted"] = "return_granted"
    note: str
    owner: Owner
    due: Due


class ReturnRefused(Frozen):
    kind: Literal["return_refused"] = "return_refused"
    department: str
    reason: str


class ExtensionRequested(Frozen):
    kind: Literal["extension_requested"] = "extension_requested"
    until: Instant
    reason: str


class ExtensionGranted(Frozen):
    kind: Literal["extension_granted"] = "extension_granted"
    extended: timedelta
    due_at: Instant
    note: str


class ExtensionRefused(Frozen):
    kind: Literal["extension_refused"] = "extension_refused"
    reason: str


class SuspensionRequested(Frozen):
    kind: Literal["suspension_requested"] = "suspension_requested"
    until: Instant
    reason: str


class SuspensionGranted(Frozen):
    kind: Literal["suspension_granted"] = "suspension_granted"
    until: Instant
    note: str


class SuspensionRefused(Frozen):
    kind: Literal["suspension_refused"] = "suspension_refused"
    reason: str


class Resumed(Frozen):
    kind: Literal["resumed"] = "resumed"
    note: str
    since: Instant
    due_at: Instant


class VoidProposed(Frozen):
    kind: Literal["void_proposed"] = "void_proposed"
    reason: str


class Rated(Frozen):
    kind: Literal["rated"] = "rated"
    score: int
    note: str


class ReopenRequested(Frozen):
    kind: Literal["reopen_requested"] = "reopen_requested"
    reason: str
    remind_at: Instant


class Reopened(Frozen):
    kind: Literal["reopened"] = "reopened"
    note: str
    to_stage: Stage
    owner: Owner
    due: Due


class ReopenRefused(Frozen):
    kind: Literal["reopen_refused"] = "reopen_refused"
    reason: str


class Appealed(Frozen):
    kind: Literal["appealed"] = "appealed"
    reason: str
    remind_at: Instant
    attachments: tuple[str, ...]


class AppealDecided(Frozen):
    kind: Literal["appeal_decided"] = "appeal_decided"
    upheld: bool
    reason: str


# --- at any time ------------------------------------------------------------------------------------


class Commented(Frozen):
    kind: Literal["commented"] = "commented"
    note: str


class Attached(Frozen):
    kind: Literal["attached"] = "attached"
    attachments: tuple[str, ...]
    note: str


class Acknowledged(Frozen):
    kind: Literal["acknowledged"] = "acknowledged"
    note: str


class Escalated(Frozen):
    kind: Literal["escalated"] = "escalated"
    mode: EscalationMode
    from_level: Level
    to_level: Level
    to_unit: str
    reason: str
    owner: Owner | None


class Urged(Frozen):
    kind: Literal["urged"] = "urged"
    number: int
    urge_kind: UrgeKind
    reply_by: Instant
    note: str


class UrgeAnswered(Frozen):
    kind: Literal["urge_answered"] = "urge_answered"
    number: int
    note: str


class UrgeOverdue(Frozen):
    kind: Literal["urge_overdue"] = "urge_overdue"
    number: int
    reply_by: Instant


class Recategorised(Frozen):
    kind: Literal["recategorised"] = "recategorised"
    category: str
    severity: Severity
    suggested_host: str
    host_why: Explanation
    limit: timedelta | None
    source: str
    due_at: Instant | None
    reason: str


class Relocated(Frozen):
    kind: Literal["relocated"] = "relocated"
    grid: str
    grid_path: tuple[str, ...]
    location: Location | None
    owner: Owner | None
    desk: Owner
    suggested_host: str
    host_why: Explanation
    reason: str


class Merged(Frozen):
    kind: Literal["merged"] = "merged"
    into: str
    lead: UUID
    reason: str


class Absorbed(Frozen):
    kind: Literal["absorbed"] = "absorbed"
    case_no: str


class SplitOff(Frozen):
    kind: Literal["split_off"] = "split_off"
    parts: tuple[Part, ...]
    reason: str


class ErrandSettled(Frozen):
    kind: Literal["errand_settled"] = "errand_settled"
    errand: str
    case_no: str | None


class Convened(Frozen):
    kind: Literal["convened"] = "convened"
    departments: tuple[str, ...]
    meet_at: Instant
    note: str


class Responded(Frozen):
    kind: Literal["responded"] = "responded"
    department: str
    note: str


# --- what only the clock does -----------------------------------------------------------------------


class Overdue(Frozen):
    """The deadline of a stage has passed. Never erased, whatever an appeal decides."""

    kind: Literal["overdue"] = "overdue"
    stage: Stage
    due_at: Instant
    remind_at: Instant


class Reminded(Frozen):
    """Still overdue, and said again."""

    kind: Literal["reminded"] = "reminded"
    remind_at: Instant


Body = Annotated[
    Received | Accepted | InfoRequested | InfoSupplied | SelfClosed | Dispatched | Claimed | Released
    | Transferred | ProgressReported | Completed | Aborted | ReviewPassed | ReviewFailed | Closed | Archived
    | ReturnRequested | ReturnGranted | ReturnRefused
    | ExtensionRequested | ExtensionGranted | ExtensionRefused
    | SuspensionRequested | SuspensionGranted | SuspensionRefused | Resumed
    | VoidProposed | Rated | ReopenRequested | Reopened | ReopenRefused | Appealed | AppealDecided
    | Commented | Attached | Acknowledged | Escalated | Urged | UrgeAnswered | UrgeOverdue
    | Recategorised | Relocated | Merged | Absorbed | SplitOff | ErrandSettled | Convened | Responded
    | Overdue | Reminded,
    Field(discriminator="kind"),
]  # fmt: skip


class Actor(Frozen):
    """Who did it: a person by id, or the system itself (`person` is None)."""

    person: UUID | None = None


class Fact(Frozen):
    """A fact in its envelope: which one, when, by whom, and by which command it came about.

    `command` is that command's kind and `digest` the beginning of its hash: they tell a command that was sent
    again from another one that was sent under the same id.
    """

    seq: int
    at: Instant
    actor: Actor
    command_id: UUID
    command: str
    digest: str
    version: int = 1
    body: Body
