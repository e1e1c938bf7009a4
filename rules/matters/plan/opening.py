"""What a duty sets off: a case for each item that failed and each need with a category, a topic for the agenda."""

from collections.abc import Sequence

from models.commands.report import MatterReference, Report
from models.enums import Severity, Source
from models.ids import derived_id
from models.matters.base import MatterFact, MatterKind
from models.matters.effects import BeginMatter, Effect, OpenCase
from models.matters.messages import content_digest
from models.matters.plan import DutyDone, FailedItem, PlanState, PlanWork
from models.matters.topic import SubmitTopic, TopicSource

#: The longest title of a topic made of a need.
_TITLE = 60
#: What the case says of where it comes from.
_FOUND_BY = {
    PlanWork.PRE_SHIFT: "班前检查",
    PlanWork.PATROL: "巡查",
    PlanWork.VISIT: "走访",
    PlanWork.VOLUNTEER_TOUR: "志愿巡访",
}


def effects(before: PlanState | None, fact: MatterFact, after: PlanState) -> Sequence[Effect]:
    """Open the cases of a duty that was done, and submit its topics."""
    if not isinstance(fact.body, DutyDone):
        return ()
    cases = [
        OpenCase(errand=failed.errand, report=_report(failed, fact.body, after, fact), actor=fact.actor)
        for failed in fact.body.failed
    ]
    return [*cases, *(_topic(need, fact.body, after, fact) for need in fact.body.topics)]


def _topic(need: FailedItem, duty: DutyDone, plan: PlanState, fact: MatterFact) -> BeginMatter:
    """A need for the agenda: a topic, for whoever noted it."""
    where = duty.where
    topic = SubmitTopic(
        name=need.text.splitlines()[0][:_TITLE],
        grid=where.grid,
        text=need.text,
        source=TopicSource.VISIT,
        reference=where.enterprise or plan.code,
        attachments=need.photos,
    )
    return BeginMatter(
        matter_kind=MatterKind.TOPIC,
        matter_id=derived_id("duty-topic", duty.duty, need.errand),
        command=topic.model_dump(mode="json"),
        actor=fact.actor,
        errand=need.errand,
    )


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
        category=failed.category or "",
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
