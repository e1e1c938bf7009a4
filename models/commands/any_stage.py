"""Commands of any open stage."""

from typing import Annotated, Literal

from pydantic import Field

from models.answers import GivenAnswers, OptionalAnswers
from models.base import (
    Code,
    CreditCode,
    Description,
    Given,
    Note,
    OptionalNote,
    Title,
    WrittenInstant,
    is_empty,
    is_none,
)
from models.commands.report import Attachments, GivenLocation
from models.commands.suggestion import SuggestionId
from models.enums import EscalationMode, RequestKind, Severity, UrgeKind
from models.policy.questions import MOST_QUESTIONS
from models.policy.standard import LevelName


class Comment(Given):
    """Add a note."""

    kind: Literal["comment"] = "comment"
    note: Note


class Attach(Given):
    """Add attachments."""

    kind: Literal["attach"] = "attach"
    attachments: Annotated[Attachments, Field(min_length=1)]
    note: OptionalNote = ""


class Acknowledge(Given):
    """Acknowledge: the owner has seen the case and is working on it."""

    kind: Literal["acknowledge"] = "acknowledge"
    note: OptionalNote = ""


class Escalate(Given):
    """Escalate (升级) one level up, or straight to `to_level` (越级), to act or to be informed.

    `to_level` is left out of the JSON when it is not given, so that the digest is the same as before the field existed.
    """

    kind: Literal["escalate"] = "escalate"
    mode: EscalationMode = EscalationMode.ACT
    to_level: Annotated[LevelName | None, Field(exclude_if=is_none)] = None
    reason: Note


class Urge(Given):
    """Give an urge order (督办): it needs an answer by its own deadline and never changes the stage."""

    kind: Literal["urge"] = "urge"
    urge_kind: UrgeKind = UrgeKind.ORDINARY
    reply_by: WrittenInstant
    note: Note


class AnswerUrge(Given):
    """Answer the oldest open urge order, or the one numbered `urge`."""

    kind: Literal["answer_urge"] = "answer_urge"
    urge: Annotated[int, Field(ge=1)] | None = None
    note: Note


class CancelUrge(Given):
    """Cancel an urge order that was given by mistake: the oldest open one, or the one numbered `urge`."""

    kind: Literal["cancel_urge"] = "cancel_urge"
    urge: Annotated[int, Field(ge=1)] | None = None
    reason: Note


class Retract(Given):
    """Take back one's own pending request: the only one, or the one of kind `request`."""

    kind: Literal["retract"] = "retract"
    request: RequestKind | None = None
    reason: OptionalNote = ""


class AnswerQuestions(Given):
    """Answer questions of the category that were not answered when it was reported, or answer them anew.

    `not_known`: required questions to which no answer can be had. Photos among the answers are `attachments` as well.
    """

    kind: Literal["answer_questions"] = "answer_questions"
    answers: GivenAnswers = Field(default_factory=dict)
    not_known: Annotated[tuple[Code, ...], Field(max_length=MOST_QUESTIONS)] = ()
    note: OptionalNote = ""
    attachments: Attachments = ()


class Recategorise(Given):
    """Change category, severity or opening condition; the clocks are recomputed from their starts.

    Without a `condition`, the first one that fits holds. `answers`: to questions of the new category.
    """

    kind: Literal["recategorise"] = "recategorise"
    category: Code
    severity: Severity | None = None
    condition: Code | None = None
    reason: Note
    answers: OptionalAnswers = None
    suggestion: SuggestionId = None


class Adopt(Given):
    """Adopt a newer policy version for this case; its clocks are recomputed by it."""

    kind: Literal["adopt"] = "adopt"
    version: Annotated[int, Field(ge=1)]
    reason: Note


class Relocate(Given):
    """Move the case to another grid unit, or correct its location within it.

    `location` None keeps the location. `mismatch_meant`: the location lies outside `grid`, and that is meant.
    """

    kind: Literal["relocate"] = "relocate"
    grid: Code
    location: GivenLocation | None = None
    reason: Note
    mismatch_meant: Annotated[bool, Field(exclude_if=is_empty)] = False


class LinkEnterprise(Given):
    """Say which enterprise the case is about, by its credit code; without one: about none."""

    kind: Literal["link_enterprise"] = "link_enterprise"
    enterprise: CreditCode | None = None
    reason: OptionalNote = ""


class Merge(Given):
    """Merge this case into `into`, which is the same matter: it closes, and its reporter follows the lead."""

    kind: Literal["merge"] = "merge"
    into: Code
    reason: Note


class Unmerge(Given):
    """Take a case out of its lead again; its clocks count as if they had run on.

    Given to the merged case, or to the lead with the number of the merged case.
    """

    kind: Literal["unmerge"] = "unmerge"
    case_no: Code | None = None
    reason: Note


class Part(Given):
    """One matter split off from a report that held several. Without a `severity`, its category's own holds;
    without a `title`, one is made of its description."""

    category: Code
    title: Annotated[Title | None, Field(exclude_if=is_none)] = None
    description: Description = ""
    grid: Code | None = None
    severity: Annotated[Severity | None, Field(exclude_if=is_none)] = None


class Split(Given):
    """Split parts off: each becomes a case of its own; this one continues with the rest."""

    kind: Literal["split"] = "split"
    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=10)]
    reason: Note


class Withdraw(Given):
    """Withdraw the case: by its reporter, or by a second officer on the reporter's word."""

    kind: Literal["withdraw"] = "withdraw"
    reason: Note


class Void(Given):
    """Void the case (作废): one officer proposes it, a second one confirms it by the same command."""

    kind: Literal["void"] = "void"
    reason: Note


class RefuseVoid(Given):
    """Refuse a proposal to void: a second person does so, and the case continues."""

    kind: Literal["refuse_void"] = "refuse_void"
    reason: Note


class Convene(Given):
    """Call departments to a joint meeting (吹哨); each must `respond`."""

    kind: Literal["convene"] = "convene"
    departments: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    meet_at: WrittenInstant
    note: Note


class Respond(Given):
    """Answer a joint-meeting call for one's department (报到)."""

    kind: Literal["respond"] = "respond"
    note: Note
