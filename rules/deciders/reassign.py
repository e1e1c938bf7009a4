"""Deciders that change who handles a case (改派): another host, back to dispatch, other co-handlers.

The desk or the unit that owns the case gives these commands, so that neither a wrong dispatch nor an absent claimant
nor a silent co-handler blocks a case for good.
"""

from collections.abc import Sequence

from models.case import Case
from models.commands import AddCoHandler, Recall, Redispatch, ReleaseCoHandler
from models.context import Context
from models.enums import Stage
from models.errors import CoHandlerHasReported, HostAmongCoHandlers, NotACoHandler, NothingToChange
from models.facts import Body, CoHandlerReleased, CoHandlersAdded, Recalled, Redispatched
from rules.deciders.common import Decider, department_owner, due_for, require_department
from rules.deciders.dispatch import require_hosts


def redispatch(case: Case, cmd: Redispatch, ctx: Context) -> Sequence[Body]:
    """Change the host; the clock runs on. Co-handlers stay unless others are named, and the new host is none of them.

    A co-handler that has reported must stay: its part is on record.

    Raises UnknownDepartment, HostAmongCoHandlers, CoHandlerHasReported or NothingToChange.
    """
    assert case.host is not None
    if cmd.host == case.host:
        raise NothingToChange(pointer="/host")
    require_hosts(ctx, cmd.host, cmd.co_handlers or ())
    helpers = [c.department for c in case.co_handlers] if cmd.co_handlers is None else list(cmd.co_handlers)
    if cmd.host in helpers:
        raise HostAmongCoHandlers(pointer="/host")
    dropped = [c.department for c in case.co_handlers if c.reported_at is not None and c.department not in helpers]
    if dropped:
        raise CoHandlerHasReported(department=dropped[0], pointer="/co_handlers")
    return [
        Redispatched(
            from_host=case.host,
            host=cmd.host,
            co_handlers=tuple(dict.fromkeys(helpers)),
            reason=cmd.reason,
            owner=department_owner(cmd.host),
        )
    ]


def recall(case: Case, cmd: Recall, ctx: Context) -> Sequence[Body]:
    """Take the case back to dispatch. Extensions and requests that the round has used up stay used up."""
    assert case.host is not None
    due = due_for(case, Stage.DISPATCH, ctx)
    return [Recalled(from_host=case.host, reason=cmd.reason, owner=case.desk, due=due)]


def add_co_handler(case: Case, cmd: AddCoHandler, ctx: Context) -> Sequence[Body]:
    """Add co-handlers. Raises UnknownDepartment, HostAmongCoHandlers or NothingToChange, pointing at the department."""
    known = {helper.department for helper in case.co_handlers}
    for place, department in enumerate(cmd.departments):
        pointer = f"/departments/{place}"
        require_department(ctx, department, pointer)
        if department == case.host:
            raise HostAmongCoHandlers(pointer=pointer)
        if department in known:
            raise NothingToChange(pointer=pointer)
    return [CoHandlersAdded(departments=tuple(dict.fromkeys(cmd.departments)), note=cmd.note)]


def release_co_handler(case: Case, cmd: ReleaseCoHandler, ctx: Context) -> Sequence[Body]:
    """Remove a co-handler that has not reported. Raises NotACoHandler or CoHandlerHasReported."""
    helper = next((helper for helper in case.co_handlers if helper.department == cmd.department), None)
    if helper is None:
        raise NotACoHandler(department=cmd.department, pointer="/department")
    if helper.reported_at is not None:
        raise CoHandlerHasReported(department=cmd.department, pointer="/department")
    return [CoHandlerReleased(department=cmd.department, reason=cmd.reason)]


DECIDERS: dict[str, Decider] = {
    "redispatch": redispatch,
    "recall": recall,
    "add_co_handler": add_co_handler,
    "release_co_handler": release_co_handler,
}
