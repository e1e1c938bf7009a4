"""Deciders of review (核查): never by somebody who handled the case."""

from collections.abc import Sequence
from typing import Any

from models.case import Case
from models.commands import AssignReviewer, FailReview, PassReview
from models.context import Context, Person
from models.enums import Outcome, Role, Stage
from models.errors import (
    ConflictOfInterest,
    EmergencyOpen,
    NotACoHandler,
    NothingToChange,
    NotOfTheResult,
    NotYours,
    ReviewerHandledIt,
    ReviewerOfHost,
    UnknownPerson,
)
from models.facts import Body, ReviewerAssigned, ReviewFailed, ReviewPassed
from rules.conflicts import in_conflict
from rules.deadlines import clocks
from rules.deadlines.standards import opening
from rules.deciders.common import (
    Decider,
    actor,
    closing_facts,
    department_owner,
    due_for,
    person_owner,
    require_attachments,
)
from rules.deciders.receive import require_answer
from rules.scope import acts_as_reviewer, covers, in_force


def pass_review(case: Case, cmd: PassReview, ctx: Context) -> Sequence[Body]:
    """Pass the review and close the case.

    Raises NotYours, ReviewerHandledIt, ReviewerOfHost, EmergencyOpen, UnknownAttachment, NotOfTheResult or
    AnswerMissing.
    """
    _require_independence(case, ctx, "pass_review")
    if ctx.running_emergencies:
        raise EmergencyOpen(codes=", ".join(ctx.running_emergencies))
    require_attachments(ctx, "/evidence")
    for sha256 in cmd.release_photos:
        if sha256 not in ctx.result_photos:
            raise NotOfTheResult(sha256=sha256, pointer="/release_photos")
    outcome = Outcome.ABORTED if case.aborted else Outcome.SOLVED
    passed = ReviewPassed(
        note=cmd.note,
        evidence=cmd.evidence,
        released=cmd.release,
        released_photos=cmd.release_photos,
        answer=cmd.answer or ctx.answer,
    )
    if case.self_closed:
        require_answer(case, passed.answer, ctx)
    return [passed, *closing_facts(case, outcome, cmd.note, ctx)]


def fail_review(case: Case, cmd: FailReview, ctx: Context) -> Sequence[Body]:
    """Fail the review (返工): a new round begins with the host, or in dispatch.

    It goes to dispatch when there was no host (settled on the spot) or the host no longer acts at the place. A case
    settled on the spot counts as accepted when it was settled: its statutory clock runs since then.

    Raises as `pass_review`, and NotACoHandler.
    """
    _require_independence(case, ctx, "fail_review")
    require_attachments(ctx, "/evidence")
    helpers = [helper.department for helper in case.co_handlers]
    for place, department in enumerate(cmd.departments):
        if department not in helpers:
            raise NotACoHandler(department=department, pointer=f"/departments/{place}")
    to_host = case.host if case.host is not None and ctx.host_reaches else None
    to_stage = Stage.DISPATCH if to_host is None else Stage.HANDLE
    return [
        ReviewFailed(
            reason=cmd.reason,
            evidence=cmd.evidence,
            to_stage=to_stage,
            owner=case.desk if to_host is None else department_owner(to_host),
            due=due_for(case, to_stage, ctx),
            departments=cmd.departments or tuple(helpers),
            **_accepted_in_effect(case, ctx),
        )
    ]


def _accepted_in_effect(case: Case, ctx: Context) -> dict[str, Any]:
    """The acceptance of a self-closed case: from the moment it was settled, under the policy version of the case."""
    if case.accepted_at is not None or case.completed_at is None:
        return {}
    opened = opening(ctx.policy, case.category, case.severity, case.condition)
    whole = None if case.whole is not None else clocks.start_whole(ctx, opened.standard, case.completed_at)
    return {
        "accepted_at": case.completed_at,
        "condition": opened.condition,
        "policy_version": case.policy_version,
        "whole": whole,
    }


def assign_reviewer(case: Case, cmd: AssignReviewer, ctx: Context) -> Sequence[Body]:
    """Assign another reviewer (回避). Raises UnknownPerson, ConflictOfInterest, ReviewerHandledIt, ReviewerOfHost
    or NothingToChange."""
    person = ctx.colleague
    grants = () if person is None else in_force(person, ctx.today)
    may = any(g.role in (Role.REVIEWER, Role.SUPERVISOR) and covers(g, case.grid_path) for g in grants)
    if person is None or not may:
        raise UnknownPerson(person=cmd.person, pointer="/person")
    if person.id == case.reviewer:
        raise NothingToChange(pointer="/person")
    if in_conflict(person, case, ctx.today):
        raise ConflictOfInterest(person=cmd.person, pointer="/person")
    _check_independent(person, case, ctx)
    return [ReviewerAssigned(person=person.id, owner=person_owner(person.id), reason=cmd.reason)]


def _require_independence(case: Case, ctx: Context, command: str) -> None:
    """Raise an error unless the actor is the assigned reviewer, if there is one, and independent of the handling."""
    person = actor(ctx)
    if not acts_as_reviewer(person, case, ctx.today):
        raise NotYours(command=command, who="the reviewer assigned")
    _check_independent(person, case, ctx)


def _check_independent(person: Person, case: Case, ctx: Context) -> None:
    if person.id in case.handled_by:
        raise ReviewerHandledIt()
    departments = {grant.department for grant in in_force(person, ctx.today) if grant.department is not None}
    if not departments.isdisjoint({case.host, *(helper.department for helper in case.co_handlers)}):
        raise ReviewerOfHost()


DECIDERS: dict[str, Decider] = {
    "pass_review": pass_review,
    "fail_review": fail_review,
    "assign_reviewer": assign_reviewer,
}
