"""Commands of the stage review and of a closed case."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from models.base import Frozen, Note, Text
from models.commands.report import Attachments


class PassReview(Frozen):
    """核查通过. What the reporter may see, since nothing on it tells who anybody is: with `release` the photos of the
    result, all of them; else those of them that `release_photos` names, none by default.

    `release_photos` is left out where it names none: such a command keeps the digest it had before there was the field.
    """

    kind: Literal["pass_review"] = "pass_review"
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""
    evidence: Attachments = ()
    release: bool = False
    release_photos: Annotated[Attachments, Field(exclude_if=lambda named: not named)] = ()


class FailReview(Frozen):
    """返工: back to the host, and a new round begins."""

    kind: Literal["fail_review"] = "fail_review"
    reason: Note
    evidence: Attachments = ()


class Rate(Frozen):
    """The reporter's verdict: 1 (bad) to 5 (good)."""

    kind: Literal["rate"] = "rate"
    score: Annotated[int, Field(ge=1, le=5)]
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class RequestReopen(Frozen):
    kind: Literal["request_reopen"] = "request_reopen"
    reason: Note


class GrantReopen(Frozen):
    kind: Literal["grant_reopen"] = "grant_reopen"
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class RefuseReopen(Frozen):
    kind: Literal["refuse_reopen"] = "refuse_reopen"
    reason: Note


class Appeal(Frozen):
    """超时申诉: asks that an overdue be exempt from statistics; the fact itself is never erased."""

    kind: Literal["appeal"] = "appeal"
    reason: Note
    attachments: Attachments = ()


class DecideAppeal(Frozen):
    kind: Literal["decide_appeal"] = "decide_appeal"
    upheld: bool
    reason: Note
