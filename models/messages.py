"""What crosses between doors, workflow and recording step. One frozen model each way."""

import hashlib
from functools import cached_property
from uuid import UUID

from models.base import Frozen, Instant
from models.case import Case
from models.commands import Command, HumanCommand, Recompute, Report, Separate, TakeOut, WakeUp
from models.errors import Refusal
from models.facts import Actor, Fact


def command_digest(command: Frozen) -> str:
    """What tells two commands under one id apart: the beginning of the SHA-256 of the command's content."""
    return hashlib.sha256(command.model_dump_json().encode()).hexdigest()[:16]


class CaseStart(Frozen):
    """The input of a case workflow: the report, or, when it goes on in a new run, the case so far.

    `done` names the latest commands that already count, so that a resent one is known in the new run too.
    `attempt` is new with every sending: the receipt says which of them began the case.
    """

    report: Report
    actor: Actor
    attempt: UUID | None = None
    case: Case | None = None
    done: tuple[UUID, ...] = ()


class Act(Frozen):
    """A person's command on its way to the case. `id` makes it count once, however often it is sent.

    `seen` is the number of the last fact that the door has seen of the case; 0 when it could not look.
    """

    id: UUID
    actor: Actor
    seen: int = 0
    if_revision: int | None = None
    command: HumanCommand

    @property
    def update_id(self) -> str:
        """The id under which Temporal answers a resent command as before: another content is not that command.

        What the sender had seen meanwhile is left out: the same command stays the same.
        """
        return f"{self.id}-{command_digest(self.model_copy(update={'seen': 0, 'if_revision': None}))}"


class Step(Frozen):
    """One recording step: this command, at this moment, by somebody who knows facts up to `known`."""

    report_id: UUID
    known: int
    id: UUID
    at: Instant
    actor: Actor
    if_revision: int | None = None
    command: Command

    @cached_property
    def digest(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the command, its id and time left out."""
        return command_digest(self.command)


class Recorded(Frozen):
    """Every fact after the step's `known`, in order; or a refusal, with which nothing was recorded.

    A refusal can come with facts: those of an earlier step that had been recorded but never reported.
    """

    facts: tuple[Fact, ...] = ()
    refusal: Refusal | None = None


class Receipt(Frozen):
    """The answer to a report or command: the case's number, and the revision it now stands at.

    `content_hash` and `attempt` are those of the report that began the case. `refused`: a part of a split could not be
    opened, for the reason of this code.
    """

    case_no: str
    revision: int
    content_hash: str | None = None
    attempt: UUID | None = None
    refused: str | None = None


class Telling(Frozen):
    """An errand to an existing case: `from_case` was merged into `lead`; or (`left`) was taken out of it again; or lets
    its `member`, named by its number, go for that `reason`."""

    id: UUID
    lead: UUID | None = None
    from_case: str
    left: bool = False
    member: str | None = None
    reason: str = ""


class Opening(Frozen):
    """An errand that opens a new case: a part split off from `from_case`."""

    report: Report
    actor: Actor


class SystemAct(Frozen):
    """The system's own word to a case. `id` makes it count once."""

    id: UUID
    command: WakeUp | Recompute | Separate | TakeOut


class Rollout(Frozen):
    """A policy version whose calendars are to count for every open case; `told` and `after`: how far it has come.

    `missed`: how many cases could not be told on this way through, `rounds` how many ways through there have been.
    """

    version: int
    after: UUID | None = None
    told: int = 0
    missed: int = 0
    rounds: int = 0


class RolloutPage(Frozen):
    """What one page of a rollout came to. `after` None: it was the last page."""

    after: UUID | None
    seen: int
    told: int
    missed: int = 0
