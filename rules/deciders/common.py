"""What several moves need."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from models.case import Case, Owner
from models.context import Context, Person
from models.enums import Outcome, OwnerKind, Role, Stage
from models.errors import NotYours, TimeNotLater, TooLate, UnknownAttachment, UnknownDepartment
from models.facts import Body, Closed, Due
from rules.deadlines import clocks
from rules.deadlines.limits import deadline
from rules.deadlines.standards import ladder_of, standard_of
from rules.routing import desk
from rules.scope import covers, in_force

Move = Callable[[Case, Any, Context], Sequence[Body]]


def actor(ctx: Context) -> Person:
    """The person who commands; moves of people are never reached without one."""
    assert ctx.person is not None
    return ctx.person


def due_for(case: Case, stage: Stage, ctx: Context) -> Due:
    """The clock that `stage` would start now for this case."""
    return clocks.start(ctx, standard_of(case, ctx), stage, ctx.now)


def review_desk(ctx: Context) -> Owner:
    """Who reviews: the nearest unit with a reviewer today, else the fallback owner."""
    return desk(ctx, ctx.units, Role.REVIEWER).owner


def department_owner(department: str) -> Owner:
    """A department as owner."""
    return Owner(kind=OwnerKind.DEPARTMENT, id=department)


def person_owner(person: object) -> Owner:
    """A person as owner."""
    return Owner(kind=OwnerKind.PERSON, id=str(person))


def require_department(ctx: Context, code: str, pointer: str) -> None:
    """Raises UnknownDepartment, pointing at the input, unless `code` is an active department."""
    if ctx.department(code) is None:
        raise UnknownDepartment(department=code, pointer=pointer)


def require_attachments(ctx: Context, pointer: str) -> None:
    """Raises UnknownAttachment when an attachment the command names was never uploaded."""
    if ctx.unknown_attachments:
        raise UnknownAttachment(sha256=ctx.unknown_attachments[0], pointer=pointer)


def require_between(moment: datetime, after: datetime, cap: timedelta, pointer: str) -> None:
    """Raises TimeNotLater or TooLate unless `after` < `moment` ≤ `after` + `cap`."""
    if moment <= after:
        raise TimeNotLater(moment=moment.isoformat(), after=after.isoformat(), pointer=pointer)
    if moment > after + cap:
        raise TooLate(moment=moment.isoformat(), limit=(after + cap).isoformat(), pointer=pointer)


def require_claimant(case: Case, ctx: Context, command: str) -> None:
    """Once somebody has claimed a case, only they or their department's head act for the host."""
    person = actor(ctx)
    if case.claimed_by in (None, person.id) or heads(person, case.host, case, ctx):
        return
    raise NotYours(command=command, who="claimant / host_head")


def heads(person: Person, department: str | None, case: Case, ctx: Context) -> bool:
    """Whether the person is the head of `department` for the case's place today."""
    return any(
        grant.role is Role.DEPARTMENT_HEAD and grant.department == department and covers(grant, case.grid_path)
        for grant in in_force(person, ctx.today)
    )


def departments_of(person: Person, case: Case, ctx: Context) -> frozenset[str]:
    """The departments for which the person may act on this case today."""
    return frozenset(
        grant.department
        for grant in in_force(person, ctx.today)
        if grant.department is not None and covers(grant, case.grid_path)
    )


def closing(outcome: Outcome, reason: str, ctx: Context, right_channel: str = "") -> Closed:
    """The fact that ends a case, with the end of the time in which it may be rated or reopened."""
    return Closed(
        outcome=outcome,
        reason=reason,
        right_channel=right_channel,
        archive_at=ctx.now + timedelta(days=ctx.policy.archive_days),
    )


def lapse(case: Case, ctx: Context) -> datetime | None:
    """Until when an acknowledgement given now holds the ladder; None where the ladder sets no end."""
    length = ladder_of(case, ctx).acknowledged_for
    return None if length is None else deadline(length, clocks.calendar_of(length, ctx), ctx.now)


def remind_at(ctx: Context) -> datetime:
    """When a decision that is still owed is said again."""
    return ctx.now + timedelta(hours=ctx.policy.remind_hours)
