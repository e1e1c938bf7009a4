"""A run of an emergency plan (应急处置): the steps of the plan for one case, each to be confirmed in its minutes."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from models.base import Code, Frozen, Instant, Kept, Note, OptionalNote
from models.commands.report import Attachments
from models.enums import Level, Role, Severity
from models.facts import Reached, Vacancy
from models.matters.base import CreateMatter, Matter, MatterBody, MatterCommand


class StepState(StrEnum):
    """Where a step stands."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    NOT_APPLICABLE = "not_applicable"


class RunStep(Kept):
    """A step of a run. `reached`: to whom it was given when the run began; `by` and `at`: who settled it and when.

    `missed_at`: its minutes passed before it was settled; that stays.
    """

    code: str
    name_zh: str
    name_en: str
    due_at: Instant
    report: bool = False
    source: str = "our choice"
    role: Role | None = None
    level: Level = Level.PARK
    department: str | None = None
    reached: tuple[Reached, ...] = ()
    state: StepState = StepState.OPEN
    by: UUID | None = None
    at: Instant | None = None
    note: str = ""
    attachments: tuple[str, ...] = ()
    missed_at: Instant | None = None


class Emergency(Matter):
    """A run of a plan for a case. `status`: `running`, `closed` or `stopped`. `summary`: the record it was closed with,
    or why it was stopped."""

    case_no: str
    plan: str
    plan_zh: str
    plan_en: str
    by_hand: bool = False
    steps: tuple[RunStep, ...]
    summary: str = ""

    @property
    def open_steps(self) -> tuple[RunStep, ...]:
        """The steps that nobody has settled yet."""
        return tuple(step for step in self.steps if step.state is StepState.OPEN)

    def step(self, code: str) -> RunStep | None:
        """The step of that code, or None."""
        return next((step for step in self.steps if step.code == code), None)


class BeginEmergency(CreateMatter):
    """Begin a run of `plan` for the case; `name` and `grid` are those of the case."""

    kind: Literal["begin"] = "begin"
    code: None = None
    case_no: Code
    plan: Code


class ConfirmStep(MatterCommand):
    """Confirm that a step was done; of a report, the note says who was told."""

    kind: Literal["confirm"] = "confirm"
    step: Code
    note: OptionalNote = ""
    attachments: Attachments = ()


class LeaveOutStep(MatterCommand):
    """Declare that a step does not apply here, and why."""

    kind: Literal["leave_out"] = "leave_out"
    step: Code
    reason: Note


class CloseEmergency(MatterCommand):
    """Close the run with its record; every step is settled then."""

    kind: Literal["close"] = "close"
    summary: Note


class StopEmergency(MatterCommand):
    """End the run though steps are open: a supervisor does so, with the reason."""

    kind: Literal["stop"] = "stop"
    reason: Note


class EmergencyBegun(MatterBody):
    """A run began, with its steps; `reached` are all who were given one. `severity`: that of the case then."""

    kind: Literal["begun"] = "begun"
    code: str
    name: str
    grid: str
    grid_path: tuple[str, ...]
    departments: tuple[str, ...]
    people: tuple[UUID, ...]
    case_no: str
    plan: str
    plan_zh: str
    plan_en: str
    by_hand: bool
    severity: Severity | None = None
    steps: tuple[RunStep, ...]
    reached: tuple[Reached, ...]
    vacancies: tuple[Vacancy, ...] = ()


class StepConfirmed(MatterBody):
    """A step was confirmed."""

    kind: Literal["step_confirmed"] = "step_confirmed"
    step: str
    name_zh: str
    name_en: str
    note: str
    attachments: tuple[str, ...] = ()
    late: bool = False


class StepLeftOut(MatterBody):
    """A step was declared not applicable."""

    kind: Literal["step_left_out"] = "step_left_out"
    step: str
    name_zh: str
    name_en: str
    reason: str


class StepMissed(MatterBody):
    """The minutes of a step passed unconfirmed; `rungs`: the steps of its ladder."""

    kind: Literal["step_missed"] = "step_missed"
    step: str
    name_zh: str
    name_en: str
    due_at: Instant
    rungs: tuple[Instant, ...]


class EmergencyClosed(MatterBody):
    """The run was closed, with its record."""

    kind: Literal["closed"] = "closed"
    summary: str


class EmergencyStopped(MatterBody):
    """A supervisor ended the run though these steps were open."""

    kind: Literal["stopped"] = "stopped"
    reason: str
    open_steps: tuple[str, ...]


COMMANDS = (BeginEmergency, ConfirmStep, LeaveOutStep, CloseEmergency, StopEmergency)
BODIES = (EmergencyBegun, StepConfirmed, StepLeftOut, StepMissed, EmergencyClosed, EmergencyStopped)


class EmergencyAround(Frozen):
    """What a beginning run needs of its case: None when there is no such case. `running`: plans that run for it."""

    grid: str | None = None
    severity: Severity | None = None
    is_open: bool = False
    running: tuple[str, ...] = ()
