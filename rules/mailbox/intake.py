"""What the facts of a case and of a matter give people to hear of: the steps that reach them, and new tasks."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from models.case import Case
from models.enums import EscalationMode, OwnerKind, Role, Severity, TaskKind
from models.facts import Fact, Reached, ReporterUnmasked, StepFired, SummonsMissed
from models.mailbox import Entry, ItemDetail, ReceiverKind
from models.matters.base import Matter, MatterFact, MatterKind
from models.policy.notifications import Ground
from rules.tasks import Task, open_tasks

#: A deadline of the law is told at once from this long before it on (our choice).
CEILING_NEAR = timedelta(hours=24)
#: The kinds of matters whose facts are told at once.
EMERGENCY_KINDS = (MatterKind.EMERGENCY, MatterKind.STATION)
#: Tasks that the step which gave them tells of already.
_TOLD_BY_STEPS = (TaskKind.OVERSEE,)
#: Who does a task that is given to a unit, where the task itself does not say; the duty desk where nothing does.
_ROLES = {TaskKind.REVIEW: Role.REVIEWER, TaskKind.VERIFY: Role.GRID_WORKER}


def stands(case: Case) -> str:
    """How the case stands for those who were told of a step: when this differs, somebody has taken it up.

    `infra/store/mail/standing.py` says the same in SQL.
    """
    taken = (case.stage, case.round, case.host, case.claimed_by, case.acknowledged_by)
    return ":".join("" if part is None else str(part) for part in taken)


def case_entries(before: Case | None, facts: Sequence[Fact], after: Case) -> tuple[Entry, ...]:
    """Return what `facts` give people to hear of; `after` is the case after all of them."""
    return (*_steps(facts, after), *_tasks(before, facts[-1], after))


def _steps(facts: Iterable[Fact], after: Case) -> Iterator[Entry]:
    for fact in facts:
        match fact.body:
            case StepFired() | SummonsMissed() as body:
                for receiver, mode in _receivers(body.reached):
                    detail = _detail(after, body.kind, mode, stands=stands(after))
                    yield _entry(after, fact, *receiver, detail)
            case ReporterUnmasked() as unmasked:
                detail = _detail(after, unmasked.kind, EscalationMode.INFORM)
                yield _entry(after, fact, ReceiverKind.ABOVE, after.grid, Role.AUDITOR, detail)


def _tasks(before: Case | None, fact: Fact, after: Case) -> Iterator[Entry]:
    """Yield the tasks that somebody did not have before; the fact that gave them is the last of its step."""
    held = {} if before is None else {task.key: task.assignee for task in open_tasks(before)}
    reviewer_before = None if before is None else before.reviewer
    for task in open_tasks(after):
        if task.kind in _TOLD_BY_STEPS:
            continue
        assignee = task.assignee
        assigned = task.kind is TaskKind.REVIEW and after.reviewer is not None
        if held.get(task.key) == assignee and not (assigned and reviewer_before != after.reviewer):
            continue
        detail = _detail(after, task.kind, EscalationMode.ACT, task=task.key, assignee=f"{assignee.kind}:{assignee.id}")
        if task.due_at is not None:
            detail = detail.model_copy(update={"due_at": task.due_at})
        if assigned:
            yield _entry(after, fact, ReceiverKind.PERSON, str(after.reviewer), None, detail)
        else:
            yield _entry(after, fact, *_holder(task), detail)


def _holder(task: Task) -> tuple[ReceiverKind, str, Role | None]:
    owner = task.assignee
    match owner.kind:
        case OwnerKind.PERSON:
            return ReceiverKind.PERSON, owner.id, None
        case OwnerKind.DEPARTMENT:
            return ReceiverKind.DEPARTMENT, owner.id, None
        case OwnerKind.UNIT:
            return ReceiverKind.UNIT, owner.id, task.role or _ROLES.get(task.kind, Role.DUTY_OFFICER)


def _receivers(everybody: Iterable[Reached]) -> Iterator[tuple[tuple[ReceiverKind, str, None], EscalationMode]]:
    """Yield each receiver of a step: people, else the department."""
    for reached in everybody:
        for person in reached.people:
            yield (ReceiverKind.PERSON, str(person), None), reached.mode
        if not reached.people and reached.department is not None:
            yield (ReceiverKind.DEPARTMENT, reached.department, None), reached.mode


def _detail(case: Case, what: str, mode: EscalationMode, **more: Any) -> ItemDetail:
    return ItemDetail(
        number=case.case_no, what=what, mode=mode, severity=case.severity, level=int(case.level),
        category=case.category, due_at=case.due_at, **more,
    )  # fmt: skip


def _entry(case: Case, fact: Fact, kind: ReceiverKind, receiver: str, role: Role | None, detail: ItemDetail) -> Entry:
    return Entry(
        receiver_kind=kind,
        receiver=receiver,
        role=role,
        origin_kind="case",
        origin_id=case.report_id,
        seq=fact.seq,
        at=fact.at,
        ground=_ground(case, fact),
        place=case.grid_path[1] if len(case.grid_path) > 1 else case.grid,
        path=case.grid_path,
        actor=fact.actor.person,
        detail=detail,
    )


def _ground(case: Case, fact: Fact) -> Ground | None:
    if isinstance(fact.body, ReporterUnmasked):
        return None
    if case.severity is Severity.MAJOR:
        return Ground.MAJOR_HAZARD
    clocks = [clock for clock in (case.clock, case.whole) if clock is not None and clock.ended_at is None]
    ceilings = [clock.plan.ceiling_at for clock in clocks if clock.plan is not None and clock.plan.ceiling_at]
    near = any(ceiling <= fact.at + CEILING_NEAR for ceiling in ceilings)
    return Ground.STATUTORY_CEILING if near else None


def matter_entries(kind: MatterKind, facts: Sequence[MatterFact], after: Matter) -> tuple[Entry, ...]:
    """Return what facts of a matter give people to hear of: those that reached somebody."""
    ground = Ground.EMERGENCY if kind in EMERGENCY_KINDS else None
    entries = []
    for fact in facts:
        reached: tuple[Reached, ...] = getattr(fact.body, "reached", ())
        for (receiver_kind, receiver, _), mode in _receivers(reached):
            detail = ItemDetail(number=after.code, what=fact.body.kind, mode=mode, due_at=after.due_at)
            entries.append(
                Entry(
                    receiver_kind=receiver_kind,
                    receiver=receiver,
                    origin_kind=kind,
                    origin_id=after.id,
                    seq=fact.seq,
                    at=fact.at,
                    ground=ground,
                    place=after.grid_path[1] if len(after.grid_path) > 1 else "",
                    path=after.grid_path,
                    actor=fact.actor.person,
                    detail=detail,
                )
            )
    return tuple(entries)
