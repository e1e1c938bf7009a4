"""Open tasks: who owes what on a case right now. Derived from the case, stored only to be listed."""

from datetime import datetime

from models.base import Frozen
from models.case import Case, Owner
from models.enums import OwnerKind, Stage, TaskKind


class Task(Frozen):
    """One open task. `key` tells two tasks of one kind on one case apart."""

    key: str
    kind: TaskKind
    assignee: Owner
    due_at: datetime | None = None


def open_tasks(case: Case) -> tuple[Task, ...]:
    """Every open task of the case; an open case always has at least one."""
    return (*_stage_tasks(case), *_decisions(case), *_answers(case))


def _stage_tasks(case: Case) -> list[Task]:
    owner, due = case.owner, case.clock.due_at if case.clock else None
    if owner is None:
        return []
    match case.stage:
        case Stage.RECEIVE:
            return [_task(TaskKind.ACCEPT, owner, due)]
        case Stage.DISPATCH:
            return [_task(TaskKind.DISPATCH, owner, due)]
        case Stage.HANDLE:
            assert case.host is not None
            host = _person(case.claimed_by) if case.claimed_by else _department(case.host)
            helpers = [c.department for c in case.co_handlers if c.reported_at is None]
            return [
                _task(TaskKind.HANDLE, host, due),
                *(_task(TaskKind.CO_HANDLE, _department(d), due, d) for d in helpers),
            ]
        case Stage.REVIEW:
            return [_task(TaskKind.REVIEW, owner, due)]
        case Stage.CLOSED:
            return []


def _decisions(case: Case) -> list[Task]:
    desk = case.desk
    tasks = []
    if case.return_request:
        tasks.append(_task(TaskKind.DECIDE_RETURN, desk))
    if case.extension_request:
        tasks.append(_task(TaskKind.DECIDE_EXTENSION, desk))
    if case.suspension_request:
        tasks.append(_task(TaskKind.DECIDE_SUSPENSION, desk))
    if case.reopen_request:
        tasks.append(_task(TaskKind.DECIDE_REOPEN, desk, case.remind_at))
    if case.appeal:
        tasks.append(_task(TaskKind.DECIDE_APPEAL, desk, case.remind_at))
    if case.void_proposed_by and case.is_open:
        tasks.append(_task(TaskKind.CONFIRM_VOID, desk))
    return tasks


def _answers(case: Case) -> list[Task]:
    tasks = []
    if case.info_request:
        tasks.append(_task(TaskKind.SUPPLY_INFO, _person(case.reported_by), case.info_request.until))
    if case.is_open and case.owner is not None:
        if _climbed(case):
            tasks.append(_task(TaskKind.OVERSEE, case.owner, case.clock.due_at if case.clock else None))
        waiting = [u for u in case.urges if u.answered_at is None]
        tasks += [_task(TaskKind.ANSWER_URGE, case.owner, u.reply_by, str(u.number)) for u in waiting]
        called = [s for s in case.summons if s.responded_at is None]
        tasks += [_task(TaskKind.RESPOND, _department(s.department), s.meet_at, s.department) for s in called]
    return tasks


def _climbed(case: Case) -> bool:
    """Whether the case has climbed to a unit while a department handles it, and nobody there has taken note."""
    at_unit = case.owner is not None and case.owner.kind is OwnerKind.UNIT
    return case.stage is Stage.HANDLE and at_unit and case.acknowledged_by is None


def _task(kind: TaskKind, assignee: Owner, due_at: datetime | None = None, what: str = "") -> Task:
    return Task(key=f"{kind}:{what}" if what else kind, kind=kind, assignee=assignee, due_at=due_at)


def _person(person: object) -> Owner:
    return Owner(kind=OwnerKind.PERSON, id=str(person))


def _department(department: str) -> Owner:
    return Owner(kind=OwnerKind.DEPARTMENT, id=department)
