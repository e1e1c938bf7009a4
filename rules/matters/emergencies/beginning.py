"""When an emergency plan begins by itself: an accepted case fits it, or an accepted case has become graver."""

from collections.abc import Sequence

from models.case import Case
from models.enums import Stage
from models.facts import Accepted, Actor, Fact, Recategorised
from models.ids import derived_id
from models.matters.base import MatterKind
from models.matters.effects import BeginMatter
from models.matters.emergency import BeginEmergency
from models.policy.document import Policy
from models.policy.emergency import EmergencyPlan


def plan_to_begin(before: Case | None, facts: Sequence[Fact], after: Case, policy: Policy) -> EmergencyPlan | None:
    """The plan that these facts of a case begin: it was accepted, or was accepted and has become graver; or None."""
    plan = policy.park.emergencies.plan_for(after.category, after.severity)
    if plan is None or before is None:
        return None
    if any(isinstance(fact.body, Accepted) for fact in facts):
        return plan
    accepted = before.stage not in (Stage.RECEIVE, Stage.CLOSED)
    graver = any(isinstance(fact.body, Recategorised) for fact in facts) and accepted
    return plan if graver and not plan.fits(before.category, before.severity) else None


def beginning_effect(plan: EmergencyPlan, facts: Sequence[Fact], case: Case, title: str) -> BeginMatter:
    """Begin a run of the plan for the case, which is called `title`; the caller makes sure that none is running."""
    command = BeginEmergency(name=title[:120], grid=case.grid, case_no=case.case_no, plan=plan.code)
    id_ = derived_id(case.report_id, "emergency", plan.code, facts[-1].seq)
    content = command.model_dump(mode="json")
    return BeginMatter(matter_kind=MatterKind.EMERGENCY, matter_id=id_, command=content, actor=Actor())
