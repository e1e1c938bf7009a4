"""The requests of a case that wait: what was asked, by whom, who decides and until when; and its deadlines in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.enums import OwnerKind, RequestKind, TaskKind
from models.views import AppealView, CaseView, FactView, RequestView, TaskView
from rules.requests import DECIDING
from services.cases.forecast import DueView, Forecast
from services.wording import vocabulary
from web.reader import Visitor

#: The task by which each kind of request is decided or answered.
_TASKS = {
    RequestKind.INFO: TaskKind.SUPPLY_INFO,
    RequestKind.VERIFICATION: TaskKind.VERIFY,
    RequestKind.RETURN: TaskKind.DECIDE_RETURN,
    RequestKind.TRANSFER: TaskKind.DECIDE_TRANSFER,
    RequestKind.EXTENSION: TaskKind.DECIDE_EXTENSION,
    RequestKind.SUSPENSION: TaskKind.DECIDE_SUSPENSION,
    RequestKind.VOID: TaskKind.CONFIRM_VOID,
    RequestKind.REOPEN: TaskKind.DECIDE_REOPEN,
}
#: The tasks that the list of requests shows, so that the list of tasks need not.
REQUEST_TASKS = frozenset(_TASKS.values())


@dataclass(frozen=True)
class RequestLine:
    """A request that waits. `until`: up to when it would reach. `decider`: who decides or answers, by `decide_by`;
    `late`: that moment has passed. `department`: to which a transfer is asked for. `why`: the reason, or the question.
    `told`: what a reader who may not grant it is told about who does; empty where it is not said.
    """

    kind: str
    title: str
    by: str
    at: datetime
    until: datetime | None
    department: str
    decider: str
    decide_by: datetime | None
    late: bool
    why: str
    told: str = ""


def appeal_reason(appeal: AppealView, facts: Sequence[FactView]) -> str:
    """Why a department appealed, as far as the reader may know."""
    bodies = [fact.body for fact in facts if fact.kind == "appealed"]
    made = (body for body in bodies if (body.get("department"), body.get("round")) == (appeal.department, appeal.round))
    return next((str(body.get("reason") or "") for body in made), "")


def _why(kind: RequestKind, facts: Sequence[FactView]) -> str:
    """The reason of the last request of a kind, or what it asks."""
    asked = "void_proposed" if kind is RequestKind.VOID else f"{kind.value}_requested"
    last = next((fact.body for fact in reversed(facts) if fact.kind == asked), {})
    return str(last.get("reason") or last.get("question") or "")


def request_lines(
    case: CaseView, facts: Sequence[FactView], names: Mapping[str, str], visitor: Visitor
) -> tuple[RequestLine, ...]:
    """The requests of the case that wait, in the order of their kinds."""
    deciders = {task.kind: task for task in case.tasks}
    lines = []
    for request in case.requests:
        kind = RequestKind(request.kind)
        task = deciders.get(_TASKS[kind])
        answers = kind in (RequestKind.INFO, RequestKind.VERIFICATION)  # their `until` is when the answer is due
        by = (request.until if answers else request.decide_by) or (task.due_at if task else None)
        lines.append(
            RequestLine(
                kind=request.kind,
                title=vocabulary.label_of(vocabulary.REQUESTS, request.kind, visitor.language),
                by=request.by,
                at=request.at,
                until=None if answers else request.until,
                department=names.get(request.department or "", "") if kind is RequestKind.TRANSFER else "",
                decider=_decider(request, task, visitor),
                decide_by=by,
                late=by is not None and by <= visitor.now,
                why=_why(kind, facts),
                told=_who_grants(request, case, visitor),
            )
        )
    return tuple(lines)


def _decider(request: RequestView, task: TaskView | None, visitor: Visitor) -> str:
    """Who decides: the desk, department or person, with the role that alone grants it."""
    if task is None:
        return ""
    if request.granted_by is None or task.assignee.kind is OwnerKind.PERSON:
        return task.assignee.name
    return f"{task.assignee.name} {vocabulary.label_of(vocabulary.ROLES, request.granted_by, visitor.language)}"


def _who_grants(request: RequestView, case: CaseView, visitor: Visitor) -> str:
    grant, refuse = DECIDING.get(RequestKind(request.kind), ("", ""))
    if request.granted_by is None or grant in case.allowed_commands:
        return ""
    if refuse in case.allowed_commands:
        return visitor.text("该申请须由督查员批准,您只可以不同意。")
    return visitor.text("该申请须由督查员批准。")


def dues_in_order(forecast: Forecast | None) -> tuple[DueView, ...]:
    """The deadlines of the stage and of the whole case, the earlier first: that one holds. One that stands still is
    last."""
    dues = forecast.due if forecast else ()
    running = [(due.due_at, place) for place, due in enumerate(dues) if due.due_at is not None]
    return (*(dues[place] for _, place in sorted(running)), *(due for due in dues if due.due_at is None))
