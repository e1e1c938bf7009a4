"""Which act of a case is due of somebody who is told of it: what a link in a message opens."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from models.case import Case
from models.context import Person
from models.enums import OwnerKind, Role, TaskKind
from rules.life_cycle import Who
from rules.scope import allowed_commands, standing
from rules.tasks import Task, open_tasks

#: The commands by which each task is dealt with; the first one that somebody may give now is the act that is due.
ACTS: Mapping[TaskKind, tuple[str, ...]] = {
    TaskKind.ACCEPT: ("accept", "reject"),
    TaskKind.SUPPLY_INFO: ("supply_info",),
    TaskKind.VERIFY: ("report_verification",),
    TaskKind.DISPATCH: ("dispatch",),
    TaskKind.RESPOND: ("respond",),
    TaskKind.HANDLE: ("claim", "complete"),
    TaskKind.CO_HANDLE: ("report_progress",),
    TaskKind.REVIEW: ("pass_review", "fail_review"),
    TaskKind.OVERSEE: ("acknowledge",),
    TaskKind.ANSWER_URGE: ("answer_urge",),
    TaskKind.CONFIRM_VOID: ("void", "refuse_void"),
    TaskKind.DECIDE_RETURN: ("grant_return", "refuse_return"),
    TaskKind.DECIDE_TRANSFER: ("grant_transfer", "refuse_transfer"),
    TaskKind.DECIDE_EXTENSION: ("grant_extension", "refuse_extension"),
    TaskKind.DECIDE_SUSPENSION: ("grant_suspension", "refuse_suspension"),
    TaskKind.DECIDE_REOPEN: ("grant_reopen", "refuse_reopen"),
    TaskKind.DECIDE_APPEAL: ("decide_appeal",),
    TaskKind.SPLIT_AGAIN: ("split",),
    TaskKind.ANSWER_QUESTIONS: ("answer_questions",),
}
#: The acts that are alternatives, by either of them: whoever refuses has dealt with the task as well.
_EITHER: Mapping[str, tuple[str, ...]] = {
    name: names for names in ACTS.values() for name in names if names != ACTS[TaskKind.HANDLE]
}


def due_act(case: Case, person: Person, day: date, task: str | None = None) -> str | None:
    """Return the command that is due of `person` on the case; None when nothing is.

    `task`: the key of the task that they are told of; None: they are told of a step of a ladder, and what is due is the
    first task that is theirs. A case that somebody else has claimed is theirs to know of, not to complete.
    """
    allowed = frozenset(allowed_commands(person, case, day))
    for one in open_tasks(case):
        if (task is not None and one.key != task) or not _is_theirs(one, person, case, day):
            continue
        found = next((name for name in ACTS[one.kind] if name in allowed), None)
        if found is not None:
            return found
    return None


def dealt_with_by(act: str) -> tuple[str, ...]:
    """The commands by which the task of an act is dealt with."""
    return _EITHER.get(act, (act,))


def _is_theirs(task: Task, person: Person, case: Case, day: date) -> bool:
    if task.role is Role.SUPERVISOR and Who.SUPERVISOR not in standing(person, case, day):
        return False
    return task.assignee.kind is not OwnerKind.PERSON or person.acts_for(UUID(task.assignee.id), day)
