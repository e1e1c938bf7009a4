"""The audit (对账) that compares both stores: its findings and its report."""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from models.base import Instant, Kept
from models.organisation import OrgFinding


class Drift(StrEnum):
    """The kinds of drift: how the two stores disagree, or what should have happened and has not."""

    #: A case that is not archived has no running workflow: no clock runs for it.
    WORKFLOW_MISSING = "workflow_missing"
    #: A workflow runs and has its case, and the database does not have that case.
    ROW_MISSING = "row_missing"
    #: A report was accepted some time ago and is still not recorded.
    UNRECORDED = "unrecorded"
    #: A workflow runs on for a case that is archived.
    OUTLIVED = "outlived"
    #: The database has fewer facts than the workflow.
    ROW_BEHIND = "row_behind"
    #: The workflow has fewer facts than the database.
    WORKFLOW_BEHIND = "workflow_behind"
    #: Both have the same facts, but different next wake-ups.
    WAKE_UP_DIFFERS = "wake_up_differs"
    #: A due step has not fired.
    STEP_MISSED = "step_missed"
    #: An open case is owned by nobody, or by a unit, department or person that is gone.
    OWNER_GONE = "owner_gone"
    #: The stored facts do not lead to the stored case.
    FACTS_DIFFER = "facts_differ"
    #: A calendar in force changes a deadline of the case, and it has not been recomputed.
    RECOUNT_PENDING = "recount_pending"
    #: A workflow runs and does not answer.
    UNANSWERED = "unanswered"
    #: An effect that a fact set off has waited too long in the outbox, or was refused.
    EFFECT_STUCK = "effect_stuck"
    #: Something waits in the mailbox of a person, and no workflow looks at it.
    MAILBOX_STUCK = "mailbox_stuck"
    #: A message that is still to be sent has no running workflow.
    SEND_LOST = "send_lost"
    #: Nobody knows whether an outside system has the case that was handed over to it.
    HANDOVER_UNKNOWN = "handover_unknown"
    #: An outside system has not answered in its time.
    HANDOVER_LATE = "handover_late"
    #: A hand-over should have been looked at some time ago, and no workflow has.
    HANDOVER_STUCK = "handover_stuck"
    #: No worker runs the steps of cases at all.
    NO_WORKER = "no_worker"


class Finding(Kept):
    """One finding (差异), as text in both languages; `fixable`: the workflow can repair it.

    It is about a case (`case_no`, `report_id`), or about a matter: its kind and code, and its id. `since`: the last
    recorded fact, or the due moment that has passed; the finding can't be older.
    """

    kind: Drift
    case_no: str | None = None
    report_id: UUID | None = None
    matter_kind: str | None = None
    matter_code: str | None = None
    matter_id: UUID | None = None
    since: Instant | None = None
    zh: str
    en: str
    fixable: bool = False


def count_kinds(findings: Iterable[Finding]) -> dict[str, int]:
    """Return the number of findings of each kind, zeros included."""
    found = dict.fromkeys((drift.value for drift in Drift), 0)
    for finding in findings:
        found[finding.kind.value] += 1
    return found


class AuditReport(Kept):
    """What one audit checked and found.

    `cases` are those looked at, `workflows` those running for them, `looked_into` the cases whose workflow was
    queried; `whole`: every case that is not archived was looked at, else a part, of which `slice_end` was the last in
    order (None: the round is over). `matters` are those that have not ended; `unnamed_files` are uploads that nothing
    has named in time, which the next scheduled audit removes. `repaired` findings were corrected on request, `mended`
    ones by the audit itself; `failures` say why others could not be. `unlisted`: how many findings of each kind there
    are besides `findings`. The audit took `seconds`.
    """

    at: Instant
    cases: int
    workflows: int
    looked_into: int
    whole: bool = True
    slice_end: UUID | None = None
    matters: int = 0
    unnamed_files: int = 0
    findings: tuple[Finding, ...] = ()
    unlisted: dict[Drift, int] = Field(default_factory=dict)
    repaired: int = 0
    mended: tuple[Finding, ...] = ()
    failures: tuple[str, ...] = ()
    seconds: float

    @property
    def counts(self) -> dict[str, int]:
        """The number of findings of each kind, zeros included."""
        listed = count_kinds(self.findings)
        return {kind: number + self.unlisted.get(Drift(kind), 0) for kind, number in listed.items()}


class AuditSummary(Kept):
    """An audit as stored: the counts, the first findings, what it mended by itself and what it could not, and, once a
    night, the lint of the organisation. Mended findings are not among the others.
    """

    at: Instant
    seconds: float
    cases: int
    workflows: int
    looked_into: int
    whole: bool = True
    slice_end: UUID | None = None
    counts: dict[str, int]
    findings: tuple[Finding, ...]
    mended: tuple[Finding, ...] = ()
    failures: tuple[str, ...] = ()
    lint: tuple[OrgFinding, ...] | None = None
