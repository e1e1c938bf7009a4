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
    """`stops_stage`, `stops_whole`: whether that clock stands still until the answer; a statutory one runs on."""

    kind: Literal["info_requested"] = "info_requested"
    question: str
    answer_by: Instant
    stops_stage: bool = True
    stops_whole: bool = True


class InfoSupplied(Frozen):
    """The reporter answered, or (`note` empty) the time to answer ran out; a stopped clock goes on from `since`."""

    kind: Literal["info_supplied"] = "info_supplied"
    note: str
    attachments: tuple[str, ...]
    since: Instant
    due_at: Instant | None = None
    plan: Plan | None = None
    whole_due_at: Instant | None = None
    whole_plan: Plan | None = None


class SelfClosed(Frozen):
    kind: Literal["self_closed"] = "self_closed"
    result: str
    evidence: tuple[str, ...]
    owner: Owner
    due: Due


class VerificationRequested(Frozen):
    """The workers of `unit` are asked to look at the place by `request.until`."""

    kind: Literal["verification_requested"] = "verification_requested"
    question: str
    unit: Owner
    report_by: Instant
    decide_by: Instant | None = None
    rungs: tuple[Instant, ...] = ()


class VerificationReported(Frozen):
    kind: Literal["verification_reported"] = "verification_reported"
    confirmed: bool
    note: str
    attachments: tuple[str, ...]


class SentBack(Frozen):
    """退回受理: the acceptance no longer stands; the clock of the whole case runs on."""

    kind: Literal["sent_back"] = "sent_back"
    reason: str
    owner: Owner
    due: Due


class Redispatched(Frozen):
    """改派: another host, the same clock."""

    kind: Literal["redispatched"] = "redispatched"
    from_host: str
    host: str
    co_handlers: tuple[str, ...]
    reason: str
    owner: Owner


class Recalled(Frozen):
    """撤回派单, by a person; or by the system, where the case was moved out of its host's reach."""

    kind: Literal["recalled"] = "recalled"
    from_host: str
    reason: str
    owner: Owner
    due: Due


class CoHandlersAdded(Frozen):
    kind: Literal["co_handlers_added"] = "co_handlers_added"
    departments: tuple[str, ...]
    note: str


class CoHandlerReleased(Frozen):
    kind: Literal["co_handler_released"] = "co_handler_released"
    department: str
    reason: str


class ClaimEnded(Frozen):
    """The claimant no longer holds the role that the claim rests on: the case is its department's again."""

    kind: Literal["claim_ended"] = "claim_ended"
    person: UUID
    owner: Owner


class ReviewerAssigned(Frozen):
    kind: Literal["reviewer_assigned"] = "reviewer_assigned"
    person: UUID
    owner: Owner
    reason: str


class Dispatched(Frozen):
    """`per_round`: extensions granted in this round go on counting; facts of before began anew."""

    per_round: bool = False
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
    """`keeps_requests`: to a colleague, with whom what the department asked for stays pending."""

    keeps_requests: bool = False
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
    answer: str = ""


class Aborted(Frozen):
    """Handling ended without a solution; it is reviewed before it closes."""

    kind: Literal["aborted"] = "aborted"
    reason: str
    owner: Owner
    due: Due


class ReviewPassed(Frozen):
    """`released`: whoever has the progress code may see the photos of the result; else those of `released_photos`.

    `answer` (答复): what the reporter reads, as the reviewer confirmed or rewrote it.
    """

    kind: Literal["review_passed"] = "review_passed"
    note: str
    evidence: tuple[str, ...]
    released: bool = False
    released_photos: tuple[str, ...] = ()
    answer: str = ""


class ReviewFailed(Frozen):
    """`departments`: the co-handlers who report again (None, in facts of before: nobody).

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
