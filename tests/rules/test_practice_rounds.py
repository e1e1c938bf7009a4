"""The clock of the whole case, and what belongs to a round: each test is named after the
fault that it keeps out."""

from datetime import timedelta

import pytest

from models.case import Case
from models.commands import (
    Accept,
    AnswerUrge,
    Appeal,
    AssignReviewer,
    Claim,
    Complete,
    Convene,
    DecideAppeal,
    Dispatch,
    FailReview,
    GrantReopen,
    PassReview,
    Recall,
    Recategorise,
    RequestReopen,
    Return,
    SelfClose,
    SendBack,
    Urge,
    WakeUp,
)
from models.enums import Light, Outcome, Role, Stage, TaskKind, UrgeCause, UrgeKind
from models.errors import NotNow, NotYours, ReviewerHandledIt, ReviewerOfHost, UnknownPerson
from models.facts import Overdue, StepFired, SummonsMissed, Urged, UrgeLapsed
from rules.deadlines.lights import headline_clock, light
from rules.evolve import fold
from tests.builders import COMMUNITY, ENVIRONMENT, FALLBACK, FIRE, LABOUR, MICRO, PARK, person_id
from tests.rules.lives import (
    PHOTO,
    a_grant,
    a_reviewer,
    at,
    bodies,
    clock,
    closed,
    due,
    handled,
    holding,
    may,
    tasks,
    wait,
    whole,
    whole_due,
)
from tests.rules.world import EVERYBODY, Life, units_to
from tests.timed import a_timed_policy, limit

DONE = Complete(result="已付", evidence=(PHOTO,))


def short_whole(days: int = 3) -> list[dict[str, object]]:
    """The standards, the lawful whole limited to so many working days."""
    law = limit(days, a_timed_policy().standards[1].handle.unit, source="law: 一")
    return [s.model_dump() | ({"whole": law} if s.code == "lawful" else {}) for s in a_timed_policy().standards]


def reopened(life: Life, by: str = "duty") -> Life:
    """The same case, in its next round."""
    life.do("worker", RequestReopen(reason="又发生了"))
    life.do(by, GrantReopen())
    return life


def late_and_closed() -> Life:
    """A case of the fire brigade, late in its first round, closed."""
    life = handled("2026-03-02T10:00")
    wait(life, "2026-03-05T10:00")
    return closed(life)


# --- A5: settled on the spot, failed --------------------------------------------------------------------------------


def test_a5_a_self_closed_case_that_fails_its_review_was_accepted_in_effect() -> None:
    """Its statutory clock runs from the moment the grid worker took it in hand."""
    life = Life(a_timed_policy(), at("2026-03-02T10:00"), category="0201")
    life.do("worker", SelfClose(result="当场调解"))
    wait(life, "2026-03-03T10:00")
    life.do("reviewer", FailReview(reason="未解决"))
    plain = handled("2026-03-02T10:00", "0201", LABOUR)
    assert life.case.stage is Stage.DISPATCH
    assert life.case.accepted_at == at("2026-03-02T10:00")
    assert (life.case.condition, life.case.policy_version) == (plain.case.condition, plain.case.policy_version)
    assert whole_due(life) == whole_due(plain)
    life.do("duty", Dispatch(host=LABOUR))
    life.do("labour_handler", DONE)
    life.do("reviewer", PassReview())
    assert reopened(life).case.stage is Stage.DISPATCH, "it was handled: a reopening goes to dispatch"


def test_a5_a_statutory_limit_missed_meanwhile_is_missed() -> None:
    life = Life(a_timed_policy(standards=short_whole(1)), at("2026-03-02T10:00"), category="0201")
    life.do("worker", SelfClose(result="当场调解"))
    wait(life, "2026-03-04T10:00")
    life.do("reviewer", FailReview(reason="未解决"))
    life.do(None, WakeUp(moment=life.now))
    assert whole(life).overdue_at is not None


# --- A6: the statutory limit of the whole case ----------------------------------------------------------------------


def test_a6_the_whole_case_has_lights_steps_and_a_reminder() -> None:
    life = handled("2026-03-02T10:00", "0201", LABOUR, standards=short_whole())
    assert due(life) > whole_due(life), "the stage is in time when the whole is not"
    assert headline_clock([clock(life), whole(life)]) is whole(life)
    assert life.case.due_at == whole(life).due_at
    wait(life, "2026-03-05T19:00")
    assert whole(life).overdue_at is not None
    assert clock(life).overdue_at is None
    assert light(life.case, life.now) is Light.RED
    fired = [body for body in bodies(life, StepFired) if body.whole]
    assert fired[0].planned_at < at("2026-03-05T18:00"), "a step comes before a legal deadline"
    assert life.case.owner is not None
    assert life.case.owner.id != LABOUR, "the ladder has climbed"
    wait(life, "2026-03-30T10:00")
    assert life.case.remind_at is not None


def test_a6_rework_and_dispatching_again_never_move_the_statutory_deadline() -> None:
    life = handled("2026-03-02T10:00", "0201", LABOUR)
    deadline = whole_due(life)
    life.do("duty", Recall(reason="再议"))
    life.do("duty", Dispatch(host=LABOUR))
    life.do("labour_handler", DONE)
    life.do("reviewer", FailReview(reason="未付清"))
    assert whole_due(life) == deadline
    assert life.case.round == 2


# --- A10: urge orders are numbered once per case --------------------------------------------------------------------


def test_a10_an_unanswered_order_is_never_answered_by_the_answer_to_another() -> None:
    life = handled("2026-03-02T10:00")
    life.do("supervisor", Urge(reply_by=at("2026-03-20T10:00"), note="第一次"))
    closed(life)
    assert [body.number for body in bodies(life, UrgeLapsed)] == [1], "closing it is a fact of its own"
    reopened(life)
    life.do("duty", Dispatch(host=FIRE))
    life.do("supervisor", Urge(reply_by=at("2026-03-20T10:00"), note="第二次"))
    life.do("fire_handler", AnswerUrge(note="已办"))
    first, second = life.case.urges
    assert [body.number for body in bodies(life, Urged)] == [1, 2]
    assert (first.answered_at, second.ended_at) == (None, None)
    assert first.ended_at is not None
    assert second.answered_at is not None


# --- B3: recategorised away -----------------------------------------------------------------------------------------


def test_b3_a_category_without_a_statutory_limit_ends_the_clock_of_the_old_one() -> None:
    life = handled("2026-03-02T10:00", "0201", LABOUR)
    life.do("duty", Recategorise(category="0302", reason="实为排污"))
    assert life.case.whole is None
    (ended,) = (past for past in life.case.past_clocks if past.stage is None)
    assert ended.ended_at == life.now
    life.do("duty", Recategorise(category="0201", reason="还是欠薪"))
    assert whole_due(life) == whole_due(handled("2026-03-02T10:00", "0201", LABOUR)), "nor is it escaped so"


# --- B4: appeals ----------------------------------------------------------------------------------------------------


def test_b4a_an_undecided_appeal_survives_a_reopening() -> None:
    life = late_and_closed()
    life.do("fire_head", Appeal(reason="系统故障"))
    reopened(life)
    assert TaskKind.DECIDE_APPEAL in tasks(life)
    life.do("supervisor", DecideAppeal(upheld=True, reason="属实"))
    assert life.case.exempt


def test_b4b_an_appeal_upheld_in_one_round_exempts_no_other() -> None:
    life = late_and_closed()
    life.do("fire_head", Appeal(reason="系统故障"))
    first = life.do("supervisor", DecideAppeal(upheld=True, reason="属实"))
    reopened(life)
    life.do("duty", Dispatch(host=FIRE))
    wait(life, "2026-03-12T10:00")
    closed(life)
    assert (first.exempt, life.case.exempt) == (True, False)
    life.do("fire_head", Appeal(reason="又是故障"))
    assert [(appeal.department, appeal.round) for appeal in life.case.appeals] == [(FIRE, 1), (FIRE, 2)]
    with pytest.raises(NotYours, match="not appealed yet"):
        life.do("fire_head", Appeal(reason="再来", round=1))


def test_b4c_a_department_appeals_when_only_the_whole_limit_was_missed() -> None:
    life = handled("2026-03-02T10:00", "0201", LABOUR, standards=short_whole())
    wait(life, "2026-03-06T10:00")
    assert clock(life).overdue_at is None
    closed(life, "labour_handler")
    life.do("labour_head", Appeal(reason="审计占用"))
    assert life.case.pending_appeals


def test_b4d_a_department_that_hosted_it_before_appeals_for_its_own_part() -> None:
    life = handled("2026-03-02T10:00")
    wait(life, "2026-03-05T10:00")
    life.do("duty", Recall(reason="派错"))
    life.do("duty", Dispatch(host=LABOUR))
    closed(life, "labour_handler")
    life.do("fire_head", Appeal(reason="派错部门"))
    assert [appeal.department for appeal in life.case.pending_appeals] == [FIRE]
    with pytest.raises(NotYours):
        life.do("environment_head", Appeal(reason="与我无关"))


def test_b4e_what_the_desk_was_late_with_is_no_departments_to_appeal() -> None:
    """Nor is it offered: the button would only be refused."""
    life = Life(a_timed_policy(), at("2026-03-02T10:00"), category="0201")
    life.do("duty", Accept())
    wait(life, "2026-03-20T10:00")
    life.do("duty", Dispatch(host=LABOUR))
    closed(life, "labour_handler")
    assert any(past.was_late for past in life.case.all_clocks)
    assert "appeal" not in may(life, "labour_head")
    with pytest.raises(NotNow):
        life.do("labour_head", Appeal(reason="受理晚了"))


# --- B5: nothing late is ever erased --------------------------------------------------------------------------------


def test_b5_a_reopening_keeps_that_the_whole_limit_was_missed() -> None:
    life = handled("2026-03-02T10:00", "0201", LABOUR, standards=short_whole())
    wait(life, "2026-03-06T10:00")
    closed(life, "labour_handler")
    assert light(life.case, life.now) is Light.RED, "late by the whole alone is late"
    missed = whole(life).overdue_at
    deadline = whole(life).due_at
    wait(life, "2026-03-10T10:00")
    reopened(life)
    assert (whole(life).overdue_at, whole(life).due_at) == (missed, deadline)
    assert [body.stage for body in bodies(life, Overdue) if body.stage is None] == [None], "missed once"


# --- B11, B13, F3: what a round has used up, and what lapses with it ------------------------------------------------


def test_b13_a_meeting_that_a_department_missed_is_a_fact_and_ends_with_its_round() -> None:
    life = handled("2026-03-02T10:00")
    life.do("duty", Convene(departments=(ENVIRONMENT,), meet_at=at("2026-03-02T14:00"), note="会商"))
    wait(life, "2026-03-02T15:00")
    (missed,) = bodies(life, SummonsMissed)
    told = {reached.department or reached.role or reached.unit for reached in missed.reached}
    assert missed.department == ENVIRONMENT
    assert {ENVIRONMENT, Role.SUPERVISOR} <= told
    life.do("duty", Convene(departments=(LABOUR,), meet_at=at("2026-03-20T14:00"), note="会商"))
    closed(life)
    reopened(life)
    assert life.case.summons == ()
    assert [summons.department for summons in life.case.rounds[0].summons] == [ENVIRONMENT, LABOUR]
    assert not any(key.startswith(TaskKind.RESPOND) for key in tasks(life))


def test_a_round_keeps_what_it_used_up_and_the_next_one_starts_empty() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Return(reason="不属本部门"))
    closed(life)
    reopened(life)
    (first,) = life.case.rounds
    assert (first.number, first.hosts, first.outcome) == (1, (FIRE,), Outcome.SOLVED)
    assert (life.case.hosts, life.case.returns_settled, life.case.extensions_granted) == ((), (), 0)


def test_f4_a_second_reopening_goes_to_a_supervisor_with_an_urge_order() -> None:
    """督查人员正在复核: the sentence and the rule agree."""
    life = handled("2026-03-02T10:00")
    closed(life)
    reopened(life)
    life.do("duty", Dispatch(host=FIRE))
    closed(life)
    life.do("worker", RequestReopen(reason="仍未解决"))
    with pytest.raises(NotNow):
        life.do("worker", RequestReopen(reason="再来一次"))
    with pytest.raises(NotYours, match="supervisor"):
        life.do("duty", GrantReopen())
    life.do("supervisor", GrantReopen())
    assert next(bodies(life, Urged)).cause is UrgeCause.SECOND_REOPENING


# --- B14: independent reviewers -------------------------------------------------------------------------------------


def in_review() -> Life:
    """A case that waits for its review."""
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Claim())
    life.do("fire_handler", DONE)
    return life


def test_b14_the_head_of_the_host_department_reviews_nothing_of_it() -> None:
    life = in_review()
    with pytest.raises(ReviewerOfHost):
        life.do("fire_head", PassReview(), person=holding("fire_head", a_grant(Role.REVIEWER)))
    with pytest.raises(ReviewerHandledIt):
        life.do("fire_handler", PassReview(), person=holding("fire_handler", a_grant(Role.REVIEWER)))


def test_b14_where_no_reviewer_is_independent_the_next_level_or_the_fallback_owner_has_it() -> None:
    life = handled("2026-03-02T10:00")
    units = tuple(u.model_copy(update={"staffed": u.staffed | {Role.REVIEWER}}) for u in units_to(MICRO))
    biased = a_reviewer("fire_handler", COMMUNITY, FIRE)
    life.do("fire_head", DONE, units=units, reviewers=(biased, a_reviewer("reviewer", PARK)))
    assert life.case.owner is not None
    assert life.case.owner.id == PARK
    left = handled("2026-03-02T10:00")
    left.do("fire_head", DONE, units=units, reviewers=(biased,))
    assert left.case.owner is not None
    assert left.case.owner.id == str(person_id(FALLBACK))
    assert {"pass_review", "assign_reviewer"} <= set(may(left, FALLBACK))


def test_8_a_reviewer_steps_aside_for_another() -> None:
    life = in_review()
    assign = AssignReviewer(person="supervisor", reason="回避")
    with pytest.raises(ReviewerOfHost):
        life.do("reviewer", assign, colleague=holding("fire_head", a_grant(Role.REVIEWER)))
    with pytest.raises(UnknownPerson):
        life.do("reviewer", assign, colleague=EVERYBODY["duty"])
    life.do("reviewer", assign, colleague=EVERYBODY["supervisor"])
    assert life.case.owner is not None
    assert life.case.owner.id == str(person_id("supervisor"))
    with pytest.raises(NotYours):
        life.do("reviewer", PassReview())
    life.do("supervisor", PassReview())


# --- all of it ------------------------------------------------------------------------------------------------------


def test_a_late_clock_of_an_ended_round_never_changes() -> None:
    life = late_and_closed()
    before = [past for past in life.case.past_clocks if past.round == 1]
    reopened(life)
    life.do("duty", Dispatch(host=FIRE))
    life.do("duty", Recategorise(category="0103", condition="blocked", reason="改条件"))
    wait(life, "2026-04-10T10:00")
    assert [past for past in life.case.past_clocks if past.round == 1] == before
    folded = fold(life.facts)
    assert isinstance(folded, Case)
    assert folded == life.case


def test_b16_a_deadline_missed_by_a_change_of_category_brings_its_steps_from_then_on() -> None:
    """Not all of them in the second of the recategorisation: the department did nothing wrong."""
    life = handled("2026-03-02T10:00", "0201", LABOUR)
    wait(life, "2026-03-06T10:00")
    changed_at = life.now
    life.do("duty", Recategorise(category="0103", condition="blocked", reason="里面有人"))
    life.do(None, WakeUp(moment=life.now))
    assert clock(life).overdue_at is not None
    since = [body for body in bodies(life, StepFired) if body.planned_at >= changed_at and not body.whole]
    assert len(since) <= 1
    assert clock(life).plan is not None
    assert all(moment > changed_at for moment in clock(life).plan.rungs)  # type: ignore[union-attr]


def test_b17_an_order_of_any_kind_has_a_ladder() -> None:
    ordinary = {UrgeKind.ORDINARY: a_timed_policy().urges[UrgeKind.ORDINARY].model_dump()}
    life = handled("2026-03-02T10:00", urges=ordinary)
    life.do("supervisor", Urge(urge_kind=UrgeKind.INTERVIEW, reply_by=life.now + timedelta(hours=4), note="约谈"))
    wait(life, "2026-03-03T10:00")
    assert "urge_overdue" in life.kinds()
    assert any(body.urge == 1 for body in bodies(life, StepFired))


def test_accepting_again_after_being_sent_back_does_not_start_the_whole_anew() -> None:
    life = Life(a_timed_policy(), at("2026-03-02T10:00"), category="0201")
    life.do("duty", Accept())
    deadline = whole_due(life)
    life.do("duty", SendBack(reason="再核"))
    wait(life, "2026-03-04T10:00")
    life.do("duty", Accept())
    assert whole_due(life) == deadline
