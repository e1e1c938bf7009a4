"""Commands of the stage handle."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Answer, Code, Frozen, Note, OptionalNote, WrittenInstant, is_empty
from models.commands.report import Attachments


class Claim(Frozen):
    kind: Literal["claim"] = "claim"


class Release(Frozen):
    kind: Literal["release"] = "release"
    reason: Note


class Redispatch(Frozen):
    """改派: another host; the clock runs on. `co_handlers` None keeps those there are."""

    kind: Literal["redispatch"] = "redispatch"
    host: Code
    co_handlers: Annotated[tuple[Code, ...] | None, Field(max_length=10)] = None
    reason: Note


class Recall(Frozen):
    """撤回派单: from handle back to dispatch."""

    kind: Literal["recall"] = "recall"
    reason: Note


class AddCoHandler(Frozen):
    kind: Literal["add_co_handler"] = "add_co_handler"
    departments: Annotated[tuple[Code, ...], Field(min_length=1, max_length=10)]
    note: OptionalNote = ""


class ReleaseCoHandler(Frozen):
    """Completion no longer waits for this department. One that has reported stays: its part is on record."""

    kind: Literal["release_co_handler"] = "release_co_handler"
    department: Code
    reason: Note


class GrantTransfer(Frozen):
    """The department that was asked takes the case over; the clock runs on."""

    kind: Literal["grant_transfer"] = "grant_transfer"
    note: OptionalNote = ""


class RefuseTransfer(Frozen):
    kind: Literal["refuse_transfer"] = "refuse_transfer"
    reason: Note


class Transfer(Frozen):
    """To a colleague of the host department; or, by its head, a request to another department to take the case."""

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
    note: OptionalNote = ""


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
    """处置完成: result and evidence; the case goes to review.

    `result` is for the staff; `answer` (答复) is what the reporter will read once the review has passed.
    """

    kind: Literal["complete"] = "complete"
    result: Note
    evidence: Attachments = ()
    answer: Annotated[Answer, Field(exclude_if=is_empty)] = ""


class RequestExtension(Frozen):
    kind: Literal["request_extension"] = "request_extension"
    until: WrittenInstant
    reason: Note


class GrantExtension(Frozen):
    """`until` may be earlier than what was asked, never later."""

    kind: Literal["grant_extension"] = "grant_extension"
    until: WrittenInstant | None = None
    note: OptionalNote = ""


class RefuseExtension(Frozen):
    kind: Literal["refuse_extension"] = "refuse_extension"
    reason: Note


class RequestSuspension(Frozen):
    """挂账: asks to stop the clock for work that is impossible now, to a stated end."""

    kind: Literal["request_suspension"] = "request_suspension"
    until: WrittenInstant
    reason: Note


class GrantSuspension(Frozen):
    kind: Literal["grant_suspension"] = "grant_suspension"
    until: WrittenInstant | None = None
    note: OptionalNote = ""


class RefuseSuspension(Frozen):
    kind: Literal["refuse_suspension"] = "refuse_suspension"
    reason: Note


class Resume(Frozen):
    kind: Literal["resume"] = "resume"
    note: OptionalNote = ""


class Abort(Frozen):
    """终止: handling can't go on (the complainant refuses to cooperate); reviewed before it closes."""

    kind: Literal["abort"] = "abort"
    reason: Note
