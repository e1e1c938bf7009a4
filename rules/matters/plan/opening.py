"""The cases that a duty opens: one for each item that failed, and for each need that was given a category."""

from collections.abc import Sequence

from models.commands.report import MatterReference, Report
from models.enums import Severity, Source
from models.ids import derived_id
from models.matters.base import MatterFact, MatterKind
from models.matters.effects import Effect, OpenCase
from models.matters.messages import content_digest
from models.matters.plan import DutyDone, FailedItem, PlanState, PlanWork

#: What the case says of where it comes from.
_FOUND_BY = {
    PlanWork.PRE_SHIFT: "班前检查",
    PlanWork.PATROL: "巡查",
    PlanWork.VISIT: "走访",
    PlanWork.VOLUNTEER_TOUR: "志愿巡访",
}


def effects(before: PlanState | None, fact: MatterFact, after: PlanState) -> Sequence[Effect]:
    """Open the cases of a duty that was done."""
    if not isinstance(fact.body, DutyDone):
        return ()
    return [
        OpenCase(errand=failed.errand, report=_report(failed, fact.body, after, fact), actor=fact.actor)
        for failed in fact.body.failed
    ]


def _report(failed: FailedItem, duty: DutyDone, plan: PlanState, fact: MatterFact) -> Report:
    """The report of one item. Its id follows from duty and item, so that it opens one case however often it is sent."""
    place = duty.where.name
    found = f"{_FOUND_BY[plan.terms.work]}{'不合格' if failed.item else '诉求'}: {failed.text}"
    lines = [found, *([failed.note] if failed.note else [])]
    lines.append(f"来源: 计划 {plan.code} {plan.name}, {duty.day}{' ' + duty.shift if duty.shift else ''}")
    if place:
        lines.append(f"位置: {place}")
    if duty.where.enterprise:
        lines.append(f"企业: {duty.where.enterprise}")
    content = {"duty": str(duty.duty), "errand": failed.errand, "lines": lines, "photos": list(failed.photos)}
    return Report(
        report_id=derived_id("duty-case", duty.duty, failed.errand),
        category=failed.category,
        title=f"{found} · {place}"[:120] if place else found[:120],
        description="\n".join(lines),
        grid=duty.where.grid,
        location=duty.location,
        occurred_at=duty.done_at,
        reported_at=fact.at,
        severity=Severity(failed.severity) if failed.severity else None,
        source=Source.GRID_WORKER,
        attachments=failed.photos,
        enterprise=failed.enterprise,
        matter=MatterReference(kind=MatterKind.PLAN, code=plan.code, name=plan.name),
        content_hash=content_digest(content),
    )
