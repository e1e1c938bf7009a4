"""`decide(case, step, context) -> facts`: the facts that a command leads to, or the domain error that refuses it.

Whatever fell due before the command is recorded before it, so that a late timer never lets a command pass a deadline.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from models.case import Case
from models.commands import Recompute, Report, WakeUp
from models.context import Context
from models.enums import OwnerKind, RequestKind, Stage
from models.errors import NotACase, StaleRevision
from models.facts import Actor, Body, ClaimEnded, Fact, InfoSupplied, Recomputed, RequestLapsed
from models.messages import Step
from rules.conflicts import in_conflict
from rules.deadlines.clocks import recompute_clocks
from rules.deadlines.standards import standard_of
from rules.deciders import (
    any_stage,
    closed,
    dispatch,
    handle,
    personal_data,
    reassign,
    receive,
    recusal,
    requests,
    review,
    several_cases,
)
from rules.deciders.common import Decider, department_owner
from rules.escalation.urge_orders import automatic_urge
from rules.escalation.wake_ups import (
    due_step,
    end_replaced_acknowledgement,
    lacks_wake_up,
    reminder_fact,
    resume_clocks,
)
from rules.evolve import evolve, fold
from rules.life_cycle import check_fits
from rules.requests import pending_requests
from rules.scope import check_standing, holds_claim

#: What only the host of a case asks for; it has no object once another department hosts it.
_OF_HOST = (RequestKind.RETURN, RequestKind.TRANSFER, RequestKind.EXTENSION, RequestKind.SUSPENSION)
#: The request that a command grants: it is decided, and does not lapse.
_GRANTS = {
    "grant_return": RequestKind.RETURN,
    "grant_transfer": RequestKind.TRANSFER,
    "void": RequestKind.VOID,
}

DECIDERS: dict[str, Decider] = {
    **any_stage.DECIDERS,
    **receive.DECIDERS,
    **dispatch.DECIDERS,
    **handle.DECIDERS,
    **review.DECIDERS,
    **closed.DECIDERS,
    **requests.DECIDERS,
    **reassign.DECIDERS,
    **several_cases.DECIDERS,
    **personal_data.DECIDERS,
    **recusal.DECIDERS,
}


def decide(case: Case | None, step: Step, ctx: Context) -> tuple[Fact, ...]:
    """The facts that `step` leads to, numbered after the case's last one; empty when nothing is due.

    Raises a DomainError when the command is refused.
    """
    if isinstance(step.command, Report):
        return _numbered(0, receive.report(step.command, ctx), step)
    if case is None:
        raise NotACase()
    due, case = _record_due_steps(case, step, ctx)
    if isinstance(step.command, WakeUp):
        return due
    if step.if_revision is not None and step.if_revision != case.seq - len(due):
        raise StaleRevision(current=case.seq - len(due), seen=step.if_revision)
    check_standing(ctx.person, case, step.command.kind, ctx.today)
    check_fits(case, step.command.kind)
    outcome = _facts_of(case, _decide_command(case, step, ctx), step, ctx)
    lapsed, case = _end_requests(case, outcome, step, ctx)
    if lapsed:
        outcome = _facts_of(case, _decide_command(case, step, ctx), step, ctx)
    return (*due, *lapsed, *outcome)


def _end_requests(case: Case, outcome: tuple[Fact, ...], step: Step, ctx: Context) -> tuple[tuple[Fact, ...], Case]:
    """End, each with a fact of its own, the requests that `outcome` leaves without an object: a question to the
    reporter and a verification with their stage (a clock that the question stopped resumes first), what the host asked
    for with its stage or its host. Returns the facts, and the case after them.
    """
    after = fold(outcome, case)
    assert after is not None
    ends: set[RequestKind] = set(_OF_HOST) if after.host != case.host else set()
    if after.stage is not case.stage:
        ends |= {*_OF_HOST, RequestKind.INFO, RequestKind.VERIFICATION}
        ends |= {RequestKind.VOID} if after.stage is Stage.CLOSED else set()
    ends -= {_GRANTS[step.command.kind]} if step.command.kind in _GRANTS else set()
    bodies: list[Body] = [
        RequestLapsed(request=kind) for kind in pending_requests(case) if kind in ends and kind is not RequestKind.INFO
    ]
    if case.info_request is not None and RequestKind.INFO in ends:
        bodies.append(InfoSupplied(note="", attachments=(), **resume_clocks(case, ctx, ctx.now)))
    facts = _facts_of(case, bodies, step.model_copy(update={"actor": Actor()}), ctx)
    ended = fold(facts, case)
    assert ended is not None
    return facts, ended


def _decide_command(case: Case, step: Step, ctx: Context) -> Sequence[Body]:
    command = step.command
    if isinstance(command, Recompute):
        found = recompute_clocks(case, standard_of(case, ctx), ctx)
        return [Recomputed(calendars=ctx.calendars_version, clocks=found)] if found else []
    return DECIDERS[command.kind](case, command, ctx)


def _record_due_steps(case: Case, step: Step, ctx: Context) -> tuple[tuple[Fact, ...], Case]:
    """The facts of everything due by now, oldest first, and the case after them. Their actor is the system."""
    facts: list[Fact] = []
    fields = _command_fields(step)

    def record(body: Body) -> None:
        nonlocal case
        fact = Fact(seq=case.seq + 1, at=ctx.now, actor=Actor(), body=body, **fields)
        case, added = _with_consequences(case, fact, ctx)
        facts.extend(added)

    if (ended := _end_lost_claim(case, ctx)) is not None:
        record(ended)
    if (planned := _missing_whole_plan(case, ctx)) is not None:
        record(planned)
    while (due := due_step(case, ctx, ctx.now)) is not None:
        record(due)
    if lacks_wake_up(case):
        facts.append(Fact(seq=case.seq + 1, at=ctx.now, actor=Actor(), body=reminder_fact(case, ctx), **fields))
        case = evolve(case, facts[-1])
    return tuple(facts), case


def _missing_whole_plan(case: Case, ctx: Context) -> Recomputed | None:
    """The fact that adds lights and ladder steps to a clock of the whole case from before it had any; else None."""
    whole = case.whole
    if whole is None or not whole.runs or whole.ended_at is not None:
        return None
    if whole.plan is None or whole.plan.yellow_at is not None:
        return None
    found = tuple(
        new for new in recompute_clocks(case, standard_of(case, ctx), ctx, steps_from=ctx.now) if new.stage is None
    )
    return Recomputed(calendars=ctx.calendars_version, clocks=found) if found else None


def _end_lost_claim(case: Case, ctx: Context) -> ClaimEnded | None:
    """The fact that ends a claim whose claimant has left, no longer has a role in the host department, or has an
    interest in the case; else None."""
    if case.stage is not Stage.HANDLE or case.claimed_by is None or ctx.claimant is None:
        return None
    claimant = ctx.claimant.person
    if holds_claim(claimant, case, ctx.today) and not in_conflict(claimant, case, ctx.today):
        return None
    at_unit = case.owner is not None and case.owner.kind is OwnerKind.UNIT
    owner = case.owner if at_unit and case.owner is not None else department_owner(case.host or "")
    return ClaimEnded(person=case.claimed_by, owner=owner)


def _facts_of(case: Case, bodies: Iterable[Body], step: Step, ctx: Context) -> tuple[Fact, ...]:
    """The facts of `bodies`, each followed by the urge order or reminder that it requires."""
    facts: list[Fact] = []
    for body in bodies:
        fact = Fact(seq=case.seq + 1, at=ctx.now, actor=step.actor, body=body, **_command_fields(step))
        case, added = _with_consequences(case, fact, ctx)
        facts += added
    return tuple(facts)


def _with_consequences(case: Case, fact: Fact, ctx: Context) -> tuple[Case, list[Fact]]:
    """The case after `fact`, and `fact` with what the system adds to it: an urge order, the end of an acknowledgement
    by a former owner, a first reminder."""
    before, case, facts = case, evolve(case, fact), [fact]

    def add(body: Body | None) -> None:
        nonlocal case
        if body is not None:
            facts.append(fact.model_copy(update={"seq": case.seq + 1, "actor": Actor(), "body": body}))
            case = evolve(case, facts[-1])

    add(automatic_urge(case, fact, ctx))
    add(end_replaced_acknowledgement(before, case, ctx))
    add(reminder_fact(case, ctx) if lacks_wake_up(case) else None)
    return case, facts


def _numbered(seq: int, bodies: Iterable[Body], step: Step) -> tuple[Fact, ...]:
    return tuple(
        Fact(seq=seq + place, at=step.at, actor=step.actor, body=body, **_command_fields(step))
        for place, body in enumerate(bodies, 1)
    )


def _command_fields(step: Step) -> dict[str, Any]:
    return {"command_id": step.id, "command": step.command.kind, "digest": step.digest}
