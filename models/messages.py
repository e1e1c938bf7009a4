"""The messages between doors, workflow and recording step, one frozen model in each direction."""

import hashlib
from functools import cached_property
from uuid import UUID

from models.answers import OptionalSealedAnswers, SealedAnswers
from models.base import Frozen, Instant, Kept
from models.case import Case
from models.commands import Command, HumanCommand, Inform, Recompute, Report, Separate, TakeOut, WakeUp
from models.errors import Refusal
from models.facts import Actor, Fact


def command_digest(command: Frozen, sealed: SealedAnswers | None = None) -> str:
    """The beginning of the SHA-256 of the command's content, which distinguishes two commands with one id.

    Answers that are `sealed` count as they are sealed: no digest tells what a short answer may have been.
    """
    content = command.model_dump_json() + ("" if sealed is None else sealed.content)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


class CaseStart(Kept):
    """The input of a case workflow: the report and, when it continues in a new run, the case so far.

    `done` holds the ids of the latest commands that were recorded, so that the new run recognises a resent one.
    `attempt` is new with every sending: the receipt says which attempt opened the case.
    """

    report: Report
    actor: Actor
    attempt: UUID | None = None
    case: Case | None = None
    done: tuple[UUID, ...] = ()


class Act(Kept):
    """A person's command to a case. `id` makes it count once, however often it is sent.

    `seen` is the number of the last fact that the door has seen of the case; 0 when it could not look.
    `sealed_answers`: those of the command's answers that nobody may read in a history.
    """

    id: UUID
    actor: Actor
    seen: int = 0
    if_revision: int | None = None
    command: HumanCommand
    sealed_answers: OptionalSealedAnswers = None

    @property
    def update_id(self) -> str:
        """The update id, by which Temporal recognises a resent command; other content gives another id.

        `seen` and `if_revision` are left out: they do not make it another command.
        """
        return f"{self.id}-{command_digest(self.model_copy(update={'seen': 0, 'if_revision': None}))}"


class Step(Kept):
    """One recording step: a command at a moment, sent by a workflow that knows the facts up to `known`."""

    report_id: UUID
    known: int
    id: UUID
    at: Instant
    actor: Actor
    if_revision: int | None = None
    command: Command
    sealed_answers: OptionalSealedAnswers = None

    @cached_property
    def digest(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the command, its id and time left out, and of a report the
        sealed record, which differs each time that it is sealed."""
        if isinstance(self.command, Report) and self.command.sealed is not None:
            return command_digest(self.command.model_copy(update={"sealed": None}))
        return command_digest(self.command, self.sealed_answers)


class Recorded(Kept):
    """Every fact after the step's `known`, in order; or a refusal, with which nothing was recorded.

    A refusal can come with facts: those of an earlier step that had been recorded but never reported.
    """

    facts: tuple[Fact, ...] = ()
    refusal: Refusal | None = None


class Receipt(Kept):
    """The answer to a report or command: the case's number and its present revision.

    `content_hash` and `attempt` are those of the report that opened the case. `refused`: the code for which a part of a
    split could not be opened.
    """

    case_no: str
    revision: int
    content_hash: str | None = None
    attempt: UUID | None = None
    refused: str | None = None


class Telling(Kept):
    """The message of an errand to an existing case: `from_case` was merged into `lead`.

    With `left`, it was taken out of it again. With `member`, the lead `from_case` releases the merged case of that
    number, for that `reason`.
    """

    id: UUID
    lead: UUID | None = None
    from_case: str
    left: bool = False
    member: str | None = None
    reason: str = ""


class Opening(Kept):
    """An errand that opens a new case: a part split off from `from_case`."""

    report: Report
    actor: Actor


class SystemAct(Kept):
    """A command of the system to a case. `id` makes it count once."""

    id: UUID
    command: WakeUp | Recompute | Separate | TakeOut | Inform


class Rollout(Kept):
    """The rollout of a policy version's calendars to every open case; `told` and `after` are its progress.

    `missed`: how many cases could not be reached in this round; `rounds`: how many rounds through all cases are over.
    """

    version: int
    after: UUID | None = None
    told: int = 0
    missed: int = 0
    rounds: int = 0


class RolloutPage(Kept):
    """The result of one page of a rollout. `after` None: it was the last page."""

    after: UUID | None
    seen: int
    told: int
    missed: int = 0
