"""Commands of the stage handle."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from models.base import Code, Frozen, Note, SaidInstant, Text
from models.commands.report import Attachments


class Claim(Frozen):
    kind: Literal["claim"] = "claim"


class Release(Frozen):
    kind: Literal["release"] = "release"
    reason: Note


class Transfer(Frozen):
    """To a colleague of the host department, or, by its head, to another department."""

    kind: Literal["transfer"] = "transfer"
    to_person: Code | None = None
    to_department: Code | None = None
    reason: Note


class Return(Frozen):
    """退单: asks to be relieved, with a reason; the clock runs on while this is undecided."""

    kind: Literal["return"] = "return"
    reason: Note


class GrantReturn(Frozen):
    kind: Literal["grant_return"] = "grant_return"
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class RefuseReturn(Frozen):
    kind: Literal["refuse_return"] = "refuse_return"
    reason: Note


class ReportProgress(Frozen):
    """A note on the work. From a co-handler it is their report, unless `interim`."""

    kind: Literal["report_progress"] = "report_progress"
    note: Note
    attachments: Attachments = ()
    interim: bool = False


class Complete(Frozen):
    """处置完成: result and evidence; the case goes to review."""

    kind: Literal["complete"] = "complete"
    result: Note
    evidence: Attachments = ()


class RequestExtension(Frozen):
    kind: Literal["request_extension"] = "request_extension"
    until: SaidInstant
    reason: Note


class GrantExtension(Frozen):
    """`until` may be earlier than what was asked, never later."""

    kind: Literal["grant_extension"] = "grant_extension"
    until: SaidInstant | None = None
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class RefuseExtension(Frozen):
    kind: Literal["refuse_extension"] = "refuse_extension"
    reason: Note


class RequestSuspension(Frozen):
    """挂账: asks to stop the clock for work that is impossible now, to a stated end."""

    kind: Literal["request_suspension"] = "request_suspension"
    until: SaidInstant
    reason: Note


class GrantSuspension(Frozen):
    kind: Literal["grant_suspension"] = "grant_suspension"
    until: SaidInstant | None = None
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class RefuseSuspension(Frozen):
    kind: Literal["refuse_suspension"] = "refuse_suspension"
    reason: Note


class Resume(Frozen):
    kind: Literal["resume"] = "resume"
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class Abort(Frozen):
    """终止: handling can't go on (the complainant refuses to cooperate); reviewed before it closes."""

    kind: Literal["abort"] = "abort"
    reason: Note
