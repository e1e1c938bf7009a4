"""Checks and values that several deciders need."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from models.answers import GivenAnswers, values_of
from models.case import Case, Owner
from models.context import Context, Person, Unit
from models.enums import Outcome, OwnerKind, Role, Stage
from models.errors import (
    LeadOfOthers,
    LimitReached,
    NotYours,
    TimeNotLater,
    TooLate,
    UnknownAttachment,
    UnknownDepartment,
    UnknownEnterprise,
    UnknownQuestion,
)
from models.facts import Body, Closed, Due, QuestionsAnswered, UrgeLapsed
from rules.deadlines import clocks
from rules.deadlines.counting import calendar_of
from rules.deadlines.limits import deadline
from rules.deadlines.standards import ladder_of, standard_of
from rules.questions import refuse_unread, take_answers
from rules.routing import desk
from rules.scope import acts_for_host

Decider = Callable[[Case, Any, Context], Sequence[Body]]


def actor(ctx: Context) -> Person:
    """The person who gives the command; deciders of human commands always have one."""
    assert ctx.person is not None
    return ctx.person


def due_for(case: Case, stage: Stage, ctx: Context) -> Due:
    """The clock that `stage` starts now for this case."""
    return clocks.start(ctx, standard_of(case, ctx), stage, ctx.now)


def review_desk(case: Case, ctx: Context, *, units: tuple[Unit, ...] | None = None) -> Owner:
    """The owner of the review: the nearest unit with an independent reviewer today, else the fallback owner.

    When the context does not list the reviewers, the nearest unit that has any.
    """
    units = ctx.units if units is None else units
    independent = {r.unit for r in ctx.reviewers if is_independent(r.person, r.departments, case, ctx)}
    if not ctx.reviewers:
        return desk(ctx, units, Role.REVIEWER).owner
    found = next((unit for unit in units if unit.code in independent and Role.REVIEWER in unit.staffed), None)
    return person_owner(ctx.fallback) if found is None else Owner(kind=OwnerKind.UNIT, id=found.code)


def is_independent(person: UUID, departments: Collection[str], case: Case, ctx: Context) -> bool:
    """Whether a person may review: they did not handle the case, and are not of its host or co-handlers."""
    mine = actor(ctx).id if ctx.person is not None else None
    involved = {case.host, *(helper.department for helper in case.co_handlers)}
    return person not in (*case.handled_by, mine if case.stage is not Stage.REVIEW else None) and involved.isdisjoint(
        departments
    )


def department_owner(department: str) -> Owner:
    """The owner value of a department."""
    return Owner(kind=OwnerKind.DEPARTMENT, id=department)


def person_owner(person: object) -> Owner:
    """The owner value of a person."""
    return Owner(kind=OwnerKind.PERSON, id=str(person))


def require_department(ctx: Context, code: str, pointer: str) -> None:
    """Raise UnknownDepartment, pointing at the input, unless `code` is an active department."""
    if ctx.department(code) is None:
        raise UnknownDepartment(department=code, pointer=pointer)


def require_enterprise(code: str | None, park: str, ctx: Context) -> None:
    """Raise UnknownEnterprise, unless `code` is None or an enterprise on the register of that park."""
    found = ctx.enterprise
    if code is not None and (found is None or found.code != code or found.park != park or not found.active):
        raise UnknownEnterprise(enterprise=code, pointer="/enterprise")


def require_attachments(ctx: Context, pointer: str) -> None:
    """Raise UnknownAttachment when the command names a file that its giver neither uploaded nor may see."""
    if ctx.unknown_attachments:
        raise UnknownAttachment(sha256=ctx.unknown_attachments[0], pointer=pointer)


def answers_given(
    case: Case,
    answers: GivenAnswers | None,
    files: Collection[str],
    ctx: Context,
    *,
    not_known: Sequence[str] = (),
    note: str = "",
) -> list[Body]:
    """The fact that questions of the category were answered after the report; none when nothing was said.

    Raises UnknownQuestion or AnswerNotUnderstood, pointing at the answer.
    """
    taken = take_answers(ctx.policy, case.category, answers or {}, files, before=case.answers)
    refuse_unread(ctx.policy, case.category, taken)
    known = {question.code for question in ctx.policy.questions(case.category)}
    if lost := next((code for code in not_known if code not in known), None):
        raise UnknownQuestion(category=case.category, question=lost, pointer="/not_known")
    known_values = values_of(case.answers)
    changed = tuple(answer for answer in taken.answers if known_values.get(answer.question) != answer.values)
    if not changed and not not_known:
        return []
    settled = {*case.not_known, *not_known}
    return [
        QuestionsAnswered(
            answers=changed,
            unanswered=tuple(q for q in taken.unanswered if q.question not in settled),
            not_known=tuple(not_known),
            note=note,
            attachments=tuple(files),
        )
    ]


def require_between(moment: datetime, after: datetime, cap: timedelta, pointer: str) -> None:
    """Raise TimeNotLater or TooLate unless `after` < `moment` ≤ `after` + `cap`."""
    if moment <= after:
        raise TimeNotLater(moment=moment.isoformat(), after=after.isoformat(), pointer=pointer)
    if moment > after + cap:
        raise TooLate(moment=moment.isoformat(), limit=(after + cap).isoformat(), pointer=pointer)


def require_claimant(case: Case, ctx: Context, command: str) -> None:
    """Raise NotYours unless the actor may act for the host (`rules.scope.acts_for_host`)."""
    if not acts_for_host(actor(ctx), case, ctx.today):
        raise NotYours(command=command, who="claimant / host_head")


def require_other_person(by: UUID | None, ctx: Context, command: str) -> None:
    """Raise NotYours when the actor made the request: nobody decides on their own request."""
    if by == actor(ctx).id:
        raise NotYours(command=command, who="somebody other than who asked")


def require_remaining(used: int, most: int, what_zh: str, what_en: str) -> None:
    """Raise LimitReached when the round has used up `most` of something."""
    if used >= most:
        raise LimitReached(what_zh=what_zh, what_en=what_en, most=most)


def closing_facts(case: Case, outcome: Outcome, reason: str, ctx: Context, right_channel: str = "") -> list[Body]:
    """The facts that close a case: one for each unanswered urge order, which lapses, then `Closed`."""
    lapsed = [UrgeLapsed(number=order.number) for order in case.urges if order.is_open]
    return [*lapsed, closed_fact(outcome, reason, ctx, right_channel)]


def require_no_members(case: Case) -> None:
    """Raise LeadOfOthers when other cases were merged into this one: it can't be ended without them."""
    if case.absorbed:
        raise LeadOfOthers(cases=", ".join(case.absorbed))


def closed_fact(outcome: Outcome, reason: str, ctx: Context, right_channel: str = "") -> Closed:
    """The fact that closes a case, with the end of the time in which it may be rated or reopened."""
    return Closed(
        outcome=outcome,
        reason=reason,
        right_channel=right_channel,
        archive_at=ctx.now + timedelta(days=ctx.policy.archive_days),
    )


def acknowledgement_end(case: Case, ctx: Context) -> datetime | None:
    """The time until which an acknowledgement given now holds the ladder, never past the deadline.

    None while no deadline runs and the ladder sets no end.
    """
    length = ladder_of(case, ctx).acknowledged_for
    by = clocks.next_deadline(case)
    ends = [] if by is None else [by]
    if length is not None:
        ends.append(deadline(length, calendar_of(length, ctx), ctx.now))
    return max(min(ends), ctx.now) if ends else None


def remind_at(ctx: Context) -> datetime:
    """The time of the next reminder of a pending decision."""
    return ctx.now + timedelta(hours=ctx.policy.remind_hours)
