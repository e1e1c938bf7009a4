"""What only the clock does."""

from typing import Literal
from uuid import UUID

from models.base import Frozen, Instant
from models.case import Owner
from models.enums import EscalationMode, Level, Light, RequestKind, Role, Stage
from models.facts.common import Retimed


class LightChanged(Frozen):
    """The light of the running stage (`stage` None: of the whole case) has turned: yellow, or red before the deadline
    where a standard says so.

    Every other change of light comes with the fact that brings it: a clock that starts, stops, goes on, is counted
    anew or is overdue.
    """

    kind: Literal["light_changed"] = "light_changed"
    stage: Stage | None
    light: Light


class Overdue(Frozen):
    """The deadline of a stage (`stage` None: of the whole) has passed. Never erased, whatever an appeal decides.

    `remind_at` is None while the ladder still has steps to fire.
    """

    kind: Literal["overdue"] = "overdue"
    stage: Stage | None
    due_at: Instant
    remind_at: Instant | None


class Reminded(Frozen):
    """Still overdue, and said again."""

    kind: Literal["reminded"] = "reminded"
    remind_at: Instant


class Reached(Frozen):
    """Whom a step reached: those who held the role in that unit at that moment, or the host department."""

    mode: EscalationMode
    role: Role | None = None
    unit: str | None = None
    department: str | None = None
    people: tuple[UUID, ...] = ()


class SummonsMissed(Frozen):
    """A department called to a joint meeting had not answered when it began; `reached` is who was told."""

    kind: Literal["summons_missed"] = "summons_missed"
    department: str
    meet_at: Instant
    reached: tuple[Reached, ...]


class Vacancy(Frozen):
    """A role that a step looked for in a unit, and nobody held: an organisational alarm."""

    role: Role
    unit: str


class StepFired(Frozen):
    """A step of a ladder: of the running stage, of the whole case (`whole`), of an urge order that nobody answered
    (`urge` is its number), or of a request that nobody decided (`request`).

    `planned_at` is when it was due to fire; the fact's own time is when it did. `owner` is the new owner, if the
    step moved the case; `level` where its attention stands then. After the last step `remind_at` says when the
    daily reminders begin, and `consultation` puts the case on the joint-meeting list.
    """

    kind: Literal["step_fired"] = "step_fired"
    stage: Stage | None
    whole: bool = False
    request: RequestKind | None = None
    urge: int | None = None
    step: int
    planned_at: Instant
    reached: tuple[Reached, ...]
    vacancies: tuple[Vacancy, ...] = ()
    owner: Owner | None = None
    level: Level
    remind_at: Instant | None = None
    consultation: bool = False


class AcknowledgementLapsed(Frozen):
    """Nobody reported progress in time, or the case is somebody else's by now: the ladder goes on where it stopped, at
    these moments."""

    kind: Literal["acknowledgement_lapsed"] = "acknowledgement_lapsed"
    rungs: tuple[Instant, ...]


class UrgeOverdue(Frozen):
    kind: Literal["urge_overdue"] = "urge_overdue"
    number: int
    reply_by: Instant


class Recomputed(Frozen):
    """A calendar was published: the running clocks, counted anew by the calendars of that policy version."""

    kind: Literal["recomputed"] = "recomputed"
    calendars: int
    clocks: tuple[Retimed, ...]
