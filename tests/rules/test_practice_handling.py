"""Who may act while a case is handled: each test is named after the fault that it keeps out."""

import pytest

from models.commands import (
    Abort,
    Acknowledge,
    AddCoHandler,
    AnswerUrge,
    CancelUrge,
    Claim,
    Complete,
    Convene,
    Dispatch,
    Escalate,
    FailReview,
    Recall,
    Recategorise,
    Redispatch,
    Release,
    ReleaseCoHandler,
    Relocate,
    ReportProgress,
    SendBack,
    Transfer,
    Urge,
    WakeUp,
)
from models.context import Claimant
from models.enums import EscalationMode, Level, OwnerKind, Role, Stage, TaskKind
from models.errors import (
    CoHandlerHasReported,
    CoHandlersMissing,
    HostAmongCoHandlers,
    LevelNotHigher,
    NotACoHandler,
    NothingToChange,
    NotNow,
    NotYours,
    UnknownDepartment,
    UnknownPerson,
)
from models.facts import Reminded, StepFired
from rules.scope import may_see
from tests.builders import (
    COMMUNITY,
    ENVIRONMENT,
    FIRE,
    GRID,
    LABOUR,
    MICRO_2,
    OTHER_MICRO,
    PARK,
    person_id,
)
from tests.rules.lives import (
    PHOTO,
    a_grant,
    at,
    bodies,
    clock,
    deputy_of,
    due,
    handled,
    holding,
    may,
    tasks,
    wait,
    without_roles,
)
from tests.rules.world import EVERYBODY, Life, today, units_to

DONE = Complete(result="已处理", evidence=(PHOTO,))


def steps(life: Life) -> list[StepFired]:
    """The steps of the stage's ladder so far."""
    return [body for body in bodies(life, StepFired) if body.urge is None and body.request is None]


# --- A3: nobody can take a case away from a department that sits on it ----------------------------------------------


def test_a3a_the_desk_recalls_or_redispatches_a_wrong_dispatch_at_once() -> None:
    life = handled("2026-03-02T10:00")
    deadline = due(life)
    wait(life, "2026-03-02T11:00")
    life.do("duty", Redispatch(host=ENVIRONMENT, reason="派错"))
    assert (life.case.host, due(life)) == (ENVIRONMENT, deadline), "the clock runs on"
    assert tasks(life) == {TaskKind.HANDLE: ENVIRONMENT}
    life.do("duty", Recall(reason="再议"))
    assert (life.case.stage, life.case.host, life.case.owner) == (Stage.DISPATCH, None, life.case.desk)
    life.do("duty", SendBack(reason="地点有误"))
    assert life.case.stage is Stage.RECEIVE


def test_a3b_whoever_a_case_climbed_to_can_act() -> None:
    """The unit that owns the case now redispatches, recalls, adds and releases co-handlers."""
    life = handled("2026-03-02T10:00")
    life.do("supervisor", Escalate(reason="拖延", to_level=Level.COMMUNITY))
    assert life.case.owner is not None
    assert (life.case.owner.kind, life.case.owner.id) == (OwnerKind.UNIT, COMMUNITY)
    open_to = may(life, "community_supervisor")
    assert {"redispatch", "recall", "add_co_handler", "convene"} <= set(open_to)
    life.do("community_supervisor", Redispatch(host=LABOUR, reason="属人社"))
    assert life.case.host == LABOUR


def test_a3c_a_claim_ends_with_the_role_that_it_rests_on() -> None:
    """The colleague of a claimant who left takes over, though the department has no head at work."""
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Claim())
    gone = without_roles("fire_handler")
    life.do("fire_handler_2", DONE, claimant=gone)
    assert life.kinds()[-2:] == ["claim_ended", "completed"]


def test_a3c_a_wake_up_ends_the_claim_without_anybodys_command() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Claim())
    life.do(None, WakeUp(moment=life.now), claimant=Claimant(person=EVERYBODY["fire_handler"]))
    assert life.kinds()[-1] == "claimed", "who still holds the role keeps the claim"
    life.do(None, WakeUp(moment=life.now), claimant=without_roles("fire_handler"))
    assert life.kinds()[-1] == "claim_ended"
    assert tasks(life) == {TaskKind.HANDLE: FIRE}
    assert "claim" in may(life, "fire_handler_2")


def test_a3d_the_deputy_of_a_claimant_on_leave_acts_for_the_claim() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Claim())
    deputy = deputy_of("fire_handler", "labour_handler", life)
    with pytest.raises(NotYours):
        life.do("fire_handler_2", DONE)
    assert "complete" in may(life, deputy)
    life.do("labour_handler", DONE, person=deputy)
    assert life.case.stage is Stage.REVIEW


def test_a3d_the_steps_of_the_ladder_reach_the_deputy_and_without_one_the_department() -> None:
    absent = Claimant(person=EVERYBODY["fire_handler"], absent=True, deputy=person_id("labour_handler"))
    told = []
    for claimant in (absent, absent.model_copy(update={"deputy": None})):
        life = handled("2026-03-02T10:00")
        life.do("fire_handler", Claim())
        assert clock(life).plan is not None
        life.now = clock(life).plan.rungs[0]  # type: ignore[union-attr]
        life.do(None, WakeUp(moment=life.now), claimant=claimant)
        told.append(steps(life)[0].reached[0])
    assert [found.people for found in told] == [(person_id("labour_handler"),), ()]
    assert {found.department for found in told} == {FIRE}


def test_a3e_a_recategorised_case_is_redispatched_to_the_department_it_suggests() -> None:
    life = handled("2026-03-02T10:00")
    life.do("duty", Recategorise(category="0201", reason="实为欠薪"))
    assert (life.case.host, life.case.suggested_host) == (FIRE, LABOUR)
    life.do("duty", Redispatch(host=life.case.suggested_host, reason="改类"))
    assert life.case.host == LABOUR


def test_bad_input_of_a_redispatch_is_refused_with_its_field_and_nothing_is_stored() -> None:
    life = handled("2026-03-02T10:00", co_handlers=(LABOUR,))
    known = len(life.facts)
    for host, error, pointer in (
        (FIRE, NothingToChange, "/host"),
        ("nobody", UnknownDepartment, "/host"),
        (LABOUR, HostAmongCoHandlers, "/host"),
    ):
        with pytest.raises(error) as refused:
            life.do("duty", Redispatch(host=host, reason="改派"))
        assert refused.value.pointer == pointer
    assert len(life.facts) == known
    life.do("duty", Redispatch(host=LABOUR, co_handlers=(), reason="改派"))


# --- A4: relocated out of the host's reach --------------------------------------------------------------------------


def test_a4_a_place_out_of_the_hosts_reach_takes_the_case_back_to_dispatch() -> None:
    """The new park's desk has it, and can dispatch it; nobody is left with a case they may not see."""
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Claim())
    life.do("duty", Relocate(grid=OTHER_MICRO, reason="在另一园区"), target_units=units_to(OTHER_MICRO),
            host_reaches=False)  # fmt: skip
    assert (life.case.stage, life.case.host, life.case.claimed_by) == (Stage.DISPATCH, None, None)
    assert "dispatch" in may(life, "other_duty")
    life.do("other_duty", Dispatch(host=LABOUR))
    assert may_see(EVERYBODY["labour_handler"], life.case, today(life.now))


def test_a4_a_place_within_reach_leaves_the_case_with_its_host() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Claim())
    life.do("duty", Relocate(grid=MICRO_2, reason="在隔壁"), target_units=units_to(MICRO_2), host_reaches=True)
    assert (life.case.stage, life.case.host) == (Stage.HANDLE, FIRE)


def test_a4_a_case_that_failed_its_review_out_of_reach_goes_to_dispatch() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", DONE)
    life.do("duty", Relocate(grid=OTHER_MICRO, reason="在另一园区"), target_units=units_to(OTHER_MICRO))
    other = holding("other_duty", a_grant(Role.REVIEWER, grid="330603010"))
    life.do("other_duty", FailReview(reason="未解决"), person=other, host_reaches=False)
    assert (life.case.stage, life.case.host) == (Stage.DISPATCH, None)


# --- A7: acknowledging again and again ------------------------------------------------------------------------------


def test_a7_acknowledging_holds_each_step_once() -> None:
    """The first acknowledgement holds a step; when it has lapsed, only progress could hold it again."""
    life = handled("2026-03-02T08:30")
    life.do("fire_handler", Claim())
    life.do("fire_handler", Acknowledge())
    with pytest.raises(NotNow):
        life.do("fire_handler", Acknowledge())
    wait(life, "2026-03-03T08:29")
    assert "acknowledgement_lapsed" in life.kinds()
    assert steps(life), "the step that was held fires once it lapses"


def test_a7_an_acknowledgement_never_holds_past_the_deadline() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Claim())
    life.do("fire_handler", Acknowledge())
    wait(life, "2026-03-02T17:59")
    deadline = due(life)
    assert life.case.acknowledged_until is not None
    assert life.case.acknowledged_until <= deadline
    wait(life, "2026-04-20T10:00")
    assert len(steps(life)) >= 4
    assert next(bodies(life, Reminded), None) is not None


def test_a7_past_the_deadline_it_is_noted_once_and_the_ladder_goes_on() -> None:
    life = handled("2026-03-02T10:00")
    wait(life, "2026-03-03T10:01")
    assert clock(life).overdue_at is not None
    before = clock(life).plan
    owner_is = "community_supervisor" if "acknowledge" in may(life, "community_supervisor") else "worker"
    life.do(owner_is, Acknowledge())
    assert (life.case.acknowledged_by, clock(life).plan) == (None, before)
    with pytest.raises(NotNow):
        life.do(owner_is, Acknowledge())


# --- A8: a co-handler who never answers -----------------------------------------------------------------------------


def test_a8_a_silent_co_handler_is_released_and_the_host_completes() -> None:
    life = handled("2026-03-02T10:00", co_handlers=(LABOUR,))
    with pytest.raises(CoHandlersMissing):
        life.do("fire_handler", DONE)
    life.do("duty", ReleaseCoHandler(department=LABOUR, reason="无需协办"))
    assert TaskKind.CO_HANDLE not in {key.partition(":")[0] for key in tasks(life)}
    life.do("fire_handler", DONE)
    assert life.case.stage is Stage.REVIEW


def test_a8_the_ladder_reaches_a_co_handler_who_owes_the_report() -> None:
    life = handled("2026-03-02T10:00", co_handlers=(LABOUR, ENVIRONMENT))
    life.do("environment_handler", ReportProgress(note="已配合"))
    wait(life, "2026-03-03T10:01")
    told = {reached.department for step in steps(life) for reached in step.reached}
    assert LABOUR in told
    assert ENVIRONMENT not in told


def test_a8_a_deputy_of_two_co_handlers_reports_for_each() -> None:
    life = handled("2026-03-02T10:00", co_handlers=(LABOUR, ENVIRONMENT))
    both = holding("labour_handler", a_grant(Role.HANDLER, ENVIRONMENT))
    for _ in range(2):
        life.do("labour_handler", ReportProgress(note="已配合"), person=both)
    assert all(helper.reported_at for helper in life.case.co_handlers)
    life.do("fire_handler", DONE)


def test_a8_after_a_failed_review_whoever_failed_reports_again() -> None:
    life = handled("2026-03-02T10:00", co_handlers=(LABOUR, ENVIRONMENT))
    life.do("labour_handler", ReportProgress(note="已配合"))
    life.do("environment_handler", ReportProgress(note="已配合"))
    life.do("fire_handler", DONE)
    with pytest.raises(NotACoHandler) as refused:
        life.do("reviewer", FailReview(reason="人社部分不实", departments=(FIRE,)))
    assert refused.value.pointer == "/departments/0"
    life.do("reviewer", FailReview(reason="人社部分不实", departments=(LABOUR,)))
    assert f"{TaskKind.CO_HANDLE}:{LABOUR}" in tasks(life)
    with pytest.raises(CoHandlersMissing, match="labour"):
        life.do("fire_handler", DONE)
    life.do("labour_handler", ReportProgress(note="已补"))
    life.do("fire_handler", DONE)


def test_bad_input_about_co_handlers_is_refused_with_its_field() -> None:
    life = handled("2026-03-02T10:00", co_handlers=(LABOUR,))
    life.do("labour_handler", ReportProgress(note="已配合"))
    with pytest.raises(CoHandlerHasReported) as reported:
        life.do("duty", ReleaseCoHandler(department=LABOUR, reason="多余"))
    with pytest.raises(NotACoHandler) as stranger:
        life.do("duty", ReleaseCoHandler(department=ENVIRONMENT, reason="多余"))
    with pytest.raises(HostAmongCoHandlers) as host:
        life.do("fire_handler", AddCoHandler(departments=(ENVIRONMENT, FIRE)))
    assert (reported.value.pointer, stranger.value.pointer) == ("/department", "/department")
    assert host.value.pointer == "/departments/1"
    life.do("fire_handler", AddCoHandler(departments=(ENVIRONMENT,)))
    assert f"{TaskKind.CO_HANDLE}:{ENVIRONMENT}" in tasks(life)


# --- A9: urge orders ------------------------------------------------------------------------------------------------


def test_a9_an_urge_order_is_owed_by_whoever_handles_also_after_the_case_climbed_and_in_review() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Claim())
    life.do("supervisor", Escalate(reason="拖延", to_level=Level.PARK))
    life.do("supervisor", Urge(reply_by=at("2026-03-10T10:00"), note="速办"))
    owed = f"{TaskKind.ANSWER_URGE}:1"
    assert tasks(life)[owed] == str(person_id("fire_handler"))
    life.do("fire_handler", DONE)
    assert tasks(life)[owed] == str(person_id("fire_handler"))
    assert "answer_urge" in may(life, "fire_handler")
    life.do("fire_handler", AnswerUrge(note="已办结"))
    assert owed not in tasks(life)


def test_a9_nobody_answers_their_own_urge_order() -> None:
    life = handled("2026-03-02T10:00")
    life.do("supervisor", Escalate(reason="拖延", to_level=Level.PARK))
    life.do("supervisor", Urge(reply_by=at("2026-03-10T10:00"), note="速办"))
    with pytest.raises(NotYours, match="gave the order"):
        life.do("supervisor", AnswerUrge(note="知道了"), person=holding("supervisor", a_grant(Role.HANDLER, FIRE)))
    life.do("supervisor", CancelUrge(reason="误发"))
    assert not any(order.is_open for order in life.case.urges)


# --- C4, 10: 越级, and a meeting while it is handled ------------------------------------------------------------------


def test_c4_an_emergency_reaches_the_park_in_one_command() -> None:
    life = handled("2026-03-02T10:00")
    life.do("supervisor", Escalate(reason="险情", to_level=Level.PARK))
    assert (life.case.level, life.case.owner and life.case.owner.id) == (Level.PARK, PARK)
    with pytest.raises(NotNow, match="top level"):
        life.do("supervisor", Escalate(reason="险情", to_level=Level.COMMUNITY))


def test_escalating_downward_is_refused_with_its_field() -> None:
    life = handled("2026-03-02T10:00")
    life.do("supervisor", Escalate(reason="险情", to_level=Level.COMMUNITY))
    with pytest.raises(LevelNotHigher) as refused:
        life.do("supervisor", Escalate(reason="退回", to_level=Level.GRID))
    assert refused.value.pointer == "/to_level"


def test_b1_being_informed_takes_nothing_away() -> None:
    """Informing twice neither raises the level nor skips one when somebody then acts."""
    life = handled("2026-03-02T10:00")
    for _ in range(2):
        life.do("supervisor", Escalate(mode=EscalationMode.INFORM, reason="知会"))
        assert life.case.level is Level.MICRO_GRID
    life.do("supervisor", Escalate(reason="接手"))
    assert (life.case.level, life.case.owner and life.case.owner.id) == (Level.GRID, GRID)


def test_b2_escalating_after_a_relocation_goes_up() -> None:
    life = handled("2026-03-02T10:00")
    life.do("supervisor", Escalate(reason="险情", to_level=Level.PARK))
    life.do("duty", Relocate(grid=MICRO_2, reason="在隔壁"), target_units=units_to(MICRO_2))
    at_level, owner = life.case.level, life.case.owner
    assert owner is not None
    assert at_level == {PARK: Level.PARK, COMMUNITY: Level.COMMUNITY}[owner.id]
    if at_level > Level.PARK:
        life.do("supervisor", Escalate(reason="再升"))
        assert life.case.level < at_level


def test_f7_a_hard_case_is_discussed_while_it_is_handled() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_head", Convene(departments=(ENVIRONMENT,), meet_at=at("2026-03-03T10:00"), note="会商"))
    assert life.case.stage is Stage.HANDLE
    assert f"{TaskKind.RESPOND}:{ENVIRONMENT}" in tasks(life)


def test_a_claim_is_passed_to_a_colleague_only_who_holds_a_role_there() -> None:
    life = handled("2026-03-02T10:00")
    with pytest.raises(UnknownPerson):
        life.do("fire_head", Transfer(to_person="labour_head", reason="换人"), colleague=EVERYBODY["labour_head"])
    life.do("fire_head", Transfer(to_person="fire_handler", reason="换人"), colleague=EVERYBODY["fire_handler"])
    life.do("fire_head", Release(reason="轮休"))
    life.do("fire_head", Abort(reason="当事人不配合"))
