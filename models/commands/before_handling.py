"""Commands of receive and dispatch."""

from typing import Annotated, Literal

from pydantic import Field

from models.answers import OptionalAnswers
from models.base import Code, Given, Note, OptionalNote, WrittenInstant
from models.commands.report import Attachments
from models.commands.suggestion import SuggestionId


class Accept(Given):
    """Accept the case (受理立案) under the named opening condition, or the first that fits category and severity."""

    kind: Literal["accept"] = "accept"
    condition: Code | None = None
    note: OptionalNote = ""
    suggestion: SuggestionId = None


class Reject(Given):
    """Reject the report (不予受理); both the reason and the right channel must be given."""

    kind: Literal["reject"] = "reject"
    reason: Note
    right_channel: Note


class RequestInfo(Given):
    """Ask the reporter. Clocks stop until the answer, or until `answer_by`; a statutory clock runs on."""

    kind: Literal["request_info"] = "request_info"
    question: Note
    answer_by: WrittenInstant | None = None


class SupplyInfo(Given):
    """Answer the question to the reporter. `answers`: to questions of the category, besides."""

    kind: Literal["supply_info"] = "supply_info"
    note: Note
    attachments: Attachments = ()
    answers: OptionalAnswers = None


class RequestVerification(Given):
    """Ask the grid worker to look at the place before the case is accepted (发核实)."""

    kind: Literal["request_verification"] = "request_verification"
    question: Note
    report_by: WrittenInstant | None = None


class ReportVerification(Given):
    """Report what the grid worker found: whether the report is true (`confirmed`), with a note and attachments."""

    kind: Literal["report_verification"] = "report_verification"
    confirmed: bool
    note: Note
    attachments: Attachments = ()


class SelfClose(Given):
    """Settle the case on the spot (自办结), by the grid worker; it is still reviewed."""

    kind: Literal["self_close"] = "self_close"
    result: Note
    evidence: Attachments = ()


class SendBack(Given):
    """Send the case from dispatch back to receive (退回受理), where it may be corrected or rejected."""

    kind: Literal["send_back"] = "send_back"
    reason: Note


class Dispatch(Given):
    """Dispatch the case (派遣) to one host, with co-handlers who must all report before completion.

    A department that returned the case in this round gets it again only with a `note` that says why.
    """

    kind: Literal["dispatch"] = "dispatch"
    host: Code
    co_handlers: Annotated[tuple[Code, ...], Field(max_length=10)] = ()
    note: OptionalNote = ""
    suggestion: SuggestionId = None
