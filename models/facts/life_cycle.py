"""The facts of the life cycle: from received to archived."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from models.answers import Answers, Open, Unread
from models.base import Instant, Kept, is_none
from models.case import Owner
from models.commands import ExternalReference, Location
from models.commands.report import MatterReference
from models.enums import Level, Outcome, Severity, Source, Stage
from models.facts.common import Due, Explanation
from models.plan import Plan


class Received(Kept):
    """The report was received: the first fact of every case.

    `unread`: answers that were not understood. `unanswered`: required questions without an answer. `severity_why`: the
    answer that raised the severity.
    """

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
    matter: Annotated[MatterReference | None, Field(exclude_if=is_none)] = None
    policy_version: int
    content_hash: str
    owner: Owner
    level: Level
    owner_why: Explanation
    suggested_host: str
    host_why: Explanation
    due: Due
    condition: str | None = None
    enterprise: Annotated[str | None, Field(exclude_if=is_none)] = None
    answers: Answers = ()
    unread: Unread = ()
    unanswered: Open = ()
    severity_why: Annotated[Explanation | None, Field(exclude_if=is_none)] = None


class Accepted(Kept):
    """The case was accepted (立案): it has this policy version and opening condition, and the whole case is timed."""

    kind: Literal["accepted"] = "accepted"
    note: str
    owner: Owner
    due: Due
    condition: str | None = None
    policy_version: int | None = None
    whole: Due | None = None


class InfoRequested(Kept):
    """The reporter was asked. `stops_stage`, `stops_whole`: whether that clock stops until the answer."""

    kind: Literal["info_requested"] = "info_requested"
    question: str
    answer_by: Instant
    stops_stage: bool = True
    stops_whole: bool = True


class InfoSupplied(Kept):
    """The reporter answered, or (`note` empty) the time to answer ran out; stopped clocks resume at `since`."""

    kind: Literal["info_supplied"] = "info_supplied"
    note: str
    attachments: tuple[str, ...]
    since: Instant
    due_at: Instant | None = None
    plan: Plan | None = None
    whole_due_at: Instant | None = None
    whole_plan: Plan | None = None


class SelfClosed(Kept):
    kind: Literal["self_closed"] = "self_closed"
    result: str
    evidence: tuple[str, ...]
    owner: Owner
    due: Due


class VerificationRequested(Kept):
    """The workers of `unit` were asked to look at the place by `report_by`."""

    kind: Literal["verification_requested"] = "verification_requested"
    question: str
    unit: Owner
    report_by: Instant
    decide_by: Instant | None = None
    rungs: tuple[Instant, ...] = ()


class VerificationReported(Kept):
    kind: Literal["verification_reported"] = "verification_reported"
    confirmed: bool
    note: str
    attachments: tuple[str, ...]


class SentBack(Kept):
    """The case was sent back to receive (退回受理): it is no longer accepted; the clock of the whole case runs on."""

    kind: Literal["sent_back"] = "sent_back"
    reason: str
    owner: Owner
    due: Due


class Redispatched(Kept):
    """The host was changed (改派); the clock runs on."""

    kind: Literal["redispatched"] = "redispatched"
    from_host: str
    host: str
    co_handlers: tuple[str, ...]
    reason: str
    owner: Owner


class Recalled(Kept):
    """The dispatch was withdrawn (撤回派单).

    By a person, or by the system when the case was moved to a place where its host does not act.
    """

    kind: Literal["recalled"] = "recalled"
    from_host: str
    reason: str
    owner: Owner
    due: Due


class CoHandlersAdded(Kept):
    kind: Literal["co_handlers_added"] = "co_handlers_added"
    departments: tuple[str, ...]
    note: str


class CoHandlerReleased(Kept):
    kind: Literal["co_handler_released"] = "co_handler_released"
    department: str
    reason: str


class ClaimEnded(Kept):
    """The claimant no longer holds the role that the claim needs: the claim ended, and `owner` is the owner again."""

    kind: Literal["claim_ended"] = "claim_ended"
    person: UUID
    owner: Owner


class ReviewerAssigned(Kept):
    kind: Literal["reviewer_assigned"] = "reviewer_assigned"
    person: UUID
    owner: Owner
    reason: str


class Dispatched(Kept):
    """The case was dispatched. `per_round`: extensions count per round; in older facts a dispatch reset them."""

    per_round: bool = False
    kind: Literal["dispatched"] = "dispatched"
    host: str
    co_handlers: tuple[str, ...]
    note: str
    suggested_host: str
    owner: Owner
    due: Due


class Claimed(Kept):
    kind: Literal["claimed"] = "claimed"
    owner: Owner


class Released(Kept):
    kind: Literal["released"] = "released"
    reason: str
    owner: Owner


class Transferred(Kept):
    """The case was transferred. `keeps_requests`: to a colleague; the department's requests stay pending."""

    keeps_requests: bool = False
    kind: Literal["transferred"] = "transferred"
    to_department: str
    to_person: UUID | None
    reason: str
    owner: Owner


class ProgressReported(Kept):
    """Progress was reported. `reports_for` is the co-handling department whose report this is.

    While an acknowledgement holds the ladder, progress extends it until `lapses_at`.
    """

    kind: Literal["progress_reported"] = "progress_reported"
    note: str
    attachments: tuple[str, ...]
    reports_for: str | None
    lapses_at: Instant | None = None


class Completed(Kept):
    kind: Literal["completed"] = "completed"
    result: str
    evidence: tuple[str, ...]
    owner: Owner
    due: Due
    answer: str = ""


class Aborted(Kept):
    """Handling ended without a solution; it is reviewed before it closes."""

    kind: Literal["aborted"] = "aborted"
    reason: str
    owner: Owner
    due: Due


class ReviewPassed(Kept):
    """The review passed.

    `released`: whoever has the progress code may see all photos of the result; otherwise those in `released_photos`.
    `answer` (答复): what the reporter reads, as the reviewer confirmed or rewrote it.
    """

    kind: Literal["review_passed"] = "review_passed"
    note: str
    evidence: tuple[str, ...]
    released: bool = False
    released_photos: tuple[str, ...] = ()
    answer: str = ""


class ReviewFailed(Kept):
    """The review failed. `departments`: the co-handlers who must report again (None in older facts: nobody).

    `accepted_at`, `condition`, `policy_version`, `whole`: a case settled on the spot counts as accepted from then on.
    """

    departments: tuple[str, ...] | None = None
    accepted_at: Instant | None = None
    condition: str | None = None
    policy_version: int | None = None
    whole: Due | None = None
    kind: Literal["review_failed"] = "review_failed"
    reason: str
    evidence: tuple[str, ...]
    to_stage: Stage
    owner: Owner
    due: Due


class Closed(Kept):
    """The case was closed; until `archive_at` it may still be rated, reopened or appealed."""

    kind: Literal["closed"] = "closed"
    outcome: Outcome
    reason: str
    right_channel: str = ""
    archive_at: Instant


class Archived(Kept):
    """The last fact of every case."""

    kind: Literal["archived"] = "archived"
