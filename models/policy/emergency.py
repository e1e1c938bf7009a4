"""Emergency plans (应急预案): what is to be done within how many minutes when a grave case is accepted.

The contents of a plan are the park's own. The law sets two clocks for accidents at work (生产安全事故报告和调查处理条例
§9, §11): a unit reports within an hour, each level of government within two.
"""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from models.base import Code, Given, Text
from models.enums import Level, Role, Severity
from models.policy.rungs import MatterRung
from models.policy.standard import LevelName


class PlanStep(Given):
    """A step of a plan, due so many minutes after the run has begun.

    It is given to whoever holds `role` at `level` (or above, where nobody does), and to `department` where one is
    named. `report`: a report to a higher place, whose confirmation must say who was told. `source`: where its minutes
    come from; "our choice" where no rule sets them.
    """

    code: Code
    name_zh: Text
    name_en: Text
    role: Role | None = None
    level: LevelName = Level.PARK
    department: Code | None = None
    minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)]
    report: bool = False
    source: Text = "our choice"

    @model_validator(mode="after")
    def _is_given_to_somebody(self) -> Self:
        if self.role is None and self.department is None:
            raise ValueError(f"step {self.code} is given to nobody: name a role or a department")
        return self


class EmergencyPlan(Given):
    """A plan. It begins by itself when a case is accepted that fits: of one of the `categories` (prefixes of codes),
    and of one of the `severities`. Without categories it is only begun by hand."""

    code: Code
    name_zh: Text
    name_en: Text
    categories: tuple[Code, ...] = ()
    severities: tuple[Severity, ...] = (Severity.MAJOR,)
    steps: Annotated[tuple[PlanStep, ...], Field(min_length=1, max_length=60)]

    @model_validator(mode="after")
    def _names_each_step_once(self) -> Self:
        codes = [step.code for step in self.steps]
        if len(set(codes)) != len(codes):
            raise ValueError(f"plan {self.code} names a step twice")
        return self

    def fits(self, category: str, severity: Severity) -> bool:
        """Whether the plan begins by itself for an accepted case like that."""
        return severity in self.severities and any(category.startswith(prefix) for prefix in self.categories)


#: Whoever has the step at once, the park's duty officer after ten minutes, its supervisor after twenty (our choice).
DEFAULT_EMERGENCY_LADDER = (
    MatterRung(after_hours=0),
    MatterRung(after_hours=10 / 60, role=Role.DUTY_OFFICER, level=Level.PARK),
    MatterRung(after_hours=20 / 60, role=Role.SUPERVISOR, level=Level.PARK),
)


class EmergencyPolicy(Given):
    """The plans, and the ladder of a step that nobody has confirmed in time."""

    plans: Annotated[tuple[EmergencyPlan, ...], Field(max_length=100)] = ()
    ladder: Annotated[tuple[MatterRung, ...], Field(min_length=1, max_length=12)] = DEFAULT_EMERGENCY_LADDER

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        codes = [plan.code for plan in self.plans]
        if len(set(codes)) != len(codes):
            raise ValueError("an emergency plan is named twice")
        hours = [rung.after_hours for rung in self.ladder]
        if any(later <= earlier for earlier, later in pairwise(hours)):
            raise ValueError("the hours of the ladder's steps must rise from one step to the next")
        return self

    def plan(self, code: str) -> EmergencyPlan | None:
        """The plan of that code, or None."""
        return next((plan for plan in self.plans if plan.code == code), None)

    def plan_for(self, category: str, severity: Severity) -> EmergencyPlan | None:
        """The first plan that begins by itself for a case like that, or None."""
        return next((plan for plan in self.plans if plan.fits(category, severity)), None)
