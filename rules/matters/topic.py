"""The rules of topics (议题): collected, audited, and then a case, an item of the claim board, or one of a meeting."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models.commands.report import MatterReference, Report
from models.errors import InputError, MatterNotNow
from models.facts import Actor
from models.ids import derived_id
from models.matters.base import MatterBody, MatterCommand, MatterFact, MatterKind
from models.matters.claim import PostItem
from models.matters.common import OpeningSettled
from models.matters.context import MatterContext
from models.matters.effects import BeginMatter, Effect, OpenCase
from models.matters.topic import (
    BODIES,
    COMMANDS,
    AuditTopic,
    SettleTopic,
    SubmitTopic,
    Topic,
    TopicAudited,
    TopicDecision,
    TopicOverdue,
    TopicSettled,
    TopicSubmitted,
    TopicWithdrawn,
    WithdrawTopic,
)
from rules.matters.climb import end_climb, rungs_after, start_climb
from rules.matters.days import after
from rules.matters.given import check_category
from rules.matters.kind import DESK, MatterRules, Part

#: What the ladder is about.
AUDIT = "audit"
#: The errand under which the case or item of the board is asked for.
OUTCOME = "outcome"
_STAFF = frozenset({Part.OWNER, Part.GRID_WORKER, Part.VOLUNTEER, Part.REVIEWER, Part.STAFF}) | DESK
_STATUS_AFTER = {
    TopicDecision.CASE: "case",
    TopicDecision.CLAIM: "claim",
    TopicDecision.AGENDA: "agenda",
    TopicDecision.REJECT: "rejected",
}


def decide(before: Topic | None, command: MatterCommand, ctx: MatterContext) -> Sequence[MatterBody]:
    """The facts of a command. Raises the DomainError that refuses it, pointing at the field."""
    if before is None:
        assert isinstance(command, SubmitTopic)
        return [_submit(command, ctx)]
    match command:
        case SettleTopic(meeting=meeting, decision=decision):
            return [TopicSettled(meeting=meeting, decision=decision)] if before.status == "agenda" else []
        case AuditTopic():
            return [_audit(before, command, ctx)]
        case WithdrawTopic(reason=reason):
            if before.status != "waiting":
                raise MatterNotNow(command=command.kind, why_zh="已审核", why_en="it has been audited")
            return [TopicWithdrawn(reason=reason)]
    raise AssertionError(f"no such command of a topic: {command.kind}")


def _submit(command: SubmitTopic, ctx: MatterContext) -> TopicSubmitted:
    if command.department is not None and ctx.department(command.department) is None:
        raise InputError(why_zh="没有该部门", why_en="there is no such department", pointer="/department")
    assert ctx.number is not None
    return TopicSubmitted(
        id=ctx.id,
        code=ctx.number,
        name=command.name,
        grid=command.grid,
        grid_path=ctx.grid_path,
        text=command.text,
        source=command.source,
        reference=command.reference,
        department=command.department,
        attachments=command.attachments,
        due_at=after(ctx.policy.park.agenda.audit_within, ctx.now, ctx),
    )


def _audit(before: Topic, command: AuditTopic, ctx: MatterContext) -> TopicAudited:
    if before.status not in ("waiting", "agenda"):
        raise MatterNotNow(command=command.kind, why_zh="已审核", why_en="it has been audited")
    if command.decision is TopicDecision.REJECT and not command.note:
        raise InputError(why_zh="不采纳须说明理由", why_en="a rejection needs its reason", pointer="/note")
    if (command.decision is TopicDecision.CASE) != (command.category is not None):
        raise InputError(
            why_zh="转为案件须选定小类,其他情形不填",
            why_en="a case needs its category, and nothing else has one",
            pointer="/category",
        )
    if command.category is not None:
        check_category(ctx, command.category, "/category")
    if command.decision is TopicDecision.CLAIM and (command.due_on is None or command.due_on < ctx.today):
        raise InputError(
            why_zh="揭榜事项须有不早于今天的期限",
            why_en="an item of the claim board needs a day that has not passed",
            pointer="/due_on",
        )
    return TopicAudited(
        decision=command.decision,
        note=command.note,
        category=command.category,
        due_on=command.due_on,
        outcome_id=derived_id(before.id, OUTCOME, before.seq),
        late=before.overdue_at is not None,
    )


def due(matter: Topic, moment: datetime, ctx: MatterContext) -> Sequence[MatterBody]:
    """The audit fell due."""
    assert matter.due_at is not None
    return [TopicOverdue(due_at=matter.due_at, rungs=rungs_after(matter.due_at, ctx))]


def next_wake_up(matter: Topic) -> datetime | None:
    """When the audit falls due."""
    return matter.due_at if matter.status == "waiting" and matter.overdue_at is None else None


def evolve(before: Topic | None, fact: MatterFact) -> Topic:
    """The topic after the fact."""
    body = fact.body
    if isinstance(body, TopicSubmitted):
        return Topic(
            **body.model_dump(exclude={"kind", "attachments"}),
            seq=fact.seq,
            status="waiting",
            created_at=fact.at,
            created_by=fact.actor.person,
            people=() if fact.actor.person is None else (fact.actor.person,),
            updated_at=fact.at,
        )
    assert before is not None
    return before.model_copy(update=_changes(before, body, fact.at))


def _changes(before: Topic, body: MatterBody, at: datetime) -> dict[str, Any]:
    match body:
        case TopicAudited(decision=decision, note=note):
            ends = decision is not TopicDecision.AGENDA
            waits = decision in (TopicDecision.CASE, TopicDecision.CLAIM)
            return {
                "status": _STATUS_AFTER[decision],
                "decision_note": note,
                "due_at": None,
                "overdue_at": None,
                "climbs": end_climb(before.climbs, AUDIT),
                "ended_at": at if ends else None,
                "opening": (OUTCOME,) if waits else (),
            }
        case TopicWithdrawn(reason=reason):
            return {**_ended("withdrawn", at), "decision_note": reason}
        case TopicSettled(meeting=meeting, decision=decision):
            return {**_ended("settled", at), "meeting": meeting, "decision_note": decision}
        case TopicOverdue(due_at=due_at, rungs=rungs):
            return {"overdue_at": due_at, "climbs": start_climb(before.climbs, AUDIT, due_at, rungs)}
        case OpeningSettled(refused=str()):  # it waits for its audit again, and is late at once: the ladder tells whom
            return {"status": "waiting", "ended_at": None, "due_at": at}
        case OpeningSettled(case_no=number, matter_code=code):
            return {"outcome": number or code}
    return {}


def _ended(status: str, at: datetime) -> dict[str, Any]:
    return {"status": status, "ended_at": at, "due_at": None, "overdue_at": None, "climbs": ()}


def effects(before: Topic | None, fact: MatterFact, after_: Topic) -> Sequence[Effect]:
    """The case, or the item of the claim board, that the topic becomes."""
    body = fact.body
    if not isinstance(body, TopicAudited) or body.outcome_id is None:
        return []
    actor = Actor(person=fact.actor.person)
    if body.decision is TopicDecision.CASE and body.category is not None:
        report = Report(
            report_id=body.outcome_id,
            category=body.category,
            title=after_.name,
            description=after_.text,
            grid=after_.grid,
            occurred_at=after_.created_at,
            reported_at=fact.at,
            matter=MatterReference(kind=MatterKind.TOPIC, code=after_.code, name=after_.name),
            content_hash=f"topic:{body.outcome_id}",
        )
        return [OpenCase(errand=OUTCOME, report=report, actor=actor)]
    if body.decision is TopicDecision.CLAIM and body.due_on is not None:
        post = PostItem(
            name=after_.name, grid=after_.grid, text=after_.text, due_on=body.due_on, topic=after_.code
        ).model_dump(mode="json")
        return [
            BeginMatter(
                matter_kind=MatterKind.CLAIM, matter_id=body.outcome_id, command=post, actor=actor, errand=OUTCOME
            )
        ]
    return []


def fits(matter: Topic, command: str) -> bool:
    """Whether the command makes sense now."""
    return matter.status in ("waiting", "agenda") if command == "audit" else matter.status == "waiting"


RULES = MatterRules(
    kind=MatterKind.TOPIC,
    name_zh="议题",
    name_en="topic",
    state=Topic,
    commands=COMMANDS,
    bodies=BODIES,
    creates="submit",
    who={"submit": _STAFF, "audit": DESK, "withdraw": frozenset({Part.AUTHOR})},
    decide=decide,
    evolve=evolve,
    due=due,
    next_wake_up=next_wake_up,
    effects=effects,
    fits=fits,
    number_prefix="T",
)
