"""Requests, their decisions and their ends: each test is named after the fault that it keeps out."""

from datetime import timedelta

import pytest

from models.commands import (
    Accept,
    Claim,
    Complete,
    Dispatch,
    FailReview,
    GrantExtension,
    GrantReturn,
    GrantSuspension,
    GrantTransfer,
    PassReview,
    Recall,
    Redispatch,
    RefuseReturn,
    RefuseTransfer,
    RefuseVoid,
    Relocate,
    RequestExtension,
    RequestInfo,
    RequestSuspension,
    Resume,
    Retract,
    Return,
    SupplyInfo,
    Transfer,
    Void,
)
from models.commands.report import Location
from models.enums import Outcome, RequestKind, Stage, TaskKind, UrgeCause
from models.errors import (
    InputError,
    LimitReached,
    NoExtensionOnceOverdue,
    NotYours,
    PastCeiling,
    ReasonMissing,
    ReturnSettled,
    SecondPersonNeeded,
    TooLate,
)
from models.facts import RequestLapsed, StepFired, Urged
from rules.scope import standing
from rules.tasks import open_tasks
from tests.builders import ENVIRONMENT, FALLBACK, FIRE, LABOUR, MICRO, person_id
from tests.rules.lives import (
    PHOTO,
    at,
    bodies,
    clock,
    due,
    handled,
    may,
    tasks,
    wait,
    whole,
    whole_due,
    without_roles,
)
from tests.rules.world import EVERYBODY, Life, today, units_to
from tests.timed import a_timed_policy

DONE = Complete(result="已处理", evidence=(PHOTO,))


# --- B6, B12, F6: returns and transfers -----------------------------------------------------------------------------


def test_b6_a_refused_return_is_not_walked_around_by_a_transfer() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Return(reason="不属本部门"))
    life.do("duty", RefuseReturn(reason="属"))
    with pytest.raises(ReturnSettled):
        life.do("fire_head", Transfer(to_department=ENVIRONMENT, reason="转"))


def test_b6_a_transfer_to_another_department_is_asked_refused_and_counted() -> None:
    life = handled("2026-03-02T10:00")
    deadline = due(life)
    life.do("fire_head", Transfer(to_department=ENVIRONMENT, reason="属环保"))
    assert life.case.host == FIRE
    assert tasks(life)[TaskKind.DECIDE_TRANSFER] == ENVIRONMENT
    with pytest.raises(NotYours):
        life.do("fire_head", GrantTransfer())
    life.do("environment_handler", RefuseTransfer(reason="不属环保"))
    with pytest.raises(InputError, match="refused it in this round"):
        life.do("fire_head", Transfer(to_department=ENVIRONMENT, reason="再转"))
    life.do("fire_head", Transfer(to_department=LABOUR, reason="属人社"))
    life.do("labour_head", GrantTransfer())
    assert (life.case.host, due(life)) == (LABOUR, deadline), "passing a case on never resets its clock"
    with pytest.raises(LimitReached, match="2 transfers"):
        life.do("labour_head", Transfer(to_department=FIRE, reason="退回去"))


def test_b7_a_pending_return_stays_with_the_department_and_ends_with_it() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Return(reason="不属本部门"))
    life.do("fire_handler", RequestExtension(until=at("2026-03-04T10:00"), reason="取证"))
    life.do("fire_head", Transfer(to_person="fire_handler_2", reason="换人"), colleague=EVERYBODY["fire_handler_2"])
    assert {TaskKind.DECIDE_RETURN, TaskKind.DECIDE_EXTENSION} <= set(tasks(life))
    life.do("fire_head", Transfer(to_department=LABOUR, reason="属人社"))
    life.do("labour_head", GrantTransfer())
    assert set(tasks(life)) == {TaskKind.HANDLE}, "what the old department asked for has no object"


def test_b12_f6_a_department_that_returned_a_case_takes_it_again_only_for_a_reason() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Return(reason="不属本部门"))
    life.do("duty", GrantReturn())
    with pytest.raises(ReasonMissing) as refused:
        life.do("duty", Dispatch(host=FIRE))
    assert refused.value.pointer == "/note"
    life.do("duty", Dispatch(host=FIRE, note="经研究确属消防"))
    with pytest.raises(ReturnSettled):
        life.do("fire_handler", Return(reason="还是不属"))


def test_returns_are_capped_in_a_round_and_the_third_brings_an_urge_order() -> None:
    life = handled("2026-03-02T10:00")
    for host in (FIRE, LABOUR, ENVIRONMENT):
        if life.case.stage is Stage.DISPATCH:
            life.do("duty", Dispatch(host=host))
        life.do(f"{host}_handler", Return(reason="不属本部门"))
        life.do("duty", GrantReturn())
    assert [body.cause for body in bodies(life, Urged)] == [UrgeCause.THIRD_RETURN]
    life.do("duty", Dispatch(host="police"), departments=({"id": "police"},))


# --- B8, B9: a decision has a deadline, and may be taken back or declined -------------------------------------------


def test_b8_an_undecided_request_has_a_deadline_a_ladder_and_reminders() -> None:
    life = handled("2026-03-02T10:00", "0201", LABOUR)
    life.do("labour_handler", RequestExtension(until=at("2026-03-18T18:00"), reason="取证"))
    (task,) = (task for task in open_tasks(life.case) if task.kind is TaskKind.DECIDE_EXTENSION)
    assert task.due_at == at("2026-03-09T18:00"), "five working days"
    wait(life, "2026-03-20T10:00")
    fired = [body for body in bodies(life, StepFired) if body.request is RequestKind.EXTENSION]
    assert len(fired) >= 3
    assert all(step.reached for step in fired)
    assert all(step.owner is None for step in fired), "it only informs"


def test_b8_an_extension_asked_in_time_may_be_granted_late() -> None:
    """Who asked does not pay for the silence of the desk; that the deadline passed stays on record."""
    life = handled("2026-03-02T10:00")
    until = at("2026-03-04T10:00")
    life.do("fire_handler", RequestExtension(until=until, reason="取证"))
    wait(life, "2026-03-03T11:00")
    assert clock(life).overdue_at is not None
    life.do("duty", GrantExtension())
    assert (clock(life).due_at, clock(life).overdue_at) == (until, None)
    assert clock(life).was_late
    life.do("fire_handler", RequestExtension(until=at("2026-03-04T17:00"), reason="再取证"))


def test_b8_one_asked_late_is_still_refused() -> None:
    life = handled("2026-03-02T10:00")
    wait(life, "2026-03-03T11:00")
    with pytest.raises(NoExtensionOnceOverdue):
        life.do("fire_handler", RequestExtension(until=at("2026-03-04T10:00"), reason="晚了"))


def test_b9_everybody_takes_back_their_own_request_and_nobody_anothers() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Return(reason="不属本部门"))
    with pytest.raises(NotYours, match="who asked"):
        life.do("fire_head", Retract(request=RequestKind.RETURN))
    life.do("fire_handler", RequestExtension(until=at("2026-03-04T10:00"), reason="取证"))
    with pytest.raises(InputError) as refused:
        life.do("fire_handler", Retract())
    assert refused.value.pointer == "/request"
    life.do("fire_handler", Retract(request=RequestKind.RETURN))
    assert (life.case.return_request, life.case.returns) == (None, 0)
    life.do("fire_handler", Retract())
    assert set(tasks(life)) == {TaskKind.HANDLE}


def test_b9_a_proposal_to_void_is_declined_confirmed_by_a_supervisor_or_lapses() -> None:
    life = handled("2026-03-02T10:00")
    life.do("duty", Void(reason="重复"))
    with pytest.raises(SecondPersonNeeded):
        life.do("duty", RefuseVoid(reason="不作废"))
    life.do("duty_2", RefuseVoid(reason="不重复"))
    assert life.case.void_request is None
    life.do("duty", Void(reason="重复"))
    wait(life, "2026-03-20T10:00")
    assert [body.request for body in bodies(life, RequestLapsed)] == [RequestKind.VOID]
    life.do("duty_2", Void(reason="测试"))
    assert life.case.is_open, "weeks later it is a proposal of its own"
    life.do("supervisor", Void(reason="确系测试"))
    assert life.case.outcome is Outcome.VOIDED


# --- B10, B11: pauses and extensions end ----------------------------------------------------------------------------


def test_b10_a_suspension_is_granted_once_in_a_round_and_for_so_long_in_all() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", RequestSuspension(until=at("2026-05-02T10:00"), reason="停产"))
    life.do("supervisor", GrantSuspension())
    life.do("fire_head", Resume())
    with pytest.raises(LimitReached, match="1 suspensions"):
        life.do("fire_handler", RequestSuspension(until=at("2026-05-02T10:00"), reason="又停产"))
    often = handled("2026-03-02T10:00", suspensions=9, suspension_days=10)
    often.do("fire_handler", RequestSuspension(until=at("2026-03-10T10:00"), reason="停产"))
    often.do("supervisor", GrantSuspension())
    wait(often, "2026-03-10T10:00")
    with pytest.raises(TooLate):
        often.do("fire_handler", RequestSuspension(until=at("2026-03-13T10:00"), reason="又停产"))
    often.do("fire_handler", RequestSuspension(until=at("2026-03-12T09:00"), reason="又停产"))


def test_b10_no_pause_moves_a_statutory_deadline_past_its_ceiling() -> None:
    life = handled("2026-03-02T10:00", "0201", LABOUR)
    ceiling = whole(life).plan.ceiling_at  # type: ignore[union-attr]
    assert ceiling is not None
    with pytest.raises(PastCeiling):
        life.do("labour_handler", RequestSuspension(until=ceiling + timedelta(days=1), reason="停产"))
    life.do("labour_handler", RequestSuspension(until=at("2026-04-02T10:00"), reason="停产"))
    life.do("supervisor", GrantSuspension())
    wait(life, "2026-04-03T10:00")
    assert whole_due(life) <= ceiling


def test_b10_questions_are_counted_and_stop_no_statutory_clock() -> None:
    life = Life(a_timed_policy(), at("2026-03-02T10:00"), category="0201")
    deadline = due(life)
    for _ in range(3):
        life.do("duty", RequestInfo(question="几人?"))
        assert clock(life).runs
        life.do("worker", SupplyInfo(note="三人"))
    assert due(life) == deadline
    with pytest.raises(LimitReached, match="requests for information"):
        life.do("duty", RequestInfo(question="还有?"))


def test_2_handlers_and_reviewers_ask_the_reporter_too() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", RequestInfo(question="几号楼?"))
    assert not clock(life).runs
    assert tasks(life)[TaskKind.SUPPLY_INFO] == str(person_id("worker"))
    life.do("worker", SupplyInfo(note="三号楼"))
    life.do("fire_handler", DONE)
    life.do("reviewer", RequestInfo(question="满意吗?"))
    life.do("reviewer", PassReview())
    assert life.case.outcome is Outcome.SOLVED, "a stage that is left waits for no answer"


def test_b11_extensions_are_counted_over_every_dispatch_of_a_round() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", RequestExtension(until=at("2026-03-04T10:00"), reason="取证"))
    life.do("duty", GrantExtension())
    life.do("duty", Recall(reason="再议"))
    life.do("duty", Dispatch(host=LABOUR))
    assert life.case.extensions_granted == 1
    life.do("labour_handler", DONE)
    life.do("reviewer", FailReview(reason="未解决"))
    assert life.case.extensions_granted == 0, "a new round has its own"
    assert life.case.rounds[0].extensions_granted == 1


# --- B15, C1, C2, C5 ------------------------------------------------------------------------------------------------


def test_b15_a_role_that_ended_keeps_no_hand_on_the_case() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Claim())
    gone = without_roles("fire_handler").person
    assert standing(gone, life.case, today(life.now)) == frozenset()
    assert may(life, gone) == ()


def test_b18_a_clock_that_ended_while_stopped_keeps_its_last_deadline() -> None:
    life = handled("2026-03-02T10:00")
    deadline = clock(life).due_at
    life.do("fire_handler", RequestSuspension(until=at("2026-04-02T10:00"), reason="停产"))
    life.do("supervisor", GrantSuspension())
    life.do("duty", Void(reason="重复"))
    life.do("duty_2", Void(reason="重复"))
    assert life.case.past_clocks[-1].due_at == deadline


def test_c1_a_pin_is_corrected_within_its_grid() -> None:
    life = handled("2026-03-02T10:00")
    place = Location(lat=38.001, lon=117.002)
    owner = life.case.owner
    life.do("duty", Relocate(grid=MICRO, location=place, reason="更正坐标"), target_units=units_to(MICRO))
    assert (life.kinds()[-1], life.case.owner) == ("relocated", owner)


def test_c2_a_report_whose_category_was_retired_is_accepted_as_it_was_received() -> None:
    life = Life(a_timed_policy(), at("2026-03-02T10:00"), category="0201")
    newer = a_timed_policy()
    newer = newer.model_copy(update={"categories": tuple(c for c in newer.categories if c.code != "0201")})
    life.do("duty", Accept(), policy=newer, policy_version=2, received_under=life.policy)
    assert (life.case.stage, life.case.policy_version) == (Stage.DISPATCH, 1)


def test_c5_what_fell_to_the_fallback_owner_the_fallback_owner_decides() -> None:
    bare = tuple(u.model_copy(update={"staffed": frozenset(), "holders": ()}) for u in units_to(MICRO))
    life = Life(a_timed_policy(), at("2026-03-02T10:00"), category="0103")
    life.do("duty", Relocate(grid=MICRO, location=Location(lat=38, lon=117), reason="更正"), target_units=bare)
    life.do("duty", Accept())
    life.do("duty", Dispatch(host=FIRE))
    life.do("fire_handler", RequestSuspension(until=at("2026-03-09T10:00"), reason="停产"))
    assert tasks(life)[TaskKind.DECIDE_SUSPENSION] == str(person_id(FALLBACK))
    assert "grant_suspension" in may(life, FALLBACK)
    life.do(FALLBACK, GrantSuspension())


def test_a_request_left_without_an_object_ends_with_a_fact() -> None:
    """Nothing that somebody asked for vanishes: completing, recalling and redispatching say what lapsed."""
    life = handled("2026-03-02T08:30")
    life.do("fire_head", RequestExtension(until=at("2026-03-03T10:00"), reason="取证"))
    life.do("fire_head", Complete(result="已处理", evidence=(PHOTO,)))
    assert list(bodies(life, RequestLapsed))[-1].request is RequestKind.EXTENSION
    assert life.kinds()[-2:] == ["request_lapsed", "completed"]

    life = handled("2026-03-02T08:30")
    life.do("fire_head", Return(reason="不属本部门"))
    life.do("duty", Redispatch(host=LABOUR, reason="属人社"))
    assert life.kinds()[-2:] == ["request_lapsed", "redispatched"]

    life = handled("2026-03-02T08:30")
    life.do("fire_head", Return(reason="不属本部门"))
    life.do("duty", GrantReturn())
    assert "request_lapsed" not in life.kinds(), "it was granted"


def test_proposing_to_void_leaves_a_question_to_the_reporter_open() -> None:
    life = Life(a_timed_policy(), at("2026-03-02T08:30"))
    life.do("duty", RequestInfo(question="几号楼"))
    life.do("duty", Void(reason="误报"))
    assert life.case.info_request is not None
