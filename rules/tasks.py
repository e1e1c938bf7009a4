"""Open tasks: who has to do what on a case now. Derived from the case, stored only to be listed."""

from datetime import datetime

from models.base import Frozen
from models.case import AppealRecord, Case, Owner
from models.enums import OwnerKind, RequestKind, Role, Stage, TaskKind
from rules.requests import pending_requests, takes_supervisor

#: The tasks that a desk has besides those of the stage: what it decides, does again, or still asks.
DECISIONS = (
    TaskKind.DECIDE_RETURN, TaskKind.DECIDE_EXTENSION, TaskKind.DECIDE_SUSPENSION, TaskKind.CONFIRM_VOID,
    TaskKind.DECIDE_REOPEN, TaskKind.DECIDE_APPEAL, TaskKind.SPLIT_AGAIN, TaskKind.ANSWER_QUESTIONS,
)  # fmt: skip


#: The stages in which the desk still asks for the answers that are missing: afterwards nobody acts on them.
_ANSWERED_IN = frozenset({Stage.RECEIVE, Stage.DISPATCH, Stage.HANDLE})

#: The tasks by which requests are decided at a desk, by the kind of the request.
_DECIDED_AT_DESK = {
    RequestKind.RETURN: TaskKind.DECIDE_RETURN,
    RequestKind.EXTENSION: TaskKind.DECIDE_EXTENSION,
    RequestKind.SUSPENSION: TaskKind.DECIDE_SUSPENSION,
    RequestKind.VOID: TaskKind.CONFIRM_VOID,
    RequestKind.REOPEN: TaskKind.DECIDE_REOPEN,
    RequestKind.APPEAL: TaskKind.DECIDE_APPEAL,
}


class Task(Frozen):
    """One open task. `key` distinguishes two tasks of one kind on one case.

    `role`: the only role of the assigned unit that can do it; None: whichever usually does tasks of the kind.
    """

    key: str
    kind: TaskKind
    assignee: Owner
    due_at: datetime | None = None
    role: Role | None = None


def open_tasks(case: Case) -> tuple[Task, ...]:
    """Every open task of the case; an open case always has at least one."""
    return (*_stage_tasks(case), *decision_tasks(case), *_answer_tasks(case))


def _stage_tasks(case: Case) -> list[Task]:
    owner, due = case.owner, case.due_at
    if owner is None:
        return []
    match case.stage:
        case Stage.RECEIVE:
            return [_task(TaskKind.ACCEPT, owner, due)]
        case Stage.DISPATCH:
            return [_task(TaskKind.DISPATCH, owner, due)]
        case Stage.HANDLE:
            helpers = [c.department for c in case.co_handlers if c.reported_at is None]
            return [
                _task(TaskKind.HANDLE, _handler(case), due),
                *(_task(TaskKind.CO_HANDLE, _department(d), due, d) for d in helpers),
            ]
        case Stage.REVIEW:
            return [_task(TaskKind.REVIEW, owner, due)]
        case Stage.CLOSED:
            return []


def decision_tasks(case: Case) -> list[Task]:
    """The tasks to decide a pending request, each with its own deadline: for the desk, the department asked, or
    whoever decides what takes a supervisor."""
    desk = case.desk
    tasks = [
        decision_task(case, kind, request.decider, request.decide_by or _closing_reminder(case))
        for kind, request in pending_requests(case).items()
        if kind in _DECIDED_AT_DESK and (case.is_open or kind is not RequestKind.VOID)
    ]
    if case.transfer_request is not None and case.transfer_request.department is not None:
        asked = _department(case.transfer_request.department)
        tasks.append(_task(TaskKind.DECIDE_TRANSFER, asked, case.transfer_request.decide_by))
    tasks += [
        decision_task(case, RequestKind.APPEAL, appeal.decider, _closing_reminder(case), what=_appeal_key(appeal, case))
        for appeal in case.pending_appeals
    ]
    if case.unanswered and case.stage in _ANSWERED_IN:
        tasks.append(_task(TaskKind.ANSWER_QUESTIONS, desk, case.due_at))
    if any(errand.refused is not None for errand in case.errands):
        tasks.append(_task(TaskKind.SPLIT_AGAIN, desk))
    return tasks


def decision_task(
    case: Case, kind: RequestKind, decider: Owner | None, due_at: datetime | None = None, *, what: str = ""
) -> Task:
    """The task to decide a request of that kind. `decider`: who decides what takes a supervisor; None: the desk.

    What a desk without anybody left to the fallback owner, they decide all of.
    """
    above = takes_supervisor(case, kind)
    assignee = case.desk
    if above and decider is not None and case.desk.kind is not OwnerKind.PERSON:
        assignee = decider
    task = _task(_DECIDED_AT_DESK[kind], assignee, due_at, what)
    return task.model_copy(update={"role": Role.SUPERVISOR}) if above else task


def _closing_reminder(case: Case) -> datetime | None:
    return None if case.is_open else case.remind_at


def _appeal_key(appeal: AppealRecord, case: Case) -> str:
    """The key suffix that distinguishes several pending appeals; empty when there is only one."""
    return "" if len(case.pending_appeals) == 1 else f"{appeal.department}:{appeal.round}"


def _answer_tasks(case: Case) -> list[Task]:
    tasks = []
    if case.info_request:
        tasks.append(_task(TaskKind.SUPPLY_INFO, _person(case.reported_by), case.info_request.until))
    if case.verification_request is not None and case.verification_request.asked is not None:
        asked = case.verification_request
        tasks.append(_task(TaskKind.VERIFY, asked.asked or case.desk, asked.until))
    if case.is_open and case.owner is not None:
        if _is_unnoted_escalation(case):
            tasks.append(_task(TaskKind.OVERSEE, case.owner, case.due_at))
        owed_by = _urge_answerer(case)
        tasks += [_task(TaskKind.ANSWER_URGE, owed_by, u.reply_by, str(u.number)) for u in case.urges if u.is_open]
        called = [s for s in case.summons if s.responded_at is None and s.missed_at is None]
        tasks += [_task(TaskKind.RESPOND, _department(s.department), s.meet_at, s.department) for s in called]
    return tasks


def _handler(case: Case) -> Owner:
    """Who handles the case: its claimant, else the host department."""
    assert case.host is not None
    return _person(case.claimed_by) if case.claimed_by else _department(case.host)


def _urge_answerer(case: Case) -> Owner:
    """Who must answer an urge order: whoever handles the case, also while the result is reviewed; before dispatch its
    owner."""
    assert case.owner is not None
    return _handler(case) if case.host is not None else case.owner


def _is_unnoted_escalation(case: Case) -> bool:
    """Whether the case was escalated to a unit while a department handles it, and nobody there has acknowledged it."""
    owner = case.owner
    at_unit = owner is not None and owner.kind is OwnerKind.UNIT
    noted = case.acknowledged_by is not None or case.noted_for == owner
    return case.stage is Stage.HANDLE and at_unit and not noted


def _task(kind: TaskKind, assignee: Owner, due_at: datetime | None = None, what: str = "") -> Task:
    return Task(key=f"{kind}:{what}" if what else kind, kind=kind, assignee=assignee, due_at=due_at)


def _person(person: object) -> Owner:
    return Owner(kind=OwnerKind.PERSON, id=str(person))


def _department(department: str) -> Owner:
    return Owner(kind=OwnerKind.DEPARTMENT, id=department)
