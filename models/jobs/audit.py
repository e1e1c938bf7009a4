"""对账: what the auditor finds when it compares both stores, and what a run of it came to."""

from enum import StrEnum
from uuid import UUID

from models.base import Frozen, Instant
from models.organisation import OrgFinding


class Drift(StrEnum):
    """How two stores that should agree do not, or what should have happened and has not."""

    #: A case that is not archived has no running workflow: no clock runs for it.
    WORKFLOW_MISSING = "workflow_missing"
    #: A workflow runs and knows its case, and the database has no such case.
    ROW_MISSING = "row_missing"
    #: A report was accepted some time ago and is still not recorded.
    UNRECORDED = "unrecorded"
    #: A workflow runs on for a case that is archived.
    OUTLIVED = "outlived"
    #: The database knows fewer facts than the workflow.
    ROW_BEHIND = "row_behind"
    #: The workflow knows fewer facts than the database.
    WORKFLOW_BEHIND = "workflow_behind"
    #: Both know the same facts, and another next wake-up.
    WAKE_UP_DIFFERS = "wake_up_differs"
    #: A due step has not fired.
    STEP_MISSED = "step_missed"
    #: An open case is owned by nobody, or by a unit, department or person that is gone.
    OWNER_GONE = "owner_gone"
    #: The stored facts are not those that the case adds up.
    FACTS_DIFFER = "facts_differ"
    #: A calendar in force changes a deadline of the case, and it has not been counted anew.
    RECOUNT_PENDING = "recount_pending"
    #: A workflow runs and does not answer.
    UNANSWERED = "unanswered"
    #: Nobody takes the steps of cases at all.
    NO_WORKER = "no_worker"


class Finding(Frozen):
    """差异: one thing that is not as it should be, in both languages; `fixable` through the workflow."""

    kind: Drift
    case_no: str | None = None
    report_id: UUID | None = None
    zh: str
    en: str
    fixable: bool = False


class AuditReport(Frozen):
    """What one audit has looked at and found.

    `cases` are those not archived, `workflows` those running, `looked_into` the cases whose workflow was asked what it
    knows. `repaired` of the findings were put right, `failures` say why others could not be. It took `seconds`.
    """

    at: Instant
    cases: int
    workflows: int
    looked_into: int
    findings: tuple[Finding, ...] = ()
    repaired: int = 0
    failures: tuple[str, ...] = ()
    seconds: float

    @property
    def counts(self) -> dict[str, int]:
        """How many findings of each kind, those of which there are none included."""
        found = dict.fromkeys((drift.value for drift in Drift), 0)
        for finding in self.findings:
            found[finding.kind.value] += 1
        return found


class AuditSummary(Frozen):
    """An audit as it is kept: the counts, the first findings, and, once a night, the lint of the organisation."""

    at: Instant
    seconds: float
    cases: int
    workflows: int
    looked_into: int
    counts: dict[str, int]
    findings: tuple[Finding, ...]
    lint: tuple[OrgFinding, ...] | None = None
