"""Errands: what a case has to do in other cases, and the messages and reports that carry it out."""

from uuid import UUID

from models.answers import QuestionAnswer
from models.case import Case, Errand
from models.commands import Report
from models.enums import Source
from models.messages import Telling
from models.policy.questions import QuestionKind, Reading


def waiting_errands(case: Case) -> tuple[Errand, ...]:
    """The errands that can be carried out now: only the oldest for each other case, so that messages arrive in order.

    One that was refused for good waits for a desk.
    """
    found: list[Errand] = []
    busy: set[object] = set()
    for errand in (errand for errand in case.errands if errand.refused is None):
        other = errand.lead or errand.left or errand.member
        if other is None or other not in busy:
            found.append(errand)
        busy.add(other)
    return tuple(found)


def errand_message(case: Case, errand: Errand, id_: UUID) -> Telling:
    """The message that carries the errand to the other case."""
    return Telling(
        id=id_,
        lead=errand.lead or errand.left,
        from_case=case.case_no,
        left=errand.left is not None,
        member=errand.member,
        reason=errand.reason,
    )


def part_report(case: Case, errand: Errand, report_id: UUID) -> Report:
    """The report that opens a case for a split-off part, with the same reporter, about the same enterprise."""
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
        severity=part.severity,
        source=Source.SPLIT,
        reporter_ref=case.reporter_ref,
        carried=_sealed_answers(case) if part.category == case.category else (),
        split_from=case.case_no,
        enterprise=case.enterprise,
        answers=_same_answers(case) if part.category == case.category else None,
        content_hash=f"split:{report_id}",
    )


def _same_answers(case: Case) -> dict[str, tuple[str, ...]] | None:
    """The answers of the case for a part of the same category, but personal ones; photos stay with the case."""
    kept = (a for a in case.answers if a.kind is not QuestionKind.PHOTO and a.reading is not Reading.PERSONAL)
    said = {answer.question: answer.values for answer in kept}
    return said or None


def _sealed_answers(case: Case) -> tuple[QuestionAnswer, ...]:
    """The personal answers of the case for a part of the same category, as they are kept: the part has the reporter's
    record, and so the key, in common with the case. Photos stay with the case."""
    return tuple(answer for answer in case.answers if answer.sealed and answer.kind is not QuestionKind.PHOTO)
