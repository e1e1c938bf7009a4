"""The facts that can happen in any stage."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from models.answers import Answers, Open
from models.base import Instant, Kept, is_empty, is_none
from models.case import Owner
from models.commands import Location, Part
from models.enums import EscalationMode, Level, Severity, Stage, UrgeCause, UrgeKind
from models.facts.common import Due, Explanation, Retimed
from models.plan import Plan


class Commented(Kept):
    kind: Literal["commented"] = "commented"
    note: str


class Attached(Kept):
    kind: Literal["attached"] = "attached"
    attachments: tuple[str, ...]
    note: str


class Acknowledged(Kept):
    """The owner is working on it: the ladder is held until `lapses_at` (None: until the stage ends).

    `holds` False: recorded only; the ladder continues, because the deadline has passed.
    """

    kind: Literal["acknowledged"] = "acknowledged"
    note: str
    lapses_at: Instant | None = None
    holds: bool = True


class Escalated(Kept):
    """The case was escalated. `level`: its level afterwards.

    Older facts have no `level`: they set it to `to_level`, also when a unit was only informed.
    """

    kind: Literal["escalated"] = "escalated"
    level: Level | None = None
    mode: EscalationMode
    from_level: Level
    to_level: Level
    to_unit: str
    reason: str
    owner: Owner | None


class Urged(Kept):
    """An urge order was given. `rungs` are the moments of its ladder steps."""

    kind: Literal["urged"] = "urged"
    number: int
    urge_kind: UrgeKind
    reply_by: Instant
    note: str
    cause: UrgeCause | None = None
    rungs: tuple[Instant, ...] = ()


class UrgeAnswered(Kept):
    kind: Literal["urge_answered"] = "urge_answered"
    number: int
    note: str


class UrgeCancelled(Kept):
    """Whoever gave it, or a supervisor, took the order back."""

    kind: Literal["urge_cancelled"] = "urge_cancelled"
    number: int
    reason: str


class UrgeLapsed(Kept):
    """The case was closed before anybody answered the order."""

    kind: Literal["urge_lapsed"] = "urge_lapsed"
    number: int


class QuestionsAnswered(Kept):
    """Questions of the category were answered after the report.

    `answers`: those given now. `unanswered`: the required questions still without an answer. `not_known`: questions to
    which no answer can be had. `reporter_ref`: the record whose key seals personal answers, where the case had none.
    """

    kind: Literal["questions_answered"] = "questions_answered"
    answers: Answers = ()
    unanswered: Open = ()
    not_known: Annotated[tuple[str, ...], Field(exclude_if=is_empty)] = ()
    note: Annotated[str, Field(exclude_if=is_empty)] = ""
    attachments: Annotated[tuple[str, ...], Field(exclude_if=is_empty)] = ()
    reporter_ref: Annotated[UUID | None, Field(exclude_if=is_none)] = None


class Recategorised(Kept):
    """Category, severity or condition changed.

    `whole`: the clock of the whole case that starts, when only the new standard sets one; `whole_ends`: the clock of
    the whole case ends, when the new standard sets none. `policy_version`: the version in force, which a case not
    accepted yet then takes. `unanswered`: required questions of the new category without an answer.
    """

    kind: Literal["recategorised"] = "recategorised"
    category: str
    severity: Severity
    suggested_host: str
    host_why: Explanation
    limit: timedelta | None
    source: str
    due_at: Instant | None
    reason: str
    condition: str | None = None
    clocks: tuple[Retimed, ...] = ()
    whole: Due | None = None
    whole_ends: bool = False
    policy_version: int | None = None
    unanswered: Open = ()


class Adopted(Kept):
    """A newer policy version was adopted for this case; `whole` and `whole_ends` as in Recategorised."""

    kind: Literal["adopted"] = "adopted"
    from_version: int
    to_version: int
    condition: str | None
    clocks: tuple[Retimed, ...]
    reason: str
    whole: Due | None = None
    whole_ends: bool = False


class Relocated(Kept):
    """The case was moved to another place. `level`: its level afterwards; None in older facts, which kept it.

    `decider`: who decides there what waits for a supervisor; None when nothing does.
    """

    level: Level | None = None
    kind: Literal["relocated"] = "relocated"
    grid: str
    grid_path: tuple[str, ...]
    location: Location | None
    owner: Owner | None
    desk: Owner
    suggested_host: str
    host_why: Explanation
    reason: str
    decider: Annotated[Owner | None, Field(exclude_if=is_none)] = None


class EnterpriseLinked(Kept):
    """The case is about the enterprise with that credit code (None: about none); before it was about `before`."""

    kind: Literal["enterprise_linked"] = "enterprise_linked"
    enterprise: str | None
    before: str | None
    reason: str


class Merged(Kept):
    """The case was merged into the lead `into`."""

    kind: Literal["merged"] = "merged"
    into: str
    lead: UUID
    reason: str


class Absorbed(Kept):
    """Another case was merged into this one."""

    kind: Literal["absorbed"] = "absorbed"
    case_no: str


class Unmerged(Kept):
    """The case was taken out of its lead, by a person or because the lead refused the merge (`refused` is the code).

    It goes back to the state it was in, with its clocks as if they had run on. Clocks that were stopped at the merge
    resume at `since`, with `due_at` and `plan`, `whole_due_at` and `whole_plan`.
    """

    kind: Literal["unmerged"] = "unmerged"
    from_case: str
    reason: str
    stage: Stage
    owner: Owner
    level: Level
    refused: str | None = None
    since: Instant | None = None
    due_at: Instant | None = None
    plan: Plan | None = None
    whole_due_at: Instant | None = None
    whole_plan: Plan | None = None


class UnmergeAsked(Kept):
    """The lead releases a merged case; an errand takes it out."""

    kind: Literal["unmerge_asked"] = "unmerge_asked"
    case_no: str
    reason: str


class Separated(Kept):
    """A case that had been merged into this one was taken out again."""

    kind: Literal["separated"] = "separated"
    case_no: str


class ErrandReturned(Kept):
    """An errand was refused for good, with the code `refused`; the desk has to deal with it."""

    kind: Literal["errand_returned"] = "errand_returned"
    errand: str
    refused: str


class Informed(Kept):
    """A matter of the park told the case something; the fields are those of the command `inform`."""

    kind: Literal["informed"] = "informed"
    matter_kind: str
    code: str
    name: str
    what: str
    values: dict[str, str] = Field(default_factory=dict)
    note: str = ""


class SplitOff(Kept):
    kind: Literal["split_off"] = "split_off"
    parts: tuple[Part, ...]
    reason: str


class ErrandSettled(Kept):
    kind: Literal["errand_settled"] = "errand_settled"
    errand: str
    case_no: str | None


class Convened(Kept):
    """Departments were called to a joint meeting.

    `watched`: those that have not answered when the meeting begins are recorded as missing.
    """

    watched: bool = False
    kind: Literal["convened"] = "convened"
    departments: tuple[str, ...]
    meet_at: Instant
    note: str


class Responded(Kept):
    kind: Literal["responded"] = "responded"
    department: str
    note: str
