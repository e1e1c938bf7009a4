"""Commands of the stages receive and dispatch."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import Code, Frozen, Note, OptionalNote, WrittenInstant
from models.commands.report import Attachments


class Accept(Frozen):
    """受理立案, under the opening condition named, or the first that fits the category and severity."""

    kind: Literal["accept"] = "accept"
    condition: Code | None = None
    note: OptionalNote = ""


class Reject(Frozen):
    """不予受理: the reason and the right channel must both be told."""

    kind: Literal["reject"] = "reject"
    reason: Note
    right_channel: Note


class RequestInfo(Frozen):
    """Asks the reporter. Clocks stop until the answer, or until `answer_by`; a statutory clock runs on."""

    kind: Literal["request_info"] = "request_info"
    question: Note
    answer_by: WrittenInstant | None = None


class SupplyInfo(Frozen):
    kind: Literal["supply_info"] = "supply_info"
    note: Note
    attachments: Attachments = ()


class RequestVerification(Frozen):
    """发核实: asks the grid's worker to look at the place before the case is accepted."""

    kind: Literal["request_verification"] = "request_verification"
    question: Note
    report_by: WrittenInstant | None = None


class ReportVerification(Frozen):
    """What the grid's worker found: whether the report holds (`confirmed`), and what there is to see."""

    kind: Literal["report_verification"] = "report_verification"
    confirmed: bool
    note: Note
    attachments: Attachments = ()


class SelfClose(Frozen):
    """自办结: the grid worker settled it on the spot; it is still reviewed."""

    kind: Literal["self_close"] = "self_close"
    result: Note
    evidence: Attachments = ()


class SendBack(Frozen):
    """退回受理: from dispatch back to receive, where it may be corrected or rejected."""

    kind: Literal["send_back"] = "send_back"
    reason: Note


class Dispatch(Frozen):
    """派遣: one host, and co-handlers who must all report before completion.

    A department that returned the case in this round takes it again only with a `note` that says why.
    """

    kind: Literal["dispatch"] = "dispatch"
    host: Code
    co_handlers: Annotated[tuple[Code, ...], Field(max_length=10)] = ()
    note: OptionalNote = ""
