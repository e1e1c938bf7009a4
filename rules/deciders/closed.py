"""结案: the reporter's verdict, reopening, and the appeal against an overdue."""

from collections.abc import Sequence

from models.case import Case
from models.commands import Appeal, DecideAppeal, GrantReopen, Rate, RefuseReopen, RequestReopen
from models.context import Context
from models.enums import Stage
from models.errors import NotYours
from models.facts import AppealDecided, Appealed, Body, Rated, Reopened, ReopenRefused, ReopenRequested
from rules.deadlines import clocks
from rules.deadlines.standards import standard_of
from rules.deciders.common import Move, actor, due_for, remind_at, require_attachments


def rate(case: Case, cmd: Rate, ctx: Context) -> Sequence[Body]:
    return [Rated(score=cmd.score, note=cmd.note)]


def request_reopen(case: Case, cmd: RequestReopen, ctx: Context) -> Sequence[Body]:
    return [ReopenRequested(reason=cmd.reason, remind_at=remind_at(ctx))]


def grant_reopen(case: Case, cmd: GrantReopen, ctx: Context) -> Sequence[Body]:
    """A new round with fresh clocks: to dispatch, or to receive when it was never accepted."""
    to_stage = Stage.DISPATCH if case.accepted_at else Stage.RECEIVE
    due = due_for(case, to_stage, ctx)
    whole = clocks.start_whole(ctx, standard_of(case, ctx), ctx.now) if case.accepted_at else None
    return [Reopened(note=cmd.note, to_stage=to_stage, owner=case.desk, due=due, whole=whole)]


def refuse_reopen(case: Case, cmd: RefuseReopen, ctx: Context) -> Sequence[Body]:
    return [ReopenRefused(reason=cmd.reason)]


def appeal(case: Case, cmd: Appeal, ctx: Context) -> Sequence[Body]:
    """超时申诉: once per case; it may exempt the case from statistics, and never erases the overdue."""
    require_attachments(ctx, "/attachments")
    return [Appealed(reason=cmd.reason, attachments=cmd.attachments, remind_at=remind_at(ctx))]


def decide_appeal(case: Case, cmd: DecideAppeal, ctx: Context) -> Sequence[Body]:
    assert case.appeal is not None
    if case.appeal.by == actor(ctx).id:
        raise NotYours(command="decide_appeal", who="somebody other than who asked")
    return [AppealDecided(upheld=cmd.upheld, reason=cmd.reason)]


MOVES: dict[str, Move] = {
    "rate": rate,
    "request_reopen": request_reopen,
    "grant_reopen": grant_reopen,
    "refuse_reopen": refuse_reopen,
    "appeal": appeal,
    "decide_appeal": decide_appeal,
}
