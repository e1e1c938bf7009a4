"""What must hold of every case at every moment, kept as code: `tests.rules.walk` checks all of it after each step."""

from datetime import timedelta
from typing import TYPE_CHECKING

from models.case import Case
from models.enums import OwnerKind, Stage, TaskKind
from models.facts import Fact, StepFired, Urged
from rules.deadlines.clocks import elapsed, next_deadline, recompute_clocks, terms_of
from rules.deadlines.standards import standard_of
from rules.escalation.wake_ups import next_wake_up
from rules.evolve import fold
from rules.scope import may_see
from rules.tasks import open_tasks
from tests.rules.world import context, today

if TYPE_CHECKING:
    from tests.rules.walk import Walk

#: A question to the reporter runs out, and a meeting begins without whoever was called.
ENDS_BY_ITSELF = (TaskKind.SUPPLY_INFO, TaskKind.RESPOND)
#: What the host asked for also ends when the case is taken from the host.
_BY_HOST = frozenset({"retract", "redispatch", "recall"})
#: By which commands each task is done, or taken from whoever can't do it.
WAYS_OUT: dict[TaskKind, frozenset[str]] = {
    TaskKind.ACCEPT: frozenset({"accept", "reject"}),
    TaskKind.VERIFY: frozenset({"report_verification", "accept"}),
    TaskKind.DISPATCH: frozenset({"dispatch"}),
    TaskKind.HANDLE: frozenset({"complete", "resume", "redispatch", "recall"}),
    TaskKind.CO_HANDLE: frozenset({"report_progress", "release_co_handler", "resume"}),
    TaskKind.REVIEW: frozenset({"pass_review", "assign_reviewer"}),
    TaskKind.OVERSEE: frozenset({"acknowledge", "redispatch", "resume"}),
    TaskKind.ANSWER_URGE: frozenset(
        {"answer_urge", "cancel_urge", "redispatch", "recall", "pass_review", "assign_reviewer"}
    ),
    TaskKind.CONFIRM_VOID: frozenset({"void", "refuse_void"}),
    TaskKind.DECIDE_RETURN: _BY_HOST | {"grant_return", "refuse_return"},
    TaskKind.DECIDE_TRANSFER: _BY_HOST | {"grant_transfer", "refuse_transfer"},
    TaskKind.DECIDE_EXTENSION: _BY_HOST | {"grant_extension", "refuse_extension"},
    TaskKind.DECIDE_SUSPENSION: _BY_HOST | {"grant_suspension", "refuse_suspension"},
    TaskKind.DECIDE_REOPEN: frozenset({"grant_reopen", "refuse_reopen", "retract"}),
    TaskKind.DECIDE_APPEAL: frozenset({"decide_appeal", "retract"}),
    TaskKind.SPLIT_AGAIN: frozenset({"split"}),
    TaskKind.ANSWER_QUESTIONS: frozenset({"answer_questions"}),
}


def check(walk: "Walk", no: str, case: Case) -> None:
    """All of them."""
    facts = walk.facts[no]
    an_open_case_has_an_owner_a_wake_up_and_somebody_today(walk, case)
    every_task_has_an_exit(walk, no, case)
    clocks_are_lists_of_intervals(walk, case)
    no_statutory_deadline_is_past_its_ceiling(case)
    the_same_calendars_count_the_same(walk, no, case)
    numbers_are_unique(facts, case)
    nothing_waits_on_a_closed_case(case)
    closed_rounds_never_change(walk, no, case)
    nothing_acknowledged_is_unreachable(case)
    a_merged_case_has_a_lead(walk, case)


def the_facts_are_the_case(facts: list[Fact], case: Case) -> None:
    """The case is the fold of its facts, and both survive the way through JSON."""
    assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1))
    assert fold(facts) == case
    assert Case.model_validate_json(case.model_dump_json()) == case
    assert all(Fact.model_validate_json(fact.model_dump_json()) == fact for fact in facts[-3:])


def an_open_case_has_an_owner_a_wake_up_and_somebody_today(walk: "Walk", case: Case) -> None:
    """No case without an owner who can act, a next wake-up in the future, and a task."""
    wake = next_wake_up(case)
    assert wake is None or wake > walk.now, "what was due has been recorded"
    if case.stage is Stage.CLOSED:
        assert case.owner is None
        assert (wake is None) == (case.archived_at is not None)
        return
    assert case.owner is not None
    assert wake is not None
    assert open_tasks(case)
    assert any(may_see(person, case, walk.day) for person in walk.present().values())
    if case.owner.kind is OwnerKind.PERSON and case.claimed_by is not None and case.reviewer is None:
        assert case.owner.id != str(case.claimed_by) or any(
            person.acts_for(case.claimed_by, walk.day) or person.grants for person in walk.people.values()
        )


def every_task_has_an_exit(walk: "Walk", no: str, case: Case) -> None:
    """Each task can be done, or taken over, by somebody at work today."""
    open_to = walk.open_to(no).keys()
    for task in open_tasks(case):
        if task.kind in ENDS_BY_ITSELF or (case.suspended_until is not None and "resume" in open_to):
            continue  # a suspended case is resumed first
        assert WAYS_OUT[task.kind] & open_to, f"nobody can deal with {task.key} on {case.case_no} ({case.stage})"


def clocks_are_lists_of_intervals(walk: "Walk", case: Case) -> None:
    """Intervals follow one another; a running clock has a deadline and a plan whose steps rise."""
    calendars = walk.policies[0].calendars
    for clock in case.all_clocks:
        assert elapsed(clock, calendars[0], walk.now) >= timedelta()
        for one, following in zip(clock.intervals, clock.intervals[1:], strict=False):
            assert one.end is not None
            assert one.start <= one.end <= following.start
        if clock.runs and clock.ended_at is None:
            assert clock.due_at is not None
            assert clock.plan is not None
            assert list(clock.plan.rungs) == sorted(clock.plan.rungs)
    if case.clock is not None and case.clock.overdue_at is not None and case.clock.due_at is not None:
        assert case.clock.due_at <= walk.now, "a missed deadline stays missed"


def no_statutory_deadline_is_past_its_ceiling(case: Case) -> None:
    """Whatever was granted, paused or changed."""
    for clock in case.all_clocks:
        plan = clock.plan
        if plan is not None and plan.ceiling_at is not None and clock.due_at is not None:
            assert clock.due_at <= plan.ceiling_at
        if terms_of(clock).is_statutory and clock.runs:
            assert plan is not None
            assert plan.ceiling_at is not None


def the_same_calendars_count_the_same(walk: "Walk", no: str, case: Case) -> None:
    """Counted anew by the calendars that counted it, no clock of a case differs."""
    if case.is_open and no not in walk.in_storm:
        policy = walk.policies[0 if case.policy_version == 1 else 1]
        ctx = context(None, walk.now, case.grid, policy, policy_version=case.policy_version)
        assert recompute_clocks(case, standard_of(case, ctx), ctx) == ()


def numbers_are_unique(facts: list[Fact], case: Case) -> None:
    """No urge order has the number of another, and no step of a clock's ladder fires twice."""
    urges = [fact.body.number for fact in facts if isinstance(fact.body, Urged)]
    assert len(urges) == len(set(urges))
    assert len(case.urges) == len({order.number for order in case.urges})
    fired = [
        (fact.body.whole, fact.body.urge, fact.body.request, fact.body.step)
        for fact in facts
        if isinstance(fact.body, StepFired) and fact.body.urge is not None
    ]
    assert len(fired) == len(set(fired))


def nothing_waits_on_a_closed_case(case: Case) -> None:
    """No urge order, summons or request of a handler outlives the case; a reopening and appeals may."""
    if case.is_open:
        return
    assert not any(order.is_open for order in case.urges)
    kinds = {task.kind for task in open_tasks(case)}
    assert kinds <= {TaskKind.DECIDE_REOPEN, TaskKind.DECIDE_APPEAL}


def closed_rounds_never_change(walk: "Walk", no: str, case: Case) -> None:
    """What a round left behind, and its clocks, stay as they were; an appeal alone is decided later."""
    for past in case.rounds:
        clocks = tuple(clock for clock in case.past_clocks if clock.round == past.number and clock.stage is not None)
        kept = walk.closed_rounds.setdefault((no, past.number), (past, clocks))
        assert kept == (past, clocks)


def nothing_acknowledged_is_unreachable(case: Case) -> None:
    """An acknowledgement ends by itself, no later than the deadline."""
    if case.acknowledged_by is not None and case.is_open:
        by = next_deadline(case)
        wake = next_wake_up(case)
        assert wake is not None
        assert by is None or wake <= by


def a_merged_case_has_a_lead(walk: "Walk", case: Case) -> None:
    """A merged case is with its lead, on its way there, or on its way out."""
    if case.merged_at_stage is None:
        return
    lead = next((c for c in walk.cases.values() if c.report_id == case.merged_at_stage.lead), None)
    assert lead is not None
    waits = any(errand.lead is not None for errand in case.errands)
    assert waits or case.case_no in lead.absorbed, "nobody has the matter"
    assert today(walk.now) is not None
