"""Who speaks for the reporter, what they are asked and told: each test is named after the
fault that it keeps out."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from models.commands import (
    Accept,
    Complete,
    Dispatch,
    GrantReopen,
    PassReview,
    Rate,
    RefuseReopen,
    Reject,
    ReportVerification,
    RequestReopen,
    RequestVerification,
    Separate,
    WakeUp,
    Withdraw,
)
from models.enums import RequestKind, Source, TaskKind
from models.errors import (
    AnswerMissing,
    InputError,
    NotNow,
    NotYours,
)
from models.facts import ReviewPassed, StepFired
from models.views import hours_of, with_hours
from rules.tasks import open_tasks
from tests.builders import ENVIRONMENT, FIRE
from tests.rules.lives import (
    PHOTO,
    at,
    bodies,
    closed,
    handled,
    may,
    tasks,
    wait,
)
from tests.rules.world import Life
from tests.timed import a_timed_policy

DONE = Complete(result="已处理", evidence=(PHOTO,))


def reported(source: Source, by: str, **policy: object) -> Life:
    """A case of waste water that came by that channel."""
    return Life(a_timed_policy(**policy), at("2026-03-02T10:00"), category="0302", source=source, by=by)


# --- A11, B19: who speaks for the reporter --------------------------------------------------------------------------


def test_a11_who_took_a_report_at_a_hotline_is_not_its_reporter() -> None:
    """Withdraw, rate and reopen belong to whoever reported, or to a second officer on their word."""
    life = reported(Source.HOTLINE, "duty")
    assert not {"withdraw", "rate", "request_reopen"} & set(may(life, "duty"))
    with pytest.raises(NotYours):
        life.do("duty", Withdraw(reason="算了"))
    assert "withdraw" in may(life, "duty_2")
    life.do("duty", Accept())
    life.do("duty", Dispatch(host=ENVIRONMENT))
    closed(life, "environment_handler")
    with pytest.raises(NotYours):
        life.do("duty", Rate(score=5))
    life.do("duty_2", Rate(score=2, note="回访:不满意"))
    life.do("duty_2", RequestReopen(reason="回访不满意"))
    with pytest.raises(NotYours, match="other than who asked"):
        life.do("duty_2", GrantReopen())
    with pytest.raises(NotYours, match="other than who asked"):
        life.do("duty_2", RefuseReopen(reason="不重开"))
    life.do("duty", GrantReopen())


def test_a11_a_hazard_once_accepted_is_seen_through() -> None:
    public = [c.model_dump() | {"withdrawable": c.code != "0302"} for c in a_timed_policy().categories]
    life = reported(Source.RESIDENT, "reporter", categories=public)
    life.do("duty", Accept())
    with pytest.raises(NotNow, match="seen through"):
        life.do("reporter", Withdraw(reason="不要了"))


def test_a11_a_grid_worker_does_not_take_back_what_was_accepted() -> None:
    life = handled("2026-03-02T10:00")
    with pytest.raises(NotNow, match="seen through"):
        life.do("worker", Withdraw(reason="不要了"))


def test_b19_a_reviewer_or_supervisor_asks_for_a_reopening_after_a_call_back() -> None:
    life = closed(handled("2026-03-02T10:00"))
    for officer in ("reviewer", "supervisor", "duty"):
        assert "request_reopen" in may(life, officer)
    life.do("reviewer", RequestReopen(reason="后查明造假"))
    assert "grant_reopen" in may(life, "duty")
    life.do("duty", GrantReopen())


def test_c3_what_was_never_handled_is_not_rated() -> None:
    life = reported(Source.RESIDENT, "reporter")
    life.do("duty", Reject(reason="已进入诉讼", right_channel="法院"))
    with pytest.raises(NotNow):
        life.do("reporter", Rate(score=1))


# --- 4: 发核实 -----------------------------------------------------------------------------------------------------


def test_4_the_grids_worker_looks_at_the_place_before_the_case_is_accepted() -> None:
    life = Life(a_timed_policy(), at("2026-03-02T10:00"), source=Source.RESIDENT, by="reporter")
    life.do("duty", RequestVerification(question="是否属实?"))
    (task,) = (task for task in open_tasks(life.case) if task.kind is TaskKind.VERIFY)
    assert task.due_at == life.now + timedelta(hours=life.policy.verify_hours)
    assert "report_verification" in may(life, "worker")
    wait(life, "2026-03-02T16:00")
    assert any(body.request is RequestKind.VERIFICATION for body in bodies(life, StepFired))
    life.do("worker", ReportVerification(confirmed=True, note="属实"))
    assert TaskKind.VERIFY not in tasks(life)


# --- mission F1, F5, F8 ---------------------------------------------------------------------------------------------


def test_f1_where_the_policy_says_so_a_case_is_completed_only_with_an_answer() -> None:
    life = Life(a_timed_policy(answers_required=["resident"]), source=Source.RESIDENT, by="reporter")
    life.do("duty", Accept())
    life.do("duty", Dispatch(host=FIRE))
    with pytest.raises(AnswerMissing) as refused:
        life.do("fire_handler", DONE)
    assert refused.value.pointer == "/answer"
    life.do("fire_handler", DONE.model_copy(update={"answer": "通道已清理"}))
    life.do("reviewer", PassReview(), answer="通道已清理")
    assert next(bodies(life, ReviewPassed)).answer == "通道已清理", "confirmed"


@pytest.mark.parametrize("answer", ["<b>好</b>", "<script>", "字" * 10_001])
def test_f1_an_answer_with_markup_or_too_long_is_refused(answer: str) -> None:
    with pytest.raises(ValidationError):
        Complete(result="好", answer=answer)
    with pytest.raises(ValidationError):
        PassReview(answer=answer)


def test_f5_durations_are_hours_of_the_time_that_counts_and_never_days() -> None:
    assert hours_of(timedelta(hours=120)) == "PT120H", "fifteen working days of eight hours"
    assert hours_of(timedelta(days=-1, minutes=-1)) == "-PT24H1M"
    assert hours_of(timedelta(seconds=1.5)) == "PT1.5S"
    stored = {"limit": "P5D", "at": [{"extended": "-P1DT1M"}], "values": {"limit": "2.0", "whole_extended": "无"}}
    shown = {"limit": "PT120H", "at": [{"extended": "-PT24H1M"}], "values": {"limit": "2.0", "whole_extended": "无"}}
    assert with_hours(stored) == shown, "a value that only has the name of a duration is shown as it is"


def test_f8_only_a_machine_reports_as_a_sensor() -> None:
    for by in ("worker", "duty"):
        with pytest.raises(InputError) as refused:
            Life(a_timed_policy(), source=Source.SENSOR, by=by)
        assert refused.value.pointer == "/source"


def test_a_case_told_of_a_separation_that_it_never_led_says_nothing() -> None:
    life = handled("2026-03-02T10:00")
    known = len(life.facts)
    life.do(None, Separate(case_no="stranger"))
    life.do(None, WakeUp(moment=life.now))
    assert len(life.facts) == known
