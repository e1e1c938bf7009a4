"""What crosses between doors, workflow and recording step. One frozen model each way."""

from uuid import UUID

from models.base import Frozen, Instant
from models.case import Case
from models.commands import Command, HumanCommand, Report
from models.errors import Refusal
from models.facts import Actor, Fact


class CaseStart(Frozen):
    """The input of a case workflow: the report, or, when it goes on in a new run, the case so far."""

    report: Report
    actor: Actor
    case: Case | None = None


class Act(Frozen):
    """A person's command on its way to the case. `id` makes it count once, however often it is sent."""

    id: UUID
    actor: Actor
    if_revision: int | None = None
    command: HumanCommand


class Absorbing(Frozen):
    """A sibling case's word that it was merged into this one."""

    id: UUID
    case_no: str


class Step(Frozen):
    """One recording step: this command, at this moment, by somebody who knows facts up to `known`."""

    report_id: UUID
    known: int
    id: UUID
    at: Instant
    actor: Actor
    if_revision: int | None = None
    command: Command


class Recorded(Frozen):
    """Every fact after the step's `known`, in order; or a refusal, with which nothing was recorded.

    A refusal can come with facts: those of an earlier step that had been recorded but never reported.
    """

    facts: tuple[Fact, ...] = ()
    refusal: Refusal | None = None


class Receipt(Frozen):
    """The answer to a report or command: the case's number, and the revision it now stands at."""

    case_no: str
    revision: int
    content_hash: str | None = None


class Errand(Frozen):
    """An errand carried out by an activity for a case."""

    id: str
    from_case: str
    target: str
