"""Commands of the stages receive and dispatch."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from models.base import Code, Frozen, Note, SaidInstant, Text
from models.commands.report import Attachments


class Accept(Frozen):
    """受理立案, under the opening condition named, or the first that fits the category and severity."""

    kind: Literal["accept"] = "accept"
    condition: Code | None = None
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class Reject(Frozen):
    """不予受理: the reason and the right channel must both be told."""

    kind: Literal["reject"] = "reject"
    reason: Note
    right_channel: Note


class RequestInfo(Frozen):
    """The clock of the stage stops until the reporter answers, or until `answer_by`."""

    kind: Literal["request_info"] = "request_info"
    question: Note
    answer_by: SaidInstant | None = None


class SupplyInfo(Frozen):
    kind: Literal["supply_info"] = "supply_info"
    note: Note
    attachments: Attachments = ()


class SelfClose(Frozen):
    """自办结: the grid worker settled it on the spot; it is still reviewed."""

    kind: Literal["self_close"] = "self_close"
    result: Note
    evidence: Attachments = ()


class Dispatch(Frozen):
    """派遣: one host, and co-handlers who must all report before completion."""

    kind: Literal["dispatch"] = "dispatch"
    host: Code
    co_handlers: Annotated[tuple[Code, ...], Field(max_length=10)] = ()
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""
