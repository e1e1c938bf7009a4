"""Facts: what has happened to a case, in the past tense, numbered 1, 2, 3 … per case.

Facts are stored; timeline, audit trail, statistics and rebuild are computed from them. They are never edited, so a
field may be added (with a default) but never change its meaning. People appear as ids only, reporters not even so:
names are looked up when a page is made.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from models.base import Instant, Kept
from models.facts.any_stage import Absorbed as Absorbed
from models.facts.any_stage import Acknowledged as Acknowledged
from models.facts.any_stage import Adopted as Adopted
from models.facts.any_stage import Attached as Attached
from models.facts.any_stage import Commented as Commented
from models.facts.any_stage import Convened as Convened
from models.facts.any_stage import EnterpriseLinked as EnterpriseLinked
from models.facts.any_stage import ErrandReturned as ErrandReturned
from models.facts.any_stage import ErrandSettled as ErrandSettled
from models.facts.any_stage import Escalated as Escalated
from models.facts.any_stage import Informed as Informed
from models.facts.any_stage import Merged as Merged
from models.facts.any_stage import Recategorised as Recategorised
from models.facts.any_stage import Relocated as Relocated
from models.facts.any_stage import Responded as Responded
from models.facts.any_stage import Separated as Separated
from models.facts.any_stage import SplitOff as SplitOff
from models.facts.any_stage import UnmergeAsked as UnmergeAsked
from models.facts.any_stage import Unmerged as Unmerged
from models.facts.any_stage import UrgeAnswered as UrgeAnswered
from models.facts.any_stage import UrgeCancelled as UrgeCancelled
from models.facts.any_stage import Urged as Urged
from models.facts.any_stage import UrgeLapsed as UrgeLapsed
from models.facts.common import Due as Due
from models.facts.common import Explanation as Explanation
from models.facts.common import Retimed as Retimed
from models.facts.life_cycle import Aborted as Aborted
from models.facts.life_cycle import Accepted as Accepted
from models.facts.life_cycle import Archived as Archived
from models.facts.life_cycle import Claimed as Claimed
from models.facts.life_cycle import ClaimEnded as ClaimEnded
from models.facts.life_cycle import Closed as Closed
from models.facts.life_cycle import CoHandlerReleased as CoHandlerReleased
from models.facts.life_cycle import CoHandlersAdded as CoHandlersAdded
from models.facts.life_cycle import Completed as Completed
from models.facts.life_cycle import Dispatched as Dispatched
from models.facts.life_cycle import InfoRequested as InfoRequested
from models.facts.life_cycle import InfoSupplied as InfoSupplied
from models.facts.life_cycle import ProgressReported as ProgressReported
from models.facts.life_cycle import Recalled as Recalled
from models.facts.life_cycle import Received as Received
from models.facts.life_cycle import Redispatched as Redispatched
from models.facts.life_cycle import Released as Released
from models.facts.life_cycle import ReviewerAssigned as ReviewerAssigned
from models.facts.life_cycle import ReviewFailed as ReviewFailed
from models.facts.life_cycle import ReviewPassed as ReviewPassed
from models.facts.life_cycle import SelfClosed as SelfClosed
from models.facts.life_cycle import SentBack as SentBack
from models.facts.life_cycle import Transferred as Transferred
from models.facts.life_cycle import VerificationReported as VerificationReported
from models.facts.life_cycle import VerificationRequested as VerificationRequested
from models.facts.personal_data import DataHeld as DataHeld
from models.facts.personal_data import DataReleased as DataReleased
from models.facts.personal_data import ReporterErased as ReporterErased
from models.facts.personal_data import ReporterUnmasked as ReporterUnmasked
from models.facts.recusal import RecusalLifted as RecusalLifted
from models.facts.recusal import Recused as Recused
from models.facts.requests import AppealDecided as AppealDecided
from models.facts.requests import Appealed as Appealed
from models.facts.requests import ExtensionGranted as ExtensionGranted
from models.facts.requests import ExtensionRefused as ExtensionRefused
from models.facts.requests import ExtensionRequested as ExtensionRequested
from models.facts.requests import Rated as Rated
from models.facts.requests import Reopened as Reopened
from models.facts.requests import ReopenRefused as ReopenRefused
from models.facts.requests import ReopenRequested as ReopenRequested
from models.facts.requests import RequestLapsed as RequestLapsed
from models.facts.requests import RequestRetracted as RequestRetracted
from models.facts.requests import Resumed as Resumed
from models.facts.requests import ReturnGranted as ReturnGranted
from models.facts.requests import ReturnRefused as ReturnRefused
from models.facts.requests import ReturnRequested as ReturnRequested
from models.facts.requests import SuspensionGranted as SuspensionGranted
from models.facts.requests import SuspensionRefused as SuspensionRefused
from models.facts.requests import SuspensionRequested as SuspensionRequested
from models.facts.requests import TransferRefused as TransferRefused
from models.facts.requests import TransferRequested as TransferRequested
from models.facts.requests import VoidProposed as VoidProposed
from models.facts.requests import VoidRefused as VoidRefused
from models.facts.time import AcknowledgementLapsed as AcknowledgementLapsed
from models.facts.time import LightChanged as LightChanged
from models.facts.time import Overdue as Overdue
from models.facts.time import Reached as Reached
from models.facts.time import Recomputed as Recomputed
from models.facts.time import Reminded as Reminded
from models.facts.time import StepFired as StepFired
from models.facts.time import SummonsMissed as SummonsMissed
from models.facts.time import UrgeOverdue as UrgeOverdue
from models.facts.time import Vacancy as Vacancy

Body = Annotated[
    Received | Accepted | InfoRequested | InfoSupplied | SelfClosed | Dispatched | Claimed | Released
    | Transferred | ProgressReported | Completed | Aborted | ReviewPassed | ReviewFailed | Closed | Archived
    | ReturnRequested | ReturnGranted | ReturnRefused
    | ExtensionRequested | ExtensionGranted | ExtensionRefused
    | SuspensionRequested | SuspensionGranted | SuspensionRefused | Resumed
    | VoidProposed | Rated | ReopenRequested | Reopened | ReopenRefused | Appealed | AppealDecided
    | Commented | Attached | Acknowledged | Escalated | Urged | UrgeAnswered | UrgeOverdue
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
