"""Commands of review and of a closed case."""

from typing import Annotated, Literal

from pydantic import Field

from models.base import (
    Answer,
    Code,
    Given,
    Note,
    OptionalNote,
    is_empty,
    is_none,
)
from models.commands.report import Attachments


class PassReview(Given):
    """Pass the review (核查通过).

    The reporter may see photos of the result that identify nobody: all with `release`, else those in `release_photos`.
    An empty `release_photos` is left out of the JSON, so that the digest is the same as before the field existed.
    """

    kind: Literal["pass_review"] = "pass_review"
    note: OptionalNote = ""
    evidence: Attachments = ()
    release: bool = False
    release_photos: Annotated[Attachments, Field(exclude_if=is_empty)] = ()
    answer: Annotated[Answer, Field(exclude_if=is_empty)] = ""


class FailReview(Given):
    """Fail the review (返工): back to the host, in a new round.

    `departments`: the co-handlers whose part failed and who must report again; empty means all of them.
    """

    kind: Literal["fail_review"] = "fail_review"
    reason: Note
    evidence: Attachments = ()
    departments: Annotated[tuple[Code, ...], Field(max_length=10, exclude_if=is_empty)] = ()


class AssignReviewer(Given):
    """Assign the person who reviews the case, for example when another must step aside (回避)."""

    kind: Literal["assign_reviewer"] = "assign_reviewer"
    person: Code
    reason: Note


class Rate(Given):
    """Rate the result from 1 (bad) to 5 (good): by the reporter, or by a second officer after a call-back (回访)."""

    kind: Literal["rate"] = "rate"
    score: Annotated[int, Field(ge=1, le=5)]
    note: OptionalNote = ""


class RequestReopen(Given):
    """Ask to reopen a closed case."""

    kind: Literal["request_reopen"] = "request_reopen"
    reason: Note


class GrantReopen(Given):
    """Reopen the case, as requested."""

    kind: Literal["grant_reopen"] = "grant_reopen"
    note: OptionalNote = ""


class RefuseReopen(Given):
    """Refuse to reopen the case."""

    kind: Literal["refuse_reopen"] = "refuse_reopen"
    reason: Note


class Appeal(Given):
    """Appeal (超时申诉): ask that an overdue be exempt from statistics; the fact itself is never erased.

    For a department that hosted the case in `round` and was late; without a `round`, the last such round.
    """

    kind: Literal["appeal"] = "appeal"
    reason: Note
    attachments: Attachments = ()
    round: Annotated[int | None, Field(ge=1, exclude_if=is_none)] = None


class DecideAppeal(Given):
    """Decide the oldest undecided appeal, or that of `department` about `round`."""

    kind: Literal["decide_appeal"] = "decide_appeal"
    upheld: bool
    reason: Note
    department: Annotated[Code | None, Field(exclude_if=is_none)] = None
    round: Annotated[int | None, Field(ge=1, exclude_if=is_none)] = None
