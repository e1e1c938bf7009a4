"""Commands that fit any open stage."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Code, Description, Frozen, Note, OptionalNote, Title, WrittenInstant, is_none
from models.commands.report import Attachments, Location
from models.enums import EscalationMode, RequestKind, Severity, UrgeKind
from models.policy.standard import LevelName


class Comment(Frozen):
    kind: Literal["comment"] = "comment"
    note: Note


class Attach(Frozen):
    kind: Literal["attach"] = "attach"
    attachments: Annotated[Attachments, Field(min_length=1)]
    note: OptionalNote = ""


class Acknowledge(Frozen):
    """I have seen it and I am on it."""

    kind: Literal["acknowledge"] = "acknowledge"
    note: OptionalNote = ""


class Escalate(Frozen):
    """升级: up one level of the hierarchy, or (越级) straight to `to_level`; to act or to be informed.

    `to_level` is left out of the content where it is not given, so that the digest stays what it was.
    """

    kind: Literal["escalate"] = "escalate"
    mode: EscalationMode = EscalationMode.ACT
    to_level: Annotated[LevelName | None, Field(exclude_if=is_none)] = None
    reason: Note


class Urge(Frozen):
    """督办: asks for an answer by its own deadline; never changes the stage."""

    kind: Literal["urge"] = "urge"
    urge_kind: UrgeKind = UrgeKind.ORDINARY
    reply_by: WrittenInstant
    note: Note


class AnswerUrge(Frozen):
    """Answers the oldest open urge order, or the one numbered `urge`."""

    kind: Literal["answer_urge"] = "answer_urge"
    urge: Annotated[int, Field(ge=1)] | None = None
    note: Note


class CancelUrge(Frozen):
    """Takes back an urge order given by mistake: the only open one, or the one numbered `urge`."""

    kind: Literal["cancel_urge"] = "cancel_urge"
    urge: Annotated[int, Field(ge=1)] | None = None
    reason: Note


class Retract(Frozen):
    """Takes back one's own pending request: the only one, or the one of kind `request`."""

    kind: Literal["retract"] = "retract"
    request: RequestKind | None = None
    reason: OptionalNote = ""


class Recategorise(Frozen):
    """Another category, severity or opening condition; the clocks are counted anew from where they started.

    Without a `condition`, the first one that fits.
    """

    kind: Literal["recategorise"] = "recategorise"
    category: Code
    severity: Severity | None = None
    condition: Code | None = None
    reason: Note


class Adopt(Frozen):
    """A newer policy version is to hold for this case; its clocks are counted anew by it."""

    kind: Literal["adopt"] = "adopt"
    version: Annotated[int, Field(ge=1)]
    reason: Note


class Relocate(Frozen):
    kind: Literal["relocate"] = "relocate"
    grid: Code
    location: Location | None = None
    reason: Note


class Merge(Frozen):
    """This case is the same matter as `into`: it closes, and its reporter follows the lead."""

    kind: Literal["merge"] = "merge"
    into: Code
    reason: Note


class Unmerge(Frozen):
    """Takes a case out of its lead again, with its own clocks as they would have run.

    Given to the merged case, or to the lead with the number of the merged case.
    """

    kind: Literal["unmerge"] = "unmerge"
    case_no: Code | None = None
    reason: Note


class Part(Frozen):
    """One matter taken out of a report that held several. Without a `severity`, its category's own holds."""

    category: Code
    title: Title
    description: Description = ""
    grid: Code | None = None
    severity: Annotated[Severity | None, Field(exclude_if=is_none)] = None


class Split(Frozen):
    """Each part becomes a case of its own; this one goes on with what remains."""

    kind: Literal["split"] = "split"
    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=10)]
    reason: Note


class Withdraw(Frozen):
    """The reporter ends their case, or a second officer does so on their word."""

    kind: Literal["withdraw"] = "withdraw"
    reason: Note


class Void(Frozen):
    """作废: one officer proposes, a second one confirms by the same command."""

    kind: Literal["void"] = "void"
    reason: Note


class RefuseVoid(Frozen):
    """A second person declines a proposal to void: the case goes on."""

    kind: Literal["refuse_void"] = "refuse_void"
    reason: Note


class Convene(Frozen):
    """吹哨: calls departments to a joint meeting; each must `respond`."""

    kind: Literal["convene"] = "convene"
    departments: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    meet_at: WrittenInstant
    note: Note


class Respond(Frozen):
    """报到: a convened department answers the whistle."""

    kind: Literal["respond"] = "respond"
    note: Note
