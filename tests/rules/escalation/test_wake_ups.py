"""The ladder: who is reached, when, once; what holds it, and what it leads to."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from models.case import Owner
from models.commands import (
    Accept,
    Acknowledge,
    Adopt,
    AnswerUrge,
    Claim,
    Command,
    Complete,
    Dispatch,
    Escalate,
    FailReview,
    GrantReturn,
    Recategorise,
    Recompute,
    Redispatch,
    RefuseReturn,
    ReportProgress,
    Return,
    SelfClose,
    Urge,
    WakeUp,
)
from models.context import Holder, Unit
from models.enums import EscalationMode, Level, Light, OwnerKind, Role, Stage, TaskKind, UrgeCause
from models.errors import NoSuchVersion, TimeNotLater, UnknownCondition, VersionNotNewer
from models.facts import LightChanged, Overdue, StepFired, Urged
from rules.escalation.wake_ups import next_wake_up
from rules.scope import may_see, standing
from rules.simulation.rehearsal import rehearse
from rules.tasks import open_tasks
from tests.builders import COMMUNITY, FIRE, GRID, LABOUR, MICRO, PARK, person_id
from tests.rules.lives import PHOTO, SHANGHAI, at, due, handled, wait
from tests.rules.world import EVERYBODY, Life, units_to
from tests.timed import a_timed_policy, length, limit, office


def steps(life: Life) -> list[StepFired]:
    """The steps of stages that have fired."""
    return [f.body for f in life.facts if isinstance(f.body, StepFired) and f.body.urge is None]


def test_the_host_is_told_then_the_levels_climb_and_the_case_goes_with_them() -> None:
    life = handled("2026-03-02T08:30")
    wait(life, "2026-03-02T14:01")
    assert [(s.step, s.reached[0].department, s.owner) for s in steps(life)] == [(1, FIRE, None)]
    wait(life, "2026-03-02T18:01")
    first, second = steps(life)
    assert second.owner == Owner(kind=OwnerKind.UNIT, id=GRID)
    assert (second.level, life.case.level) == (Level.GRID, Level.GRID)
    assert second.reached[0].people == (person_id("worker"),)
    assert life.case.host == FIRE, "the department still handles it"
    wait(life, "2026-03-04T18:00")
    assert life.case.owner == Owner(kind=OwnerKind.UNIT, id=PARK)
    assert may_see(EVERYBODY["worker"], life.case, at("2026-03-04T18:00").date()), "who owned it before reads on"
    assert may_see(EVERYBODY["fire_handler"], life.case, at("2026-03-04T18:00").date())
    assert first.planned_at < second.planned_at


def test_a_step_without_a_live_target_falls_through_at_once_and_names_the_vacancy() -> None:
    life = handled("2026-03-02T08:30")
    wait(life, "2026-03-03T14:01")
    third = steps(life)[2]
    assert [(v.role, v.unit) for v in third.vacancies] == [(Role.SUPERVISOR, GRID)]
    assert third.owner == Owner(kind=OwnerKind.UNIT, id=COMMUNITY)
    assert third.reached[0].people == (person_id("community_supervisor"),)


def test_with_nobody_anywhere_the_fallback_owner_has_it() -> None:
    life = handled("2026-03-02T08:30")
    empty: tuple[Unit, ...] = tuple(unit.model_copy(update={"holders": ()}) for unit in units_to(MICRO))
    while not any(step.owner for step in steps(life)):
        life.now = next_wake_up(life.case) or life.now
        life.do(None, WakeUp(moment=life.now), units=empty)
    assert life.case.owner == Owner(kind=OwnerKind.PERSON, id=str(person_id("fallback")))
    assert life.case.level is Level.PARK


def test_people_are_resolved_when_the_step_fires() -> None:
    """Whoever holds the role then: here the grid worker has left in the meantime, and a colleague came."""
    life = handled("2026-03-02T08:30")
    wait(life, "2026-03-02T17:00")
    colleague = person_id("volunteer")
    holder = Holder(role=Role.GRID_WORKER, person=colleague)
    units = tuple(unit.model_copy(update={"holders": (holder,)}) for unit in units_to(MICRO))
    life.now = at("2026-03-02T18:00")
    life.do(None, WakeUp(moment=life.now), units=units)
    assert steps(life)[1].reached[0].people == (colleague,)


def test_the_light_turns_with_a_fact() -> None:
    life = handled("2026-03-02T08:30")
    wait(life, "2026-03-02T16:00")
    assert light(life) == Light.YELLOW
    assert [f.body.light for f in life.facts if isinstance(f.body, LightChanged)] == [Light.YELLOW]
    wait(life, "2026-03-02T18:00")
    assert light(life) == Light.RED


def light(life: Life) -> Light:
    """The light on record."""
    assert life.case.clock is not None
    return life.case.clock.light


def test_an_acknowledgement_holds_the_ladder_and_lapses_into_the_step_where_it_stopped() -> None:
    life = handled("2026-03-02T08:30")
    wait(life, "2026-03-02T17:30")
    life.do("fire_head", Acknowledge(note="在路上"))
    assert life.case.acknowledged_until == at("2026-03-02T18:00"), "eight work hours, and never past the deadline"
    wait(life, "2026-03-02T17:59")
    assert len(steps(life)) == 1
    wait(life, "2026-03-02T18:00")
    assert any(isinstance(f.body, Overdue) for f in life.facts)
    assert len(steps(life)) == 2
    assert steps(life)[1].planned_at == at("2026-03-02T18:00")
    assert life.case.acknowledged_by is None


def test_progress_keeps_an_acknowledgement_alive() -> None:
    life = handled("2026-03-02T08:30")
    life.do("fire_head", Acknowledge(note="在路上"))
    wait(life, "2026-03-02T17:00")
    life.do("fire_head", ReportProgress(note="已到现场"))
    assert life.case.acknowledged_until == at("2026-03-02T18:00"), "progress holds it on, up to the deadline"


def test_the_last_step_repeats_then_daily_reminders_and_the_consultation_list() -> None:
    life = handled("2026-03-02T08:30")
    wait(life, "2026-03-10T18:00")
    assert [s.step for s in steps(life)] == [1, 2, 3, 4, 5, 6]
    assert steps(life)[-1].consultation
    assert life.case.consultation_at is not None
    reminded = [f.at for f in life.facts if f.body.kind == "reminded"]
    assert len(reminded) >= 3
    assert {later - earlier for earlier, later in pairwise(reminded)} == {timedelta(days=1)}


def test_overdue_at_the_top_brings_an_urge_order_once_with_a_ladder_of_its_own() -> None:
    life = handled("2026-03-02T08:30")
    wait(life, "2026-03-10T18:00")
    urged = [f.body for f in life.facts if isinstance(f.body, Urged)]
    assert [u.cause for u in urged] == [UrgeCause.OVERDUE_AT_THE_TOP]
    assert "urge_overdue" in life.kinds()
    called = [f.body for f in life.facts if isinstance(f.body, StepFired) and f.body.urge == 1]
    assert [c.reached[0].role for c in called] == [Role.SUPERVISOR]
    assert all(c.owner is None for c in called), "an urge order never moves the case"


def test_an_answered_urge_order_climbs_no_further() -> None:
    life = handled("2026-03-02T08:30")
    life.do("supervisor", Urge(reply_by=at("2026-03-02T16:00"), note="速办"))
    life.do("fire_head", AnswerUrge(note="已派人"))
    wait(life, "2026-03-02T17:00")
    assert "urge_overdue" not in life.kinds()


def test_an_urge_order_without_a_deadline_ahead_is_refused() -> None:
    life = handled("2026-03-02T08:30")
    with pytest.raises(TimeNotLater):
        life.do("supervisor", Urge(reply_by=at("2026-03-02T08:00"), note="速办"))


def test_a_third_return_brings_an_urge_order() -> None:
    life = handled("2026-03-02T08:30")
    departments = (("fire_handler", FIRE), ("labour_handler", LABOUR), ("environment_handler", "environment"))
    for place, (who, _) in enumerate(departments):
        life.do(who, Return(reason="不属本部门"))
        if place < 2:
            life.do("duty", GrantReturn())
            life.do("duty", Dispatch(host=departments[place + 1][1]))
    assert [f.body.cause for f in life.facts if isinstance(f.body, Urged)] == [UrgeCause.THIRD_RETURN]
    life.do("duty", RefuseReturn(reason="到此为止"))


def test_a_second_failed_review_brings_an_urge_order() -> None:
    life = handled("2026-03-02T08:30")
    for _ in range(2):
        life.do("fire_head", Complete(result="好了", evidence=(PHOTO,)))
        life.do("reviewer", FailReview(reason="没好"))
    assert [f.body.cause for f in life.facts if isinstance(f.body, Urged)] == [UrgeCause.SECOND_FAILED_REVIEW]


def test_urgent_cases_start_at_the_top() -> None:
    life = Life(a_timed_policy(), at("2026-03-02T22:00"), category="0103", severity="urgent")
    assert due(life).hour == 22, "quarter of an hour, at night too"
    assert due(life).minute == 15


def small(life_at: str = "2026-03-02T09:00") -> Life:
    """A small thing in the first micro-grid."""
    conditions = [{"code": "small", "name_zh": "小", "name_en": "small", "standard": "small"}]
    policy = a_timed_policy()
    categories = [{**c.model_dump(), "conditions": conditions, "limits": None} for c in policy.categories]
    return Life(a_timed_policy(categories=categories), at(life_at), category="0302")


def test_small_things_stay_low_and_the_volunteer_settles_them() -> None:
    life = small()
    assert life.case.owner == Owner(kind=OwnerKind.UNIT, id=MICRO)
    assert life.case.level is Level.MICRO_GRID
    assert life.case.desk.id == COMMUNITY
    who = standing(EVERYBODY["volunteer"], life.case, life.now.date())
    assert "grid_worker" in who
    life.do("volunteer", SelfClose(result="清走了", evidence=(PHOTO,)))
    assert life.case.stage is Stage.REVIEW, "settled on the spot is still reviewed"


def test_small_things_climb_when_they_cant_be_settled_in_time() -> None:
    life = small()
    wait(life, "2026-03-02T11:00")
    assert life.case.owner == Owner(kind=OwnerKind.UNIT, id=GRID)
    life.do("duty", Accept())
    assert life.case.owner == life.case.desk


def test_a_typhoon_moves_every_running_deadline_with_a_fact() -> None:
    life = handled("2026-03-02T10:00")
    before = due(life)
    closed = office(closures=({"since": "2026-03-03", "until": "2026-03-04", "reason": "台风"},))
    life.do(None, Recompute(version=2), calendars=(closed,), calendars_version=2)
    assert due(life) == before + timedelta(days=2)
    (changed,) = life.facts[-1].body.clocks  # type: ignore[union-attr]
    assert (changed.old_due_at, changed.due_at) == (before, due(life))
    known = len(life.facts)
    life.do(None, Recompute(version=2), calendars=(closed,), calendars_version=2)
    assert len(life.facts) == known, "counted anew only once"


@pytest.mark.parametrize("fired", range(1, 7))
def test_counting_anew_by_the_same_calendars_changes_nothing_on_any_step_of_the_ladder(fired: int) -> None:
    life = handled("2026-03-02T08:30")
    while len(steps(life)) < fired:
        moment = next_wake_up(life.case)
        assert moment is not None
        wait(life, moment.astimezone(SHANGHAI).isoformat())
    known = len(life.facts)
    life.do(None, Recompute(version=2), calendars_version=2)
    assert [f.body.kind for f in life.facts[known:]] == []


def test_counting_anew_leaves_an_acknowledged_ladder_put_off() -> None:
    life = handled("2026-03-02T08:30")
    wait(life, "2026-03-02T17:30")
    life.do("fire_head", Acknowledge(note="在路上"))
    known = len(life.facts)
    life.do(None, Recompute(version=2), calendars_version=2)
    wait(life, "2026-03-02T17:59")
    assert len(steps(life)) == 1
    assert not any(f.body.kind == "recomputed" for f in life.facts[known:])


def test_a_case_keeps_its_policy_until_somebody_adopts_a_newer_one() -> None:
    life = handled("2026-03-02T10:00")
    longer = a_timed_policy(standards=[s.model_copy(update={"handle": limit(16)}).model_dump() for s in _standards()])
    with pytest.raises(NoSuchVersion):
        life.do("duty", Adopt(version=2, reason="x"))
    with pytest.raises(VersionNotNewer):
        life.do("duty", Adopt(version=1, reason="x"), adoptable=longer)
    before = due(life)
    life.do("supervisor", Adopt(version=2, reason="新标准"), adoptable=longer)
    assert due(life) == before + timedelta(days=1)
    assert life.case.policy_version == 2


def _standards() -> Any:
    return a_timed_policy().standards


def test_an_unknown_condition_is_refused() -> None:
    life = Life(a_timed_policy(), at("2026-03-02T10:00"), category="0103")
    with pytest.raises(UnknownCondition, match="blocked, narrowed, small"):
        life.do("duty", Accept(condition="nothing"))


def test_a_claim_does_not_take_an_escalated_case_down_again() -> None:
    life = handled("2026-03-02T08:30")
    wait(life, "2026-03-02T18:01")
    life.do("fire_handler", Claim())
    assert life.case.owner == Owner(kind=OwnerKind.UNIT, id=GRID)


def test_a_year_is_rehearsed_without_a_finding() -> None:
    assert list(rehearse(a_timed_policy(), [at("2026-02-13T17:59"), at("2026-12-31T17:59")])) == []


def test_a_rehearsal_finds_a_limit_past_its_own_ceiling() -> None:
    too_long = limit(20, ceiling=length(8))
    broken = a_timed_policy(standards=[s.model_copy(update={"handle": too_long}).model_dump() for s in _standards()])
    found = list(rehearse(broken, [at("2026-03-02T10:00")]))
    assert found
    assert "ceiling" in found[0].en


def test_modes_are_to_act_or_to_be_informed() -> None:
    life = handled("2026-03-02T08:30")
    wait(life, "2026-03-02T18:01")
    modes = [reached.mode for reached in steps(life)[1].reached]
    assert modes == [EscalationMode.ACT, EscalationMode.INFORM]
    assert due(life).tzinfo is SHANGHAI


def test_an_acknowledgement_without_an_end_never_puts_an_overdue_case_to_sleep() -> None:
    """The ladder stands still for good; the case is said again every day all the same."""
    endless = [{**ladder.model_dump(), "acknowledged_for": None} for ladder in a_timed_policy().ladders]
    for first, then in (("2026-03-02T18:30", "2026-03-02T18:30"), ("2026-03-02T17:00", "2026-03-02T18:00")):
        life = handled("2026-03-02T08:30", ladders=endless)
        wait(life, first)
        life.do("worker" if life.case.clock and life.case.clock.overdue_at else "fire_head", Acknowledge(note="在路上"))
        wait(life, then)
        wake = next_wake_up(life.case)
        assert wake is not None, "no open case without a next wake-up"
        assert at(then) < wake <= at(then) + timedelta(days=1)


def test_an_overdue_case_that_loses_its_ladder_is_reminded_of() -> None:
    """Another category's ladder has no step left: without a reminder, its workflow would have nothing to wait for."""
    policy = a_timed_policy()
    short = {"code": "short", "rungs": [{"fraction": 0.5, "targets": [{"host": True}]}]}
    standards = [s.model_dump() | ({"ladder": "short", "whole": None} if s.code == "lawful" else {})
                 for s in policy.standards]  # fmt: skip
    ladders = [*(ladder.model_dump() for ladder in policy.ladders), short]
    life = handled("2026-03-02T08:30", standards=standards, ladders=ladders)
    wait(life, "2026-03-02T18:30")
    life.do("duty", Recategorise(category="0201", reason="实为欠薪"))
    assert life.case.clock is not None
    assert life.case.clock.overdue_at is None, "the new limit is not over yet"
    assert life.case.clock.was_late, "the deadline that was missed stays on record"
    due_at = life.case.due_at
    assert due_at is not None
    wait(life, due_at.astimezone(SHANGHAI).isoformat())
    assert life.kinds()[-1] == "overdue"
    assert next_wake_up(life.case) == life.now + timedelta(days=1), "no step is left: it is said again day by day"


def test_a_case_found_asleep_is_woken() -> None:
    """As earlier code could leave one: the next wake-up, or any command, sets a reminder."""
    life = handled("2026-03-02T08:30")
    wait(life, "2026-03-02T18:30")
    life.case = life.case.model_copy(update={"acknowledged_by": person_id("worker"), "acknowledged_until": None})
    assert next_wake_up(life.case) is None
    life.do(None, WakeUp(moment=life.now))
    assert life.kinds()[-1] == "reminded"
    assert next_wake_up(life.case) == life.now + timedelta(days=1)
    life.do(None, WakeUp(moment=life.now))
    assert life.kinds().count("reminded") == 1


def test_an_acknowledgement_ends_when_the_case_becomes_somebody_elses() -> None:
    """Whoever has it now has not taken note: it is on their list, and the ladder goes on."""
    taken: dict[str, tuple[str, Command]] = {
        "escalate": ("supervisor", Escalate(mode=EscalationMode.ACT, reason="久拖")),
        "redispatch": ("duty", Redispatch(host=LABOUR, reason="属人社")),
    }
    for name, (by, command) in taken.items():
        life = handled("2026-03-02T08:30")
        life.do("fire_handler", Claim())
        life.do("fire_handler", Acknowledge(note="在路上"))
        life.do("supervisor", Escalate(mode=EscalationMode.INFORM, reason="知悉"))
        assert life.case.acknowledged_by == person_id("fire_handler")
        life.do(by, command)
        assert life.kinds()[-1] == "acknowledgement_lapsed", name
        assert life.case.acknowledged_by is None
    life = handled("2026-03-02T08:30")
    life.do("fire_head", Acknowledge(note="在路上"))
    life.do("supervisor", Escalate(mode=EscalationMode.ACT, reason="久拖"))
    assert TaskKind.OVERSEE in {task.kind for task in open_tasks(life.case)}
    wait(life, "2026-03-02T14:01")
    assert len(steps(life)) == 1


def test_before_dispatch_the_first_step_reaches_the_people_at_the_desk() -> None:
    """A unit reads no notices: the people who sit there do."""
    life = Life(a_timed_policy(), at("2026-03-02T08:30"))
    assert life.case.owner == Owner(kind=OwnerKind.UNIT, id=COMMUNITY)
    wait(life, "2026-03-02T09:31")
    (reached,) = steps(life)[0].reached
    assert (reached.unit, reached.people) == (COMMUNITY, (person_id("community_duty"),))
    life = handled("2026-03-02T08:30")
    life.do("fire_head", Complete(result="已处理", evidence=(PHOTO,)))
    wait(life, "2026-03-02T14:01")
    (reached,) = steps(life)[0].reached
    assert (reached.department, reached.unit) == (FIRE, None), "once there is a host, it is the host"


def test_whom_somebody_informed_by_hand_does_not_keep_the_ladder_from_taking_the_case() -> None:
    """Else a department could inform its way to the top and keep the case for good."""
    life = handled("2026-03-02T08:30")
    life.do("fire_handler", Claim())
    for _ in range(3):
        life.do("supervisor", Escalate(mode=EscalationMode.INFORM, reason="知悉"))
    assert life.case.level.value == Level.MICRO_GRID.value, "who is only informed takes nothing away"
    wait(life, "2026-03-03T14:01")
    assert [s.owner.id for s in steps(life) if s.owner is not None] == [GRID, COMMUNITY]
    assert life.case.level.value == Level.COMMUNITY.value
    wait(life, "2026-03-04T18:00")
    assert life.case.owner == Owner(kind=OwnerKind.UNIT, id=PARK)
