"""Commands of handling."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Answer, Code, Given, Note, OptionalNote, WrittenInstant, is_empty
from models.commands.report import Attachments


class Claim(Given):
    """Take the case on, as a person of the host department."""

    kind: Literal["claim"] = "claim"


class Release(Given):
    """Give the claim up: the case goes back to the host department."""

    kind: Literal["release"] = "release"
    reason: Note


class Redispatch(Given):
    """Change the host (改派); the clock runs on. `co_handlers` None keeps the present ones."""

    kind: Literal["redispatch"] = "redispatch"
    host: Code
    co_handlers: Annotated[tuple[Code, ...] | None, Field(max_length=10)] = None
    reason: Note


class Recall(Given):
    """Take the case from handle back to dispatch (撤回派单)."""

    kind: Literal["recall"] = "recall"
    reason: Note


class AddCoHandler(Given):
    """Add co-handling departments."""

    kind: Literal["add_co_handler"] = "add_co_handler"
    departments: Annotated[tuple[Code, ...], Field(min_length=1, max_length=10)]
    note: OptionalNote = ""


class ReleaseCoHandler(Given):
    """Remove a co-handler, so that completion no longer waits for it. One that has reported stays on record."""

    kind: Literal["release_co_handler"] = "release_co_handler"
    department: Code
    reason: Note


class GrantTransfer(Given):
    """Take the case over, as the department that was asked; the clock runs on."""

    kind: Literal["grant_transfer"] = "grant_transfer"
    note: OptionalNote = ""


class RefuseTransfer(Given):
    """Refuse to take the case over."""

    kind: Literal["refuse_transfer"] = "refuse_transfer"
    reason: Note


class Transfer(Given):
    """Transfer the case to a colleague of the host department; or, as its head, ask another department to take it."""

    kind: Literal["transfer"] = "transfer"
    to_person: Code | None = None
    to_department: Code | None = None
    reason: Note


class Return(Given):
    """Ask to return the case (退单), with a reason; the clock runs on while this is undecided."""

    kind: Literal["return"] = "return"
    reason: Note


class GrantReturn(Given):
    """Grant the return: the case goes back to dispatch."""

    kind: Literal["grant_return"] = "grant_return"
    note: OptionalNote = ""


class RefuseReturn(Given):
    """Refuse the return: the case stays with its host."""

    kind: Literal["refuse_return"] = "refuse_return"
    reason: Note


class ReportProgress(Given):
    """Report progress. From a co-handler it is their report, unless `interim`."""

    kind: Literal["report_progress"] = "report_progress"
    note: Note
    attachments: Attachments = ()
    interim: bool = False


class Complete(Given):
    """Complete the handling (处置完成), with result and evidence; the case goes to review.

    `result` is for the staff; `answer` (答复) is what the reporter will read once the review has passed.
    """

    kind: Literal["complete"] = "complete"
    result: Note
    evidence: Attachments = ()
    answer: Annotated[Answer, Field(exclude_if=is_empty)] = ""


class RequestExtension(Given):
    """Ask for a later deadline (延期)."""

    kind: Literal["request_extension"] = "request_extension"
    until: WrittenInstant
    reason: Note


class GrantExtension(Given):
    """Grant an extension; `until` may be earlier than what was asked for, never later."""

    kind: Literal["grant_extension"] = "grant_extension"
    until: WrittenInstant | None = None
    note: OptionalNote = ""


class RefuseExtension(Given):
    """Refuse an extension."""

    kind: Literal["refuse_extension"] = "refuse_extension"
    reason: Note


class RequestSuspension(Given):
    """Ask to suspend the case (挂账) until a stated time, because the work is impossible now; the clock stops."""

    kind: Literal["request_suspension"] = "request_suspension"
    until: WrittenInstant
    reason: Note


class GrantSuspension(Given):
    """Grant a suspension; `until` may be earlier than what was asked for, never later."""

    kind: Literal["grant_suspension"] = "grant_suspension"
    until: WrittenInstant | None = None
    note: OptionalNote = ""


class RefuseSuspension(Given):
    """Refuse a suspension."""

    kind: Literal["refuse_suspension"] = "refuse_suspension"
    reason: Note


class Resume(Given):
    """End the suspension before its time."""

    kind: Literal["resume"] = "resume"
    note: OptionalNote = ""


class Abort(Given):
    """End the handling without a result (终止), as when the complainant does not cooperate; it is still reviewed."""

    kind: Literal["abort"] = "abort"
    reason: Note
