"""Commands of the stage review and of a closed case."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import (
    Answer,
    Code,
    Frozen,
    Note,
    OptionalNote,
    is_empty,
    is_none,
)
from models.commands.report import Attachments


class PassReview(Frozen):
    """核查通过. What the reporter may see, since nothing on it tells who anybody is: with `release` the photos of the
    result, all of them; else those of them that `release_photos` names, none by default.

    `release_photos` is left out where it names none: such a command keeps the digest it had before there was the field.
    """

    kind: Literal["pass_review"] = "pass_review"
    note: OptionalNote = ""
    evidence: Attachments = ()
    release: bool = False
    release_photos: Annotated[Attachments, Field(exclude_if=is_empty)] = ()
    answer: Annotated[Answer, Field(exclude_if=is_empty)] = ""


class FailReview(Frozen):
    """返工: back to the host, and a new round begins.

    `departments`: the co-handlers whose part failed and is asked for again; none named means all of them.
    """

    kind: Literal["fail_review"] = "fail_review"
    reason: Note
    evidence: Attachments = ()
    departments: Annotated[tuple[Code, ...], Field(max_length=10, exclude_if=is_empty)] = ()


class AssignReviewer(Frozen):
    """The person who is to review the case: another one where the first must step aside (回避)."""

    kind: Literal["assign_reviewer"] = "assign_reviewer"
    person: Code
    reason: Note


class Rate(Frozen):
    """The reporter's verdict, 1 (bad) to 5 (good); recorded by a second officer after a call-back (回访)."""

    kind: Literal["rate"] = "rate"
    score: Annotated[int, Field(ge=1, le=5)]
    note: OptionalNote = ""


class RequestReopen(Frozen):
    kind: Literal["request_reopen"] = "request_reopen"
    reason: Note


class GrantReopen(Frozen):
    kind: Literal["grant_reopen"] = "grant_reopen"
    note: OptionalNote = ""


class RefuseReopen(Frozen):
    kind: Literal["refuse_reopen"] = "refuse_reopen"
    reason: Note


class Appeal(Frozen):
    """超时申诉: asks that an overdue be exempt from statistics; the fact itself is never erased.

    By a department that hosted the case in `round` and was late; without a `round`, the last such one.
    """

    kind: Literal["appeal"] = "appeal"
    reason: Note
    attachments: Attachments = ()
    round: Annotated[int | None, Field(ge=1, exclude_if=is_none)] = None


class DecideAppeal(Frozen):
    """Decides the oldest undecided appeal, or that of `department` about `round`."""

    kind: Literal["decide_appeal"] = "decide_appeal"
    upheld: bool
    reason: Note
    department: Annotated[Code | None, Field(exclude_if=is_none)] = None
    round: Annotated[int | None, Field(ge=1, exclude_if=is_none)] = None
