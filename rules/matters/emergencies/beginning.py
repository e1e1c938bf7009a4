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


def beginning_effects(
    before: Case | None, facts: Sequence[Fact], after: Case, policy: Policy, title: str
) -> tuple[BeginMatter, ...]:
    """The run that these facts of a case begin, if any; the caller makes sure that none of that plan is running.

    `title`: what the case is called, for the name of the run.
    """
    plan = policy.park.emergencies.plan_for(after.category, after.severity)
    if plan is None or before is None:
        return ()
    accepted = any(isinstance(fact.body, Accepted) for fact in facts)
    graver = (
        any(isinstance(fact.body, Recategorised) for fact in facts)
        and before.stage not in (Stage.RECEIVE, Stage.CLOSED)
        and not plan.fits(before.category, before.severity)
    )
    if not accepted and not graver:
        return ()
    command = BeginEmergency(name=title[:120], grid=after.grid, case_no=after.case_no, plan=plan.code)
    id_ = derived_id(after.report_id, "emergency", plan.code, facts[-1].seq)
    content = command.model_dump(mode="json")
    return (BeginMatter(matter_kind=MatterKind.EMERGENCY, matter_id=id_, command=content, actor=Actor()),)
