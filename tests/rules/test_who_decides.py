"""Who decides a request: they have its task, its ladder and the button, and nobody else has."""

from typing import Any

import pytest

from models.case import Case, Owner
from models.commands import (
    Abort,
    Accept,
    Appeal,
    AssignReviewer,
    Claim,
    Complete,
    DecideAppeal,
    Dispatch,
    FailReview,
    GrantExtension,
    GrantReopen,
    GrantReturn,
    GrantSuspension,
    PassReview,
    Recuse,
    RefuseExtension,
    Relocate,
    RequestExtension,
    RequestReopen,
    RequestSuspension,
    Return,
    Urge,
    Void,
    WakeUp,
)
from models.context import Unit
from models.enums import OwnerKind, RequestKind, Role, Stage, TaskKind
from models.errors import NotYours, SecondPersonNeeded
from models.facts import ExtensionGranted, ExtensionRequested, Reminded, StepFired
from models.mailbox import ReceiverKind
from models.policy.standard import ExtensionRule
from rules.decide import decide
from rules.escalation.wake_ups import next_wake_up
from rules.evolve import fold
from rules.mailbox.acts import due_act
from rules.mailbox.intake import case_entries
from rules.requests import DECIDING, REQUEST_FIELDS
from rules.tasks import Task, open_tasks
from tests.builders import COMMUNITY, FALLBACK, FIRE, MICRO, OTHER_MICRO, PARK, person_id
from tests.rules.lives import PHOTO, a_grant, at, bodies, closed, handled, holding, may, tasks, wait
from tests.rules.world import EVERYBODY, Life, context, step, today, units_to
from tests.timed import EVERYDAY, a_timed_policy

BEGUN = "2026-03-02T08:30"
LATER = at("2026-03-03T10:00")
WHY = "等待材料"
BY_SUPERVISOR = EVERYDAY.model_copy(update={"extensions": ExtensionRule(granted_by=Role.SUPERVISOR)})
ABOVE: Any = {"standards": (BY_SUPERVISOR.model_dump(), *a_timed_policy().model_dump()["standards"][1:])}
NO_SUPERVISOR: tuple[Unit, ...] = tuple(
    unit.model_copy(
        update={
            "staffed": unit.staffed - {Role.SUPERVISOR},
            "holders": tuple(holder for holder in unit.holders if holder.role is not Role.SUPERVISOR),
        }
    )
    for unit in units_to(MICRO)
)
FALLEN = Owner(kind=OwnerKind.PERSON, id=str(person_id(FALLBACK)))


def asked(**world: Any) -> Life:
    """A case whose extension a supervisor grants by its standard; the host asks for one."""
    life = handled(BEGUN, **ABOVE)
    life.do("fire_handler", RequestExtension(until=LATER, reason=WHY), **world)
    return life


def task_of(case: Case, kind: TaskKind) -> Task:
    """The one open task of that kind."""
    (found,) = (task for task in open_tasks(case) if task.kind is kind)
    return found


def told_of(life: Life, before: int) -> list[tuple[ReceiverKind, str, str | None]]:
    """Who is told of the tasks that the facts after `before` gave."""
    earlier = fold(life.facts[:before])
    entries = case_entries(earlier, life.facts[before:], life.case)
    return [(entry.receiver_kind, entry.receiver, entry.role) for entry in entries if entry.detail.task is not None]


def reached_at(life: Life, until: str) -> list[tuple[Any, ...]]:
    """Whom the steps of the request's ladder reach up to a moment."""
    wait(life, until)
    return [body.reached[0].people for body in bodies(life, StepFired) if body.request is not None]


# --- an extension that a supervisor grants ----------------------------------------------------------------------------


def test_only_a_supervisor_is_offered_an_extension_that_takes_one() -> None:
    life = asked()
    assert life.case.extension_request is not None
    assert life.case.extension_request.granted_by is Role.SUPERVISOR
    for supervisor in ("supervisor", "community_supervisor"):
        assert {"grant_extension", "refuse_extension"} <= set(may(life, supervisor))
    for officer in ("duty", "community_duty"):
        assert "grant_extension" not in may(life, officer)
        assert "refuse_extension" in may(life, officer)
        with pytest.raises(NotYours):
            life.do(officer, GrantExtension())
    life.do("supervisor", GrantExtension())
    assert next(bodies(life, ExtensionGranted)).until == LATER


def test_the_duty_officer_may_refuse_what_a_supervisor_grants() -> None:
    life = asked()
    life.do("duty", RefuseExtension(reason="理由不充分"))
    assert life.case.extension_request is None


def test_the_task_is_the_nearest_supervisors_with_its_deadline() -> None:
    life = asked()
    task = task_of(life.case, TaskKind.DECIDE_EXTENSION)
    assert (task.assignee.id, task.role) == (COMMUNITY, Role.SUPERVISOR)
    assert life.case.extension_request is not None
    assert task.due_at == life.case.extension_request.decide_by is not None
    assert (ReceiverKind.UNIT, COMMUNITY, Role.SUPERVISOR) in told_of(life, len(life.facts) - 1)


def test_an_extension_of_the_desk_is_the_desks_as_before() -> None:
    life = handled(BEGUN)
    before = len(life.facts)
    life.do("fire_handler", RequestExtension(until=LATER, reason=WHY))
    task = task_of(life.case, TaskKind.DECIDE_EXTENSION)
    assert (task.assignee, task.role) == (life.case.desk, None)
    assert (ReceiverKind.UNIT, life.case.desk.id, Role.DUTY_OFFICER) in told_of(life, before)
    assert "grant_extension" in may(life, "duty")
    life.do("duty", GrantExtension())


def test_the_link_in_a_message_leads_the_supervisor_to_the_grant_and_the_officer_nowhere() -> None:
    life = asked()
    day = today(life.now)
    assert due_act(life.case, EVERYBODY["community_supervisor"], day, TaskKind.DECIDE_EXTENSION) == "grant_extension"
    assert due_act(life.case, EVERYBODY["duty"], day, TaskKind.DECIDE_EXTENSION) is None


def test_the_ladder_reaches_the_supervisors_of_the_request() -> None:
    life = asked()
    (first, *_) = reached_at(life, "2026-03-06T12:00")
    assert first == (person_id("community_supervisor"),)


def test_without_a_supervisor_the_fallback_owner_decides() -> None:
    life = asked(units=NO_SUPERVISOR)
    assert task_of(life.case, TaskKind.DECIDE_EXTENSION).assignee == FALLEN
    assert "grant_extension" in may(life, FALLBACK)
    life.do("fire_handler", Claim())
    life.do(FALLBACK, GrantExtension())


def test_when_the_last_supervisor_is_gone_the_next_step_passes_the_request_on() -> None:
    """Nobody who can decide was left: the step tells the fallback owner, who then has the task and may grant."""
    life = asked()
    moment = next_wake_up(life.case)
    while life.case.extension_request is not None and life.case.extension_request.last_step == 0:
        assert moment is not None
        life.now = max(moment, life.now)
        life.do(None, WakeUp(moment=life.now), units=NO_SUPERVISOR)
        moment = next_wake_up(life.case)
    step_fired = [body for body in bodies(life, StepFired) if body.request is RequestKind.EXTENSION][-1]
    assert step_fired.reached[0].people == (person_id(FALLBACK),)
    assert task_of(life.case, TaskKind.DECIDE_EXTENSION).assignee == FALLEN
    assert "grant_extension" in may(life, FALLBACK)


def test_a_request_that_was_made_before_it_said_who_grants_it_is_decided_as_the_policy_says() -> None:
    life = handled(BEGUN, **ABOVE)
    facts = decide(
        life.case,
        step(life.case, "fire_handler", RequestExtension(until=LATER, reason=WHY), life.now),
        context("fire_handler", life.now, policy=life.policy),
    )
    (fact,) = facts
    assert isinstance(fact.body, ExtensionRequested)
    stored = fact.body.model_dump(mode="json")
    for name in ("granted_by", "decider"):
        del stored[name]
    older = fact.model_copy(update={"body": ExtensionRequested.model_validate(stored)})
    case = fold([older], life.case)
    assert case is not None
    life.case = case
    life.facts.append(older)
    assert not {"granted_by", "decider"} & older.body.model_dump().keys(), "its hash stays as it was"
    assert task_of(case, TaskKind.DECIDE_EXTENSION).assignee == case.desk
    with pytest.raises(NotYours):
        life.do("duty", GrantExtension())
    life.do("supervisor", GrantExtension())


# --- what else takes a supervisor -------------------------------------------------------------------------------------


def test_a_suspension_is_the_supervisors_to_decide_and_to_hear_of() -> None:
    life = handled(BEGUN)
    before = len(life.facts)
    life.do("fire_handler", RequestSuspension(until=LATER, reason=WHY))
    task = task_of(life.case, TaskKind.DECIDE_SUSPENSION)
    assert (task.assignee.id, task.role) == (COMMUNITY, Role.SUPERVISOR)
    assert (ReceiverKind.UNIT, COMMUNITY, Role.SUPERVISOR) in told_of(life, before)
    assert not {"grant_suspension", "refuse_suspension"} & set(may(life, "duty"))
    assert reached_at(life, "2026-03-06T12:00")[0] == (person_id("community_supervisor"),)


def test_the_first_reopening_is_the_desks_and_the_second_a_supervisors() -> None:
    life = closed(handled(BEGUN))
    life.do("duty_2", RequestReopen(reason="未解决"))
    first = task_of(life.case, TaskKind.DECIDE_REOPEN)
    assert (first.assignee, first.role) == (life.case.desk, None)
    assert "grant_reopen" in may(life, "duty")
    life.do("duty", GrantReopen())
    life.do("duty", Dispatch(host=FIRE))
    closed(life)
    life.do("duty_2", RequestReopen(reason="仍未解决"))
    second = task_of(life.case, TaskKind.DECIDE_REOPEN)
    assert (second.assignee.id, second.role) == (COMMUNITY, Role.SUPERVISOR)
    assert not {"grant_reopen", "refuse_reopen"} & set(may(life, "duty"))
    with pytest.raises(NotYours):
        life.do("duty", GrantReopen())
    life.do("supervisor", GrantReopen())


def test_an_appeal_is_told_to_supervisors() -> None:
    life = handled(BEGUN)
    wait(life, "2026-03-12T10:00")
    closed(life)
    before = len(life.facts)
    life.do("fire_head", Appeal(reason="停电"))
    assert (ReceiverKind.UNIT, COMMUNITY, Role.SUPERVISOR) in told_of(life, before)
    assert task_of(life.case, TaskKind.DECIDE_APPEAL).role is Role.SUPERVISOR


def test_when_the_last_supervisor_is_gone_the_next_reminder_passes_an_appeal_on() -> None:
    life = handled(BEGUN)
    wait(life, "2026-03-12T10:00")
    closed(life)
    life.do("fire_head", Appeal(reason="停电"))
    before = len(life.facts)
    assert life.case.remind_at is not None
    life.now = life.case.remind_at
    life.do(None, WakeUp(moment=life.now), units=NO_SUPERVISOR)
    assert [body.decider for body in bodies(life, Reminded)][-1] == FALLEN
    assert task_of(life.case, TaskKind.DECIDE_APPEAL).assignee == FALLEN
    assert (ReceiverKind.PERSON, FALLEN.id, None) in told_of(life, before)
    assert "decide_appeal" in may(life, FALLBACK)
    assert life.case.remind_at is not None
    life.now = life.case.remind_at
    life.do(None, WakeUp(moment=life.now), units=NO_SUPERVISOR)
    assert [body.decider for body in bodies(life, Reminded)][-1] is None, "it is passed on once"
    life.do(FALLBACK, DecideAppeal(upheld=True, reason="属实"), units=NO_SUPERVISOR)


def test_who_decides_changes_when_a_supervisor_steps_aside() -> None:
    life = asked()
    community = EVERYBODY["community_supervisor"]
    life.do("supervisor", Recuse(person="community_supervisor", reason="亲属"), colleague=community)
    assert task_of(life.case, TaskKind.DECIDE_EXTENSION).assignee.id == PARK
    life.do("supervisor", Recuse(person="supervisor", reason="亲属"), colleague=EVERYBODY["supervisor"])
    assert task_of(life.case, TaskKind.DECIDE_EXTENSION).assignee == FALLEN


def test_who_decides_changes_with_the_place() -> None:
    life = asked()
    life.do("duty", Relocate(grid=OTHER_MICRO, reason="更正"), target_units=units_to(OTHER_MICRO))
    assert task_of(life.case, TaskKind.DECIDE_EXTENSION).assignee == FALLEN, "no supervisor works there"
    assert "grant_extension" in may(life, FALLBACK)


# --- nobody is offered what the decider refuses them whatever they fill in --------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in DECIDING if kind is not RequestKind.TRANSFER])
def test_nobody_is_offered_to_decide_on_their_own_request(kind: RequestKind) -> None:
    asks = holding("fire_handler", a_grant(Role.SUPERVISOR), a_grant(Role.DUTY_OFFICER))
    requests: dict[RequestKind, Any] = {
        RequestKind.RETURN: Return(reason=WHY),
        RequestKind.EXTENSION: RequestExtension(until=LATER, reason=WHY),
        RequestKind.SUSPENSION: RequestSuspension(until=LATER, reason=WHY),
        RequestKind.VOID: Void(reason=WHY),
        RequestKind.REOPEN: RequestReopen(reason=WHY),
    }
    life = handled(BEGUN)
    if kind is RequestKind.REOPEN:
        closed(life, "fire_head")
    life.do("fire_handler", requests[kind], person=asks)
    assert getattr(life.case, REQUEST_FIELDS[kind]) is not None
    assert not set(DECIDING[kind]) & set(may(life, asks))
    assert set(DECIDING[kind]) <= set(may(life, "supervisor"))
    with pytest.raises((NotYours, SecondPersonNeeded)):
        life.do("fire_handler", _granting(kind), person=asks)


def _granting(kind: RequestKind) -> Any:
    return {
        RequestKind.RETURN: GrantReturn(),
        RequestKind.EXTENSION: GrantExtension(),
        RequestKind.SUSPENSION: GrantSuspension(),
        RequestKind.VOID: Void(reason=WHY),
        RequestKind.REOPEN: GrantReopen(),
    }[kind]


def test_a_colleague_of_the_claimant_is_offered_nothing_of_the_claim() -> None:
    part = {"release", "transfer", "return", "complete", "abort", "request_extension", "request_suspension"}
    life = handled(BEGUN)
    assert part - {"release"} <= set(may(life, "fire_handler_2"))
    life.do("fire_handler", Claim())
    assert part <= set(may(life, "fire_handler"))
    assert part <= set(may(life, "fire_head"))
    assert not part & set(may(life, "fire_handler_2"))
    with pytest.raises(NotYours):
        life.do("fire_handler_2", Abort(reason=WHY))


def test_only_the_assigned_reviewer_is_offered_the_review() -> None:
    life = handled(BEGUN)
    life.do("fire_handler", Complete(result="已处理", evidence=(PHOTO,)))
    assert {"pass_review", "fail_review"} <= set(may(life, "reviewer"))
    life.do("reviewer", AssignReviewer(person="supervisor", reason="回避"), colleague=EVERYBODY["supervisor"])
    assert not {"pass_review", "fail_review"} & set(may(life, "reviewer"))
    assert {"pass_review", "fail_review"} <= set(may(life, "supervisor"))
    with pytest.raises(NotYours):
        life.do("reviewer", PassReview())


def test_an_order_to_a_department_is_offered_to_it_alone_while_its_result_is_reviewed() -> None:
    life = handled(BEGUN)
    life.do("fire_handler", Complete(result="已处理", evidence=(PHOTO,)))
    life.do("supervisor", Urge(reply_by=at("2026-03-03T18:00"), note="请说明"))
    assert life.case.stage is Stage.REVIEW
    assert "answer_urge" in may(life, "fire_handler")
    assert "answer_urge" not in may(life, "reviewer")


def test_nobody_is_offered_to_answer_their_own_order() -> None:
    both = holding("supervisor", a_grant(Role.HANDLER, FIRE))
    life = handled(BEGUN)
    life.do("supervisor", Urge(reply_by=at("2026-03-03T18:00"), note="请说明"))
    assert "answer_urge" not in may(life, both)
    assert "answer_urge" in may(life, "fire_handler")


def test_an_appeal_is_offered_once_for_a_round_and_to_who_was_late() -> None:
    life = Life(a_timed_policy(), at(BEGUN), category="0103")
    life.do("duty", Accept())
    life.do("duty", Dispatch(host=FIRE))
    wait(life, "2026-03-12T10:00")
    life.do("fire_handler", Complete(result="已处理", evidence=(PHOTO,)))
    life.do("reviewer", FailReview(reason="未到位"))
    closed(life)
    assert "appeal" in may(life, "fire_head")
    life.do("fire_head", Appeal(reason="停电"))
    assert "appeal" not in may(life, "fire_head"), "the second round was in time"
    assert "decide_appeal" not in may(life, holding("fire_head", a_grant(Role.SUPERVISOR)))
    with pytest.raises(NotYours):
        life.do("fire_head", Appeal(reason="停电"))
    assert tasks(life)[TaskKind.DECIDE_APPEAL] == COMMUNITY
