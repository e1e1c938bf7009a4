"""派遣: one host, its co-handlers, and the joint meeting that may come before."""

from collections.abc import Sequence
from datetime import timedelta

from models.case import Case
from models.commands import Convene, Dispatch
from models.context import Context
from models.enums import Stage
from models.errors import HostAmongCoHandlers
from models.facts import Body, Convened, Dispatched
from rules.deciders.common import Move, department_owner, due_for, require_between, require_department

#: How far ahead a joint meeting may be called (our choice).
MEETING_CAP = timedelta(days=90)


def dispatch(case: Case, cmd: Dispatch, ctx: Context) -> Sequence[Body]:
    """The clock of handling starts here, not when somebody claims.

    Raises UnknownDepartment or HostAmongCoHandlers.
    """
    require_department(ctx, cmd.host, "/host")
    for place, department in enumerate(cmd.co_handlers):
        require_department(ctx, department, f"/co_handlers/{place}")
    if cmd.host in cmd.co_handlers:
        raise HostAmongCoHandlers(pointer="/co_handlers")
    return [
        Dispatched(
            host=cmd.host,
            co_handlers=tuple(dict.fromkeys(cmd.co_handlers)),
            note=cmd.note,
            suggested_host=case.suggested_host,
            owner=department_owner(cmd.host),
            due=due_for(case, Stage.HANDLE, ctx),
        )
    ]


def convene(case: Case, cmd: Convene, ctx: Context) -> Sequence[Body]:
    for place, department in enumerate(cmd.departments):
        require_department(ctx, department, f"/departments/{place}")
    require_between(cmd.meet_at, ctx.now, MEETING_CAP, "/meet_at")
    departments = tuple(dict.fromkeys(cmd.departments))
    return [Convened(departments=departments, meet_at=cmd.meet_at, note=cmd.note)]


MOVES: dict[str, Move] = {"dispatch": dispatch, "convene": convene}
