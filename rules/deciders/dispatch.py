"""Deciders of dispatch (派遣): the host and its co-handlers, and the joint meeting."""

from collections.abc import Sequence
from datetime import timedelta

from models.case import Case
from models.commands import Convene, Dispatch, SendBack
from models.context import Context
from models.enums import Stage
from models.errors import HostAmongCoHandlers, ReasonMissing
from models.facts import Body, Convened, Dispatched, SentBack
from rules.deciders.common import Decider, department_owner, due_for, require_between, require_department

#: How far ahead a joint meeting may be called (our choice).
MEETING_CAP = timedelta(days=90)


def dispatch(case: Case, cmd: Dispatch, ctx: Context) -> Sequence[Body]:
    """Dispatch the case to a host and its co-handlers; the clock of handling starts now, not with the claim.

    A department that returned the case in this round gets it again only with a note. Raises UnknownDepartment,
    HostAmongCoHandlers or ReasonMissing.
    """
    require_hosts(ctx, cmd.host, cmd.co_handlers)
    if cmd.host in case.returns_settled and not cmd.note:
        raise ReasonMissing(department=cmd.host, pointer="/note")
    return [
        Dispatched(
            per_round=True,
            host=cmd.host,
            co_handlers=tuple(dict.fromkeys(cmd.co_handlers)),
            note=cmd.note,
            suggested_host=case.suggested_host,
            owner=department_owner(cmd.host),
            due=due_for(case, Stage.HANDLE, ctx),
        )
    ]


def require_hosts(ctx: Context, host: str, co_handlers: Sequence[str]) -> None:
    """Raise UnknownDepartment or HostAmongCoHandlers, pointing at the input."""
    require_department(ctx, host, "/host")
    for place, department in enumerate(co_handlers):
        require_department(ctx, department, f"/co_handlers/{place}")
    if host in co_handlers:
        raise HostAmongCoHandlers(pointer="/co_handlers")


def send_back(case: Case, cmd: SendBack, ctx: Context) -> Sequence[Body]:
    """Send the case back to receive (退回受理), where it may be corrected, accepted again or rejected."""
    return [SentBack(reason=cmd.reason, owner=case.desk, due=due_for(case, Stage.RECEIVE, ctx))]


def convene(case: Case, cmd: Convene, ctx: Context) -> Sequence[Body]:
    """Call departments to a joint meeting (吹哨). Raises UnknownDepartment, TimeNotLater or TooLate."""
    for place, department in enumerate(cmd.departments):
        require_department(ctx, department, f"/departments/{place}")
    require_between(cmd.meet_at, ctx.now, MEETING_CAP, "/meet_at")
    departments = tuple(dict.fromkeys(cmd.departments))
    return [Convened(watched=True, departments=departments, meet_at=cmd.meet_at, note=cmd.note)]


DECIDERS: dict[str, Decider] = {"dispatch": dispatch, "send_back": send_back, "convene": convene}
