"""Deciders of a closed case (结案): rating, reopening, and the appeal against an overdue."""

from collections.abc import Sequence
from typing import Any

from models.case import Case
from models.commands import Appeal, DecideAppeal, GrantReopen, Rate, RefuseReopen, RequestReopen
from models.context import Context
from models.enums import RequestKind, Stage
from models.errors import InputError, NotYours
from models.facts import AppealDecided, Appealed, Body, Rated, Reopened, ReopenRefused, ReopenRequested
from rules.deadlines import clocks
from rules.deadlines.standards import standard_of
from rules.deciders.common import (
    Decider,
    actor,
    due_for,
    remind_at,
    require_attachments,
    require_other_person,
)
from rules.escalation.requests import decider_above, decision_terms
from rules.life_cycle import Who
from rules.requests import takes_supervisor
from rules.scope import open_appeals, standing


def rate(case: Case, cmd: Rate, ctx: Context) -> Sequence[Body]:
    """Record the reporter's rating, given by the reporter or recorded on their behalf."""
    return [Rated(score=cmd.score, note=cmd.note, on_behalf=not _is_own_reporter(case, ctx))]


def request_reopen(case: Case, cmd: RequestReopen, ctx: Context) -> Sequence[Body]:
    """Ask to reopen the case: by the reporter, or by an officer after a call-back or when a fraud was found later."""
    return [
        ReopenRequested(
            on_behalf=not _is_own_reporter(case, ctx),
            reason=cmd.reason,
            remind_at=remind_at(ctx),
            **decision_terms(ctx, above=takes_supervisor(case, RequestKind.REOPEN)),
        )
    ]


def _is_own_reporter(case: Case, ctx: Context) -> bool:
    return Who.OWN_REPORTER in standing(actor(ctx), case, ctx.today)


def grant_reopen(case: Case, cmd: GrantReopen, ctx: Context) -> Sequence[Body]:
    """Reopen the case in a new round, in dispatch, or in receive when it was never accepted.

    The clocks of the stages start anew. The clock of the whole case continues where it stopped; a missed deadline stays
    missed. A second person must grant it; from the second reopening on, a supervisor. Raises NotYours.
    """
    assert case.reopen_request is not None
    require_other_person(case.reopen_request.by, ctx, "grant_reopen")
    to_stage = Stage.DISPATCH if case.accepted_at else Stage.RECEIVE
    found: dict[str, Any] = {}
    if case.whole is not None:
        found["whole_due_at"], found["whole_plan"] = clocks.resumption(case.whole, standard_of(case, ctx), ctx, ctx.now)
    due = due_for(case, to_stage, ctx)
    return [Reopened(note=cmd.note, to_stage=to_stage, owner=case.desk, due=due, per_case_whole=True, **found)]


def refuse_reopen(case: Case, cmd: RefuseReopen, ctx: Context) -> Sequence[Body]:
    """Refuse a request to reopen; the same people may do so as may grant it. Raises NotYours."""
    assert case.reopen_request is not None
    require_other_person(case.reopen_request.by, ctx, "refuse_reopen")
    return [ReopenRefused(reason=cmd.reason)]


def appeal(case: Case, cmd: Appeal, ctx: Context) -> Sequence[Body]:
    """Appeal against an overdue (超时申诉), for a department that hosted the case in a round that was late.

    Once per department and round, also for the clock of the whole case. An upheld appeal exempts the round from
    statistics and never erases the overdue. Raises NotYours when the actor's departments were not late, or have
    appealed already.
    """
    require_attachments(ctx, "/attachments")
    found = open_appeals(actor(ctx), case, ctx.today)
    open_to_them = [(department, number) for department, number in found if cmd.round in (None, number)]
    if not open_to_them:
        raise NotYours(command="appeal", who="a department that was late and has not appealed yet")
    department, number = open_to_them[0]
    return [
        Appealed(
            department=department,
            round=number,
            reason=cmd.reason,
            attachments=cmd.attachments,
            remind_at=remind_at(ctx),
            decider=decider_above(ctx),
        )
    ]


def decide_appeal(case: Case, cmd: DecideAppeal, ctx: Context) -> Sequence[Body]:
    """Uphold or reject a pending appeal. Raises InputError when there is none, NotYours for whoever appealed."""
    found = next(
        (a for a in case.pending_appeals
         if cmd.department in (None, a.department) and cmd.round in (None, a.round)), None,
    )  # fmt: skip
    if found is None:
        raise InputError(why_zh="没有该部门该轮的申诉", why_en="there is no such pending appeal", pointer="/department")
    require_other_person(found.by, ctx, "decide_appeal")
    return [AppealDecided(department=found.department, round=found.round, upheld=cmd.upheld, reason=cmd.reason)]


DECIDERS: dict[str, Decider] = {
    "rate": rate,
    "request_reopen": request_reopen,
    "grant_reopen": grant_reopen,
    "refuse_reopen": refuse_reopen,
    "appeal": appeal,
    "decide_appeal": decide_appeal,
}
