"""Commands that fit any open stage."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from models.base import Code, Description, Frozen, Note, SaidInstant, Text, Title
from models.commands.report import Attachments, Location
from models.enums import EscalationMode, Severity, UrgeKind


class Comment(Frozen):
    kind: Literal["comment"] = "comment"
    note: Note


class Attach(Frozen):
    kind: Literal["attach"] = "attach"
    attachments: Annotated[Attachments, Field(min_length=1)]
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class Acknowledge(Frozen):
    """I have seen it and I am on it."""

    kind: Literal["acknowledge"] = "acknowledge"
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class Escalate(Frozen):
    """升级: up one level of the hierarchy, to act or to be informed."""

    kind: Literal["escalate"] = "escalate"
    mode: EscalationMode = EscalationMode.ACT
    reason: Note


class Urge(Frozen):
    """督办: asks for an answer by its own deadline; never changes the stage."""

    kind: Literal["urge"] = "urge"
    urge_kind: UrgeKind = UrgeKind.ORDINARY
    reply_by: SaidInstant
    note: Note


class AnswerUrge(Frozen):
    """Answers the oldest open urge order, or the one numbered `urge`."""

    kind: Literal["answer_urge"] = "answer_urge"
    urge: Annotated[int, Field(ge=1)] | None = None
    note: Note


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


class Part(Frozen):
    """One matter taken out of a report that held several."""

    category: Code
    title: Title
    description: Description = ""
    grid: Code | None = None


class Split(Frozen):
    """Each part becomes a case of its own; this one goes on with what remains."""

    kind: Literal["split"] = "split"
    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=10)]
    reason: Note


class Withdraw(Frozen):
    kind: Literal["withdraw"] = "withdraw"
    reason: Note


class Void(Frozen):
    """作废: the first duty officer proposes, a second one confirms by the same command."""

    kind: Literal["void"] = "void"
    reason: Note


class Convene(Frozen):
    """吹哨: calls departments to a joint meeting; each must `respond`."""

    kind: Literal["convene"] = "convene"
    departments: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    meet_at: SaidInstant
    note: Note


class Respond(Frozen):
    """报到: a convened department answers the whistle."""

    kind: Literal["respond"] = "respond"
    note: Note
