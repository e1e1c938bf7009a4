"""The rules of plans (计划) of recurring work and their duties (勤务).

`days` and `occurrences` say when duties are due, `making` what a plan may say, `issuing` what time does to it, `doing`
how a duty is reported, `evolving` what a fact changes, `opening` which cases a duty opens, `load` how much is asked of
whom.
"""

from collections.abc import Sequence

from models.matters.base import MatterBody, MatterCommand, MatterKind
from models.matters.context import MatterContext
from models.matters.plan import (
    BODIES,
    AmendPlan,
    EndPlan,
    FollowEnterprise,
    MakePlan,
    PausePlan,
    PlanState,
    ReportDuty,
    ResumePlan,
)
from rules.matters.kind import DESK, MatterRules
from rules.matters.plan import doing, making
from rules.matters.plan.evolving import evolve
from rules.matters.plan.issuing import due, next_wake_up
from rules.matters.plan.opening import effects


def decide(plan: PlanState | None, command: MatterCommand, ctx: MatterContext) -> Sequence[MatterBody]:
    """What a command to a plan leads to."""
    if plan is None:
        assert isinstance(command, MakePlan)
        return making.make(command, ctx)
    match command:
        case AmendPlan():
            return making.amend(plan, command, ctx)
        case PausePlan():
            return making.pause(plan, command, ctx)
        case ResumePlan():
            return making.resume(plan, command, ctx)
        case EndPlan():
            return making.end(plan, command)
        case FollowEnterprise():
            return making.follow_enterprise(plan, command)
        case ReportDuty():
            return doing.report(plan, command, ctx)
        case _:
            raise TypeError(f"no command of plans: {command.kind}")


def fits(plan: PlanState, command: str) -> bool:
    """Whether the command makes sense now."""
    return command != {"paused": "pause_plan", "active": "resume_plan"}.get(plan.status)


RULES = MatterRules(
    kind=MatterKind.PLAN,
    name_zh="计划",
    name_en="plan",
    state=PlanState,
    commands=(MakePlan, AmendPlan, PausePlan, ResumePlan, EndPlan, ReportDuty, FollowEnterprise),
    bodies=BODIES,
    who={
        "make_plan": DESK,
        "amend_plan": DESK,
        "pause_plan": DESK,
        "resume_plan": DESK,
        "end_plan": DESK,
        "report_duty": frozenset(),  # through the duty, not the plan: `doing.may_do` says whose it is
    },
    decide=decide,
    evolve=evolve,
    due=due,
    next_wake_up=next_wake_up,
    effects=effects,
    fits=fits,
    number_prefix="JH",
    creates="make_plan",
    lasting=frozenset({"report_duty"}),
    own_check=frozenset({"report_duty"}),
)
