"""`decide(case, step, context) -> facts`: what a command brings about, or a domain error that says why not.

Whatever had fallen due by the moment of the command is recorded before it: nobody gets ahead of a
deadline because a timer came late.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from models.case import Case
from models.commands import Absorb, Recompute, Report, SettleErrand, WakeUp
from models.context import Context
from models.errors import NotACase, StaleRevision
from models.facts import Absorbed, Actor, Body, ErrandSettled, Fact, Recomputed
from models.messages import Step
from rules.deadlines.clocks import recounted
from rules.deadlines.standards import standard_of
from rules.deciders import any_stage, closed, dispatch, handle, receive, review
from rules.deciders.common import Move
from rules.escalation.urge_orders import automatic_urge
from rules.escalation.wake_ups import due_step, is_asleep, reminded, taken_over
from rules.evolve import evolve
from rules.life_cycle import check_fits
from rules.scope import check_standing

MOVES: dict[str, Move] = {
    **any_stage.MOVES,
    **receive.MOVES,
    **dispatch.MOVES,
    **handle.MOVES,
    **review.MOVES,
    **closed.MOVES,
}


def decide(case: Case | None, step: Step, ctx: Context) -> tuple[Fact, ...]:
    """The facts that `step` leads to, numbered on from the case's last; empty when nothing is due.

    Raises a DomainError when the command is refused.
    """
    if isinstance(step.command, Report):
        return _numbered(0, receive.report(step.command, ctx), step)
    if case is None:
        raise NotACase()
    due, case = _catch_up(case, step, ctx)
    if isinstance(step.command, WakeUp):
        return due
    if step.if_revision is not None and step.if_revision != case.seq - len(due):
        raise StaleRevision(current=case.seq - len(due), seen=step.if_revision)
    check_standing(ctx.person, case, step.command.kind, ctx.today)
    check_fits(case, step.command.kind)
    return (*due, *_outcome(case, _move(case, step, ctx), step, ctx))


def _move(case: Case, step: Step, ctx: Context) -> Sequence[Body]:
    command = step.command
    if isinstance(command, Absorb):
        return [] if command.case_no in case.absorbed else [Absorbed(case_no=command.case_no)]
    if isinstance(command, Recompute):
        found = recounted(case, standard_of(case, ctx), ctx)
        return [Recomputed(calendars=ctx.calendars_version, clocks=found)] if found else []
    if isinstance(command, SettleErrand):
        known = any(errand.id == command.errand for errand in case.errands)
        return [ErrandSettled(errand=command.errand, case_no=command.case_no)] if known else []
    return MOVES[command.kind](case, command, ctx)


def _catch_up(case: Case, step: Step, ctx: Context) -> tuple[tuple[Fact, ...], Case]:
    """Everything due by now, oldest first, and the case after it. The system did it, not the person."""
    facts: list[Fact] = []
    by = _by(step)
    while (body := due_step(case, ctx, ctx.now)) is not None:
        case, happened = _followed(case, Fact(seq=case.seq + 1, at=ctx.now, actor=Actor(), body=body, **by), ctx)
        facts += happened
    if is_asleep(case):
        facts.append(Fact(seq=case.seq + 1, at=ctx.now, actor=Actor(), body=reminded(ctx), **by))
        case = evolve(case, facts[-1])
    return tuple(facts), case


def _outcome(case: Case, bodies: Iterable[Body], step: Step, ctx: Context) -> tuple[Fact, ...]:
    """What a command brings about, each fact followed by the urge order or the reminder that it calls for."""
    facts: list[Fact] = []
    for body in bodies:
        fact = Fact(seq=case.seq + 1, at=ctx.now, actor=step.actor, body=body, **_by(step))
        case, happened = _followed(case, fact, ctx)
        facts += happened
    return tuple(facts)


def _followed(case: Case, fact: Fact, ctx: Context) -> tuple[Case, list[Fact]]:
    """The case after `fact`, and `fact` with what the system adds to it: an urge order, the end of an
    acknowledgement that was somebody else's, a first reminder."""
    before, case, facts = case, evolve(case, fact), [fact]

    def add(body: Body | None) -> None:
        nonlocal case
        if body is not None:
            facts.append(fact.model_copy(update={"seq": case.seq + 1, "actor": Actor(), "body": body}))
            case = evolve(case, facts[-1])

    add(automatic_urge(case, fact, ctx))
    add(taken_over(before, case, ctx))
    add(reminded(ctx) if is_asleep(case) else None)
    return case, facts


def _numbered(seq: int, bodies: Iterable[Body], step: Step) -> tuple[Fact, ...]:
    return tuple(
        Fact(seq=seq + place, at=step.at, actor=step.actor, body=body, **_by(step))
        for place, body in enumerate(bodies, 1)
    )


def _by(step: Step) -> dict[str, Any]:
    return {"command_id": step.id, "command": step.command.kind, "digest": step.digest}
