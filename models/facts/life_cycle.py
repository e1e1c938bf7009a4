"""The facts of the life cycle: from received to archived."""

from typing import Literal
from uuid import UUID

from models.base import Frozen, Instant
from models.case import Owner
from models.commands import ExternalReference, Location
from models.enums import Level, Outcome, Severity, Source, Stage
from models.facts.common import Due, Explanation
from models.plan import Plan


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
    condition: str | None = None


class Accepted(Frozen):
    """立案: from here on the case lives under this policy version and opening condition, and the whole is timed."""

    kind: Literal["accepted"] = "accepted"
    note: str
    owner: Owner
    due: Due
    condition: str | None = None
    policy_version: int | None = None
    whole: Due | None = None


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
    plan: Plan | None = None
    whole_due_at: Instant | None = None
    whole_plan: Plan | None = None


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
    """`reports_for` names the co-handling department whose report this is.

    While the ladder is held by an acknowledgement, progress holds it on until `lapses_at`.
    """

    kind: Literal["progress_reported"] = "progress_reported"
    note: str
    attachments: tuple[str, ...]
    reports_for: str | None
    lapses_at: Instant | None = None


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
    """`released`: whoever has the progress code may see the photos of the result; else those of `released_photos`."""

    kind: Literal["review_passed"] = "review_passed"
    note: str
    evidence: tuple[str, ...]
    released: bool = False
    released_photos: tuple[str, ...] = ()


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
