"""Facts: what has happened to a case, in the past tense, numbered 1, 2, 3 … per case.

Facts are stored; timeline, audit trail, statistics and rebuild are computed from them. They are never edited, so a
field may be added (with a default) but never change its meaning. People appear as ids only, reporters not even so:
names are looked up when a page is made.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from models.base import Instant, Kept
from models.facts.any_stage import (
    Absorbed as Absorbed,
    Acknowledged as Acknowledged,
    Adopted as Adopted,
    Attached as Attached,
    Commented as Commented,
    Convened as Convened,
    EnterpriseLinked as EnterpriseLinked,
    ErrandReturned as ErrandReturned,
    ErrandSettled as ErrandSettled,
    Escalated as Escalated,
    Informed as Informed,
    Merged as Merged,
    QuestionsAnswered as QuestionsAnswered,
    Recategorised as Recategorised,
    Relocated as Relocated,
    Responded as Responded,
    Separated as Separated,
    SplitOff as SplitOff,
    UnmergeAsked as UnmergeAsked,
    Unmerged as Unmerged,
    UrgeAnswered as UrgeAnswered,
    UrgeCancelled as UrgeCancelled,
    Urged as Urged,
    UrgeLapsed as UrgeLapsed,
)
from models.facts.common import Due as Due, Explanation as Explanation, Retimed as Retimed
from models.facts.life_cycle import (
    Aborted as Aborted,
    Accepted as Accepted,
    Archived as Archived,
    Claimed as Claimed,
    ClaimEnded as ClaimEnded,
    Closed as Closed,
    CoHandlerReleased as CoHandlerReleased,
    CoHandlersAdded as CoHandlersAdded,
    Completed as Completed,
    Dispatched as Dispatched,
    InfoRequested as InfoRequested,
    InfoSupplied as InfoSupplied,
    ProgressReported as ProgressReported,
    Recalled as Recalled,
    Received as Received,
    Redispatched as Redispatched,
    Released as Released,
    ReviewerAssigned as ReviewerAssigned,
    ReviewFailed as ReviewFailed,
    ReviewPassed as ReviewPassed,
    SelfClosed as SelfClosed,
    SentBack as SentBack,
    Transferred as Transferred,
    VerificationReported as VerificationReported,
    VerificationRequested as VerificationRequested,
)
from models.facts.personal_data import (
    DataHeld as DataHeld,
    DataReleased as DataReleased,
    ReporterErased as ReporterErased,
    ReporterUnmasked as ReporterUnmasked,
)
from models.facts.recusal import RecusalLifted as RecusalLifted, Recused as Recused
from models.facts.requests import (
    AppealDecided as AppealDecided,
    Appealed as Appealed,
    ExtensionGranted as ExtensionGranted,
    ExtensionRefused as ExtensionRefused,
    ExtensionRequested as ExtensionRequested,
    Rated as Rated,
    Reopened as Reopened,
    ReopenRefused as ReopenRefused,
    ReopenRequested as ReopenRequested,
    RequestLapsed as RequestLapsed,
    RequestRetracted as RequestRetracted,
    Resumed as Resumed,
    ReturnGranted as ReturnGranted,
    ReturnRefused as ReturnRefused,
    ReturnRequested as ReturnRequested,
    SuspensionGranted as SuspensionGranted,
    SuspensionRefused as SuspensionRefused,
    SuspensionRequested as SuspensionRequested,
    TransferRefused as TransferRefused,
    TransferRequested as TransferRequested,
    VoidProposed as VoidProposed,
    VoidRefused as VoidRefused,
)
from models.facts.time import (
    AcknowledgementLapsed as AcknowledgementLapsed,
    LightChanged as LightChanged,
    Overdue as Overdue,
    Reached as Reached,
    Recomputed as Recomputed,
    Reminded as Reminded,
    StepFired as StepFired,
    SummonsMissed as SummonsMissed,
    UrgeOverdue as UrgeOverdue,
    Vacancy as Vacancy,
)

Body = Annotated[
    Received | Accepted | InfoRequested | InfoSupplied | SelfClosed | Dispatched | Claimed | Released
    | Transferred | ProgressReported | Completed | Aborted | ReviewPassed | ReviewFailed | Closed | Archived
    | ReturnRequested | ReturnGranted | ReturnRefused
    | ExtensionRequested | ExtensionGranted | ExtensionRefused
    | SuspensionRequested | SuspensionGranted | SuspensionRefused | Resumed
    | VoidProposed | Rated | ReopenRequested | Reopened | ReopenRefused | Appealed | AppealDecided
    | Commented | Attached | Acknowledged | Escalated | Urged | UrgeAnswered | UrgeOverdue
    | QuestionsAnswered
    | Recategorised | Adopted | Relocated | EnterpriseLinked | Merged | Absorbed | SplitOff | ErrandSettled | Convened
    | Responded | ErrandReturned | Informed | Separated | Unmerged | UnmergeAsked | UrgeCancelled | UrgeLapsed
    | ClaimEnded | CoHandlerReleased | CoHandlersAdded | Recalled | Redispatched
    | ReviewerAssigned | SentBack | VerificationReported | VerificationRequested
    | RequestLapsed | RequestRetracted | TransferRefused | TransferRequested | VoidRefused | SummonsMissed
    | LightChanged | Overdue | Reminded | StepFired | AcknowledgementLapsed | Recomputed
    | ReporterUnmasked | DataHeld | DataReleased | ReporterErased | Recused | RecusalLifted,
    Field(discriminator="kind"),
]  # fmt: skip


class Actor(Kept):
    """Who acted: a person by id, or the system (`person` is None)."""

    person: UUID | None = None


class Fact(Kept):
    """A fact with its number, time, actor, and the command that led to it.

    `command` is the kind of that command and `digest` the beginning of its hash: they distinguish a command that was
    sent again from another one with the same id.
    """

    seq: int
    at: Instant
    actor: Actor
    command_id: UUID
    command: str
    digest: str
    version: int = 1
    body: Body
