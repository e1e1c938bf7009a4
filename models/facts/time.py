"""The facts that only time brings."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from models.base import Instant, Kept, is_none
from models.case import Owner
from models.enums import EscalationMode, Level, Light, RequestKind, Role, Stage
from models.facts.common import Retimed


class LightChanged(Kept):
    """The light of the running stage (`stage` None: of the whole case) changed.

    It turned yellow, or red before the deadline where a standard says so.

    Every other change of light is part of the fact that causes it: a clock starts, stops, resumes, is recomputed or is
    overdue.
    """

    kind: Literal["light_changed"] = "light_changed"
    stage: Stage | None
    light: Light


class Overdue(Kept):
    """The deadline of a stage (`stage` None: of the whole case) passed. Never erased, whatever an appeal decides.

    `remind_at` is None while the ladder has steps left to fire.
    """

    kind: Literal["overdue"] = "overdue"
    stage: Stage | None
    due_at: Instant
    remind_at: Instant | None


class Reminded(Kept):
    """A reminder of an overdue case or a pending decision; `remind_at` is the next one.

    `decider`: who has to decide from now on what takes a supervisor, because nobody is left who could.
    """

    kind: Literal["reminded"] = "reminded"
    remind_at: Instant
    decider: Annotated[Owner | None, Field(exclude_if=is_none)] = None


class Reached(Kept):
    """The recipients of a step: those who held the role in that unit at that moment, or a department."""

    mode: EscalationMode
    role: Role | None = None
    unit: str | None = None
    department: str | None = None
    people: tuple[UUID, ...] = ()


class SummonsMissed(Kept):
    """A department called to a joint meeting had not answered when it began; `reached` are those informed."""

    kind: Literal["summons_missed"] = "summons_missed"
    department: str
    meet_at: Instant
    reached: tuple[Reached, ...]


class Vacancy(Kept):
    """A role that a step targeted in a unit and nobody held: an organisation alarm."""

    role: Role
    unit: str


class StepFired(Kept):
    """A step of a ladder: of the running stage, of the whole case (`whole`), of an urge order that nobody answered
    (`urge` is its number), or of a request that nobody decided (`request`).

    `planned_at` is when it was due to fire; the fact's own time is when it did. `owner` is the new owner, if the
    step changed it; `level` is the case's level after it. After the last step `remind_at` says when the daily
    reminders begin, and `consultation` puts the case on the joint-meeting list. `decider`: who has to decide the
    request from now on, because nobody is left who could.
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
    decider: Annotated[Owner | None, Field(exclude_if=is_none)] = None


class AcknowledgementLapsed(Kept):
    """An acknowledgement ended, without progress in time or with a new owner; the ladder continues at these moments."""

    kind: Literal["acknowledgement_lapsed"] = "acknowledgement_lapsed"
    rungs: tuple[Instant, ...]


class UrgeOverdue(Kept):
    """An urge order was not answered by its reply deadline."""

    kind: Literal["urge_overdue"] = "urge_overdue"
    number: int
    reply_by: Instant


class Recomputed(Kept):
    """Running clocks were recomputed by the calendars of that policy version, after a calendar was published."""

    kind: Literal["recomputed"] = "recomputed"
    calendars: int
    clocks: tuple[Retimed, ...]
