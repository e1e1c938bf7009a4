"""Runs of emergency plans: who gets which step, what climbs when nobody confirms, and how a run ends."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from models.commands import PassReview
from models.enums import Role, Severity
from models.errors import (
    EmergencyOpen,
    EmergencyRuns,
    InputError,
    MatterEnded,
    MatterNotNow,
    NoSuchCase,
    NoSuchPlan,
    NotYours,
    StepsOpen,
)
from models.matters.base import MatterKind
from models.matters.common import Climbed
from models.matters.effects import TellCase
from models.matters.emergency import EmergencyAround
from models.policy.emergency import EmergencyPlan, EmergencyPolicy, PlanStep
from models.policy.park import ParkPolicy
from rules.decide import decide
from tests.builders import FIRE, MICRO, a_policy, person_id
from tests.rules.matters.world import MatterLife
from tests.rules.test_practice_rounds import in_review
from tests.rules.world import START, context, step

PLAN = EmergencyPlan(
    code="spill",
    name_zh="泄漏处置",
    name_en="spill",
    categories=("01",),
    severities=(Severity.MAJOR,),
    steps=(
        PlanStep(code="cordon", name_zh="设警戒", name_en="cordon off", role=Role.GRID_WORKER, level=3, minutes=10),
        PlanStep(code="fire", name_zh="通知消防", name_en="call the fire service", department=FIRE, minutes=5),
        PlanStep(
            code="report", name_zh="上报区政府", name_en="report to the district", role=Role.DUTY_OFFICER, minutes=60,
            report=True, source="生产安全事故报告和调查处理条例 §9",
        ),
    ),
)  # fmt: skip
POLICY = a_policy().model_copy(update={"park": ParkPolicy(emergencies=EmergencyPolicy(plans=(PLAN,)))})
CASE = EmergencyAround(grid=MICRO, severity=Severity.MAJOR, is_open=True)


def a_run(by: str | None = "duty", around: EmergencyAround = CASE, **fields: Any) -> MatterLife:
    """A run of the plan that has begun."""
    first = {"kind": "begin", "name": "储罐泄漏", "case_no": "C-1", "plan": "spill", **fields}
    return MatterLife(MatterKind.EMERGENCY, first, by=by, policy=POLICY, extra=around, number="E20260302-001")


def test_each_step_is_given_to_those_who_hold_its_role_now() -> None:
    run = a_run(None)
    cordon, fire, report = run.matter.steps
    assert [p for one in cordon.reached for p in one.people] == [person_id("worker")]
    assert [one.department for one in fire.reached] == [FIRE]
    assert person_id("duty") in [p for one in report.reached for p in one.people]
    assert (run.matter.due_at, run.next_wake_up) == (START + timedelta(minutes=5), START + timedelta(minutes=5))
    assert [e.command.what for e in run.effects if isinstance(e, TellCase)] == ["emergency_begun"]
    assert run.matter.status == "running"


def test_a_step_that_nobody_confirms_climbs_its_own_ladder() -> None:
    run = a_run()
    assert run.wake(START + timedelta(minutes=5)) == ["step_missed", "climbed"]
    first = run.facts[-1].body
    assert isinstance(first, Climbed)
    assert first.reached[0].department == FIRE, "those whom the step was given to"
    assert run.matter.overdue_at == START + timedelta(minutes=5)
    assert run.wake(START + timedelta(minutes=15)) == ["step_missed", "climbed", "climbed"]
    assert run.do("fire_handler", {"kind": "confirm", "step": "fire"}) == ["step_confirmed"]
    assert run.matter.step("fire").missed_at is not None, "what was late stays late"
    assert run.do("worker", {"kind": "leave_out", "step": "cordon", "reason": "已疏散"}) == ["step_left_out"]
    assert (run.matter.climbs, run.matter.overdue_at) == ((), None)
    told = [e.command.what for e in run.effects if isinstance(e, TellCase)]
    assert told == ["emergency_begun", "emergency_step_missed", "emergency_step_missed"]


def test_a_run_is_closed_only_with_every_step_settled() -> None:
    run = a_run()
    with pytest.raises(StepsOpen) as refused:
        run.do("duty", {"kind": "close", "summary": "已处置"})
    assert "通知消防" in refused.value.message("zh")
    run.do("duty", {"kind": "confirm", "step": "fire", "note": "代为确认"})
    run.do("worker", {"kind": "confirm", "step": "cordon"})
    with pytest.raises(InputError) as missing:
        run.do("duty", {"kind": "confirm", "step": "report"})
    assert missing.value.pointer == "/note"
    run.do("duty", {"kind": "confirm", "step": "report", "note": "区应急值班室 张工"})
    assert run.do("duty", {"kind": "close", "summary": "已处置,无人受伤"}) == ["closed"]
    assert (run.matter.status, run.matter.due_at, run.next_wake_up) == ("closed", None, None)
    with pytest.raises(MatterEnded):
        run.do("duty", {"kind": "confirm", "step": "fire"})


def test_who_may_settle_a_step() -> None:
    run = a_run()
    for who, step_ in (
        ("environment_handler", "cordon"),
        ("fire_handler", "cordon"),
        ("worker", "fire"),
        ("reporter", "fire"),
    ):
        with pytest.raises(NotYours):
            run.do(who, {"kind": "confirm", "step": step_})
    run.do("worker", {"kind": "confirm", "step": "cordon"})
    with pytest.raises(MatterNotNow):
        run.do("worker", {"kind": "confirm", "step": "cordon"})
    with pytest.raises(InputError):
        run.do("duty", {"kind": "confirm", "step": "nothing"})
    with pytest.raises(NotYours):
        run.do("duty", {"kind": "stop", "reason": "误启动"})
    assert run.do("supervisor", {"kind": "stop", "reason": "误启动"}) == ["stopped"]
    assert run.matter.status == "stopped"


@pytest.mark.parametrize(
    ("around", "fields", "error"),
    [
        (CASE, {"plan": "none"}, NoSuchPlan),
        (EmergencyAround(), {}, NoSuchCase),
        (CASE.model_copy(update={"is_open": False}), {}, InputError),
        (CASE.model_copy(update={"running": ("spill",)}), {}, EmergencyRuns),
    ],
)
def test_what_does_not_begin(around: EmergencyAround, fields: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        a_run("duty", around, **fields)
    with pytest.raises(NotYours):
        a_run("worker")


@pytest.mark.parametrize(
    "change",
    [
        {"steps": []},
        {"steps": [PLAN.steps[0].model_dump(), PLAN.steps[0].model_dump()]},
        {"steps": [{**PLAN.steps[1].model_dump(), "department": None}]},
        {"steps": [{**PLAN.steps[1].model_dump(), "minutes": 0}]},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EmergencyPlan.model_validate({**PLAN.model_dump(), **change})
    with pytest.raises(ValidationError):
        EmergencyPolicy(plans=(PLAN, PLAN))


def test_the_first_plan_that_fits_begins() -> None:
    policy = EmergencyPolicy(plans=(PLAN,))
    assert policy.plan_for("0103", Severity.MAJOR) == PLAN
    assert policy.plan_for("0103", Severity.URGENT) is None
    assert policy.plan_for("0201", Severity.MAJOR) is None


def test_a_review_is_not_passed_while_a_run_goes_on() -> None:
    life = in_review()
    ctx = context("reviewer", life.now, life.case.grid, life.policy, running_emergencies=("E1",))
    with pytest.raises(EmergencyOpen) as refused:
        decide(life.case, step(life.case, "reviewer", PassReview(note="好"), life.now), ctx)
    assert "E1" in refused.value.message("en")
