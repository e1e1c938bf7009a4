"""Topics (议题): what visits, enterprises and meetings bring up, before it is a case; with their commands and facts."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints

from models.base import Code, Instant, Line, Note, OptionalNote, WrittenDay
from models.commands.report import Attachments
from models.matters.base import CreateMatter, Matter, MatterBody, MatterCommand


class TopicSource(StrEnum):
    """Where a topic comes from: a visit (走访), an enterprise, a meeting, the consultation list, a resident."""

    VISIT = "visit"
    ENTERPRISE = "enterprise"
    MEETING = "meeting"
    CONSULTATION = "consultation"
    RESIDENT = "resident"
    OTHER = "other"


class TopicDecision(StrEnum):
    """What a topic becomes when it is audited (审核): a case, an item of the claim board, or of the next meeting."""

    CASE = "case"
    CLAIM = "claim"
    AGENDA = "agenda"
    REJECT = "reject"


class SubmitTopic(CreateMatter):
    """Submit a topic (提交议题). `reference` is the code of the enterprise, visit or case that it comes from."""

    kind: Literal["submit"] = "submit"
    code: None = None
    text: Note
    source: TopicSource = TopicSource.OTHER
    reference: Annotated[Line, StringConstraints(max_length=80)] | None = None
    department: Code | None = None
    attachments: Attachments = ()


class AuditTopic(MatterCommand):
    """Decide what becomes of it (审核). A case needs its `category`; a rejection its reason in `note`."""

    kind: Literal["audit"] = "audit"
    decision: TopicDecision
    note: OptionalNote = ""
    category: Code | None = None
    due_on: WrittenDay | None = None


class WithdrawTopic(MatterCommand):
    """Take it back (撤回), by whoever submitted it, while it waits."""

    kind: Literal["withdraw"] = "withdraw"
    reason: Note


class SettleTopic(MatterCommand):
    """By a meeting: it was dealt with there."""

    kind: Literal["settle_topic"] = "settle_topic"
    meeting: str
    decision: str


COMMANDS = (SubmitTopic, AuditTopic, WithdrawTopic, SettleTopic)


class Topic(Matter):
    """A topic. `status`: `waiting`, `case`, `claim`, `agenda`, `settled`, `rejected`, `withdrawn`.

    `outcome` is the number of the case, or the code of the item of the claim board, that it became.
    """

    text: str
    source: TopicSource
    reference: str | None = None
    decision_note: str = ""
    outcome: str | None = None
    meeting: str | None = None


class TopicSubmitted(MatterBody):
    """A topic was submitted; it is to be audited by `due_at`."""

    kind: Literal["submitted"] = "submitted"
    id: UUID
    code: str
    name: str
    grid: str
    grid_path: tuple[str, ...]
    text: str
    source: TopicSource
    reference: str | None = None
    department: str | None = None
    attachments: tuple[str, ...] = ()
    due_at: Instant


class TopicAudited(MatterBody):
    """What it becomes was decided. `outcome_id` is the report, or the item, that it becomes."""

    kind: Literal["audited"] = "audited"
    decision: TopicDecision
    note: str = ""
    category: str | None = None
    due_on: date | None = None
    outcome_id: UUID | None = None
    late: bool = False


class TopicWithdrawn(MatterBody):
    """Whoever submitted it took it back."""

    kind: Literal["withdrawn"] = "withdrawn"
    reason: str


class TopicOverdue(MatterBody):
    """It was not audited in time."""

    kind: Literal["overdue"] = "overdue"
    due_at: Instant
    rungs: tuple[Instant, ...] = ()


class TopicSettled(MatterBody):
    """A meeting dealt with it."""

    kind: Literal["settled"] = "settled"
    meeting: str
    decision: str


BODIES = (TopicSubmitted, TopicAudited, TopicWithdrawn, TopicOverdue, TopicSettled)
