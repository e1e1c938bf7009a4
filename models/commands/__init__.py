"""Commands: what a person or the system requests of a case. One frozen model per imperative verb.

`rules.life_cycle` says which command fits in which stage and who may give it; `rules.decide` says which facts follow.
Every command is imported from here.
"""

from typing import Annotated, get_args

from pydantic import Field

from models.base import Frozen
from models.commands.after_handling import (
    Appeal as Appeal,
)
from models.commands.after_handling import (
    AssignReviewer as AssignReviewer,
)
from models.commands.after_handling import (
    DecideAppeal as DecideAppeal,
)
from models.commands.after_handling import (
    FailReview as FailReview,
)
from models.commands.after_handling import (
    GrantReopen as GrantReopen,
)
from models.commands.after_handling import (
    PassReview as PassReview,
)
from models.commands.after_handling import (
    Rate as Rate,
)
from models.commands.after_handling import (
    RefuseReopen as RefuseReopen,
)
from models.commands.after_handling import (
    RequestReopen as RequestReopen,
)
from models.commands.any_stage import (
    Acknowledge as Acknowledge,
)
from models.commands.any_stage import (
    Adopt as Adopt,
)
from models.commands.any_stage import (
    AnswerUrge as AnswerUrge,
)
from models.commands.any_stage import (
    Attach as Attach,
)
from models.commands.any_stage import (
    CancelUrge as CancelUrge,
)
from models.commands.any_stage import (
    Comment as Comment,
)
from models.commands.any_stage import (
    Convene as Convene,
)
from models.commands.any_stage import (
    Escalate as Escalate,
)
from models.commands.any_stage import (
    LinkEnterprise as LinkEnterprise,
)
from models.commands.any_stage import (
    Merge as Merge,
)
from models.commands.any_stage import (
    Part as Part,
)
from models.commands.any_stage import (
    Recategorise as Recategorise,
)
from models.commands.any_stage import (
    RefuseVoid as RefuseVoid,
)
from models.commands.any_stage import (
    Relocate as Relocate,
)
from models.commands.any_stage import (
    Respond as Respond,
)
from models.commands.any_stage import (
    Retract as Retract,
)
from models.commands.any_stage import (
    Split as Split,
)
from models.commands.any_stage import (
    Unmerge as Unmerge,
)
from models.commands.any_stage import (
    Urge as Urge,
)
from models.commands.any_stage import (
    Void as Void,
)
from models.commands.any_stage import (
    Withdraw as Withdraw,
)
from models.commands.before_handling import (
    Accept as Accept,
)
from models.commands.before_handling import (
    Dispatch as Dispatch,
)
from models.commands.before_handling import (
    Reject as Reject,
)
from models.commands.before_handling import (
    ReportVerification as ReportVerification,
)
from models.commands.before_handling import (
    RequestInfo as RequestInfo,
)
from models.commands.before_handling import (
    RequestVerification as RequestVerification,
)
from models.commands.before_handling import (
    SelfClose as SelfClose,
)
from models.commands.before_handling import (
    SendBack as SendBack,
)
from models.commands.before_handling import (
    SupplyInfo as SupplyInfo,
)
from models.commands.handle import (
    Abort as Abort,
)
from models.commands.handle import (
    AddCoHandler as AddCoHandler,
)
from models.commands.handle import (
    Claim as Claim,
)
from models.commands.handle import (
    Complete as Complete,
)
from models.commands.handle import (
    GrantExtension as GrantExtension,
)
from models.commands.handle import (
    GrantReturn as GrantReturn,
)
from models.commands.handle import (
    GrantSuspension as GrantSuspension,
)
from models.commands.handle import (
    GrantTransfer as GrantTransfer,
)
from models.commands.handle import (
    Recall as Recall,
)
from models.commands.handle import (
    Redispatch as Redispatch,
)
from models.commands.handle import (
    RefuseExtension as RefuseExtension,
)
from models.commands.handle import (
    RefuseReturn as RefuseReturn,
)
from models.commands.handle import (
    RefuseSuspension as RefuseSuspension,
)
from models.commands.handle import (
    RefuseTransfer as RefuseTransfer,
)
from models.commands.handle import (
    Release as Release,
)
from models.commands.handle import (
    ReleaseCoHandler as ReleaseCoHandler,
)
from models.commands.handle import (
    ReportProgress as ReportProgress,
)
from models.commands.handle import (
    RequestExtension as RequestExtension,
)
from models.commands.handle import (
    RequestSuspension as RequestSuspension,
)
from models.commands.handle import (
    Resume as Resume,
)
from models.commands.handle import (
    Return as Return,
)
from models.commands.handle import (
    Transfer as Transfer,
)
from models.commands.personal_data import (
    EraseReporter as EraseReporter,
)
from models.commands.personal_data import (
    HoldData as HoldData,
)
from models.commands.personal_data import (
    ReleaseData as ReleaseData,
)
from models.commands.personal_data import (
    Unmask as Unmask,
)
from models.commands.recusal import (
    LiftRecusal as LiftRecusal,
)
from models.commands.recusal import (
    Recuse as Recuse,
)
from models.commands.report import (
    Attachments as Attachments,
)
from models.commands.report import (
    ExternalReference as ExternalReference,
)
from models.commands.report import (
    GivenLocation as GivenLocation,
)
from models.commands.report import (
    Location as Location,
)
from models.commands.report import (
    Report as Report,
)
from models.commands.system import (
    Absorb as Absorb,
)
from models.commands.system import (
    Inform as Inform,
)
from models.commands.system import (
    Recompute as Recompute,
)
from models.commands.system import (
    Separate as Separate,
)
from models.commands.system import (
    SettleErrand as SettleErrand,
)
from models.commands.system import (
    TakeOut as TakeOut,
)
from models.commands.system import (
    WakeUp as WakeUp,
)

HumanCommand = Annotated[
    Comment | Attach | Acknowledge | Escalate | Urge | AnswerUrge | CancelUrge | Retract | Recategorise | Relocate
    | LinkEnterprise | Merge | Unmerge | Split
    | Adopt | Withdraw | Void | RefuseVoid | Convene | Respond
    | Accept | Reject | RequestInfo | SupplyInfo | RequestVerification | ReportVerification | SelfClose
    | Dispatch | SendBack | Redispatch | Recall | AddCoHandler | ReleaseCoHandler
    | Claim | Release | Transfer | GrantTransfer | RefuseTransfer | Return | GrantReturn | RefuseReturn
    | ReportProgress | Complete
    | RequestExtension | GrantExtension | RefuseExtension
    | RequestSuspension | GrantSuspension | RefuseSuspension | Resume | Abort
    | PassReview | FailReview | AssignReviewer
    | Rate | RequestReopen | GrantReopen | RefuseReopen | Appeal | DecideAppeal
    | Unmask | HoldData | ReleaseData | EraseReporter
    | Recuse | LiftRecusal,
    Field(discriminator="kind"),
]  # fmt: skip

#: The model of each human command, by its kind.
HUMAN_COMMAND_MODELS: dict[str, type[Frozen]] = {
    str(model.model_fields["kind"].default): model for model in get_args(get_args(HumanCommand)[0])
}

Command = Annotated[
    Report | HumanCommand | WakeUp | Absorb | Separate | TakeOut | Inform | Recompute | SettleErrand,
    Field(discriminator="kind"),
]
