"""What one case sends to another."""

from uuid import UUID

from models.case import Case, Errand
from models.commands import Report
from models.enums import Source


def as_report(case: Case, errand: Errand, report_id: UUID) -> Report:
    """The report by which a split-off part becomes a case of its own, with the same reporter behind it."""
    part = errand.part
    assert part is not None
    return Report(
        report_id=report_id,
        category=part.category,
        title=part.title,
        description=part.description,
        grid=part.grid or case.grid,
        occurred_at=case.occurred_at,
        reported_at=case.reported_at,
        severity=case.severity,
        source=Source.SPLIT,
        reporter_ref=case.reporter_ref,
        split_from=case.case_no,
        content_hash=f"split:{report_id}",
    )
