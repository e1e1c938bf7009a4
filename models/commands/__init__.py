"""Commands: what a person or the system requests of a case. One frozen model per imperative verb.

`rules.life_cycle` says which command fits in which stage and who may give it; `rules.decide` says which facts follow.
Every command is imported from here.
"""

from typing import Annotated, get_args

from pydantic import Field

from models.base import Frozen
from models.commands.after_handling import (
    Appeal as Appeal,
    AssignReviewer as AssignReviewer,
    DecideAppeal as DecideAppeal,
    FailReview as FailReview,
    GrantReopen as GrantReopen,
    PassReview as PassReview,
    Rate as Rate,
    RefuseReopen as RefuseReopen,
    RequestReopen as RequestReopen,
)
from models.commands.any_stage import (
    Acknowledge as Acknowledge,
    Adopt as Adopt,
    AnswerQuestions as AnswerQuestions,
    AnswerUrge as AnswerUrge,
    Attach as Attach,
    CancelUrge as CancelUrge,
    Comment as Comment,
    Convene as Convene,
    Escalate as Escalate,
    LinkEnterprise as LinkEnterprise,
    Merge as Merge,
    Part as Part,
    Recategorise as Recategorise,
    RefuseVoid as RefuseVoid,
    Relocate as Relocate,
    Respond as Respond,
    Retract as Retract,
    Split as Split,
    Unmerge as Unmerge,
    Urge as Urge,
    Void as Void,
    Withdraw as Withdraw,
)
from models.commands.before_handling import (
    Accept as Accept,
    Dispatch as Dispatch,
    Reject as Reject,
    ReportVerification as ReportVerification,
    RequestInfo as RequestInfo,
    RequestVerification as RequestVerification,
    SelfClose as SelfClose,
    SendBack as SendBack,
    SupplyInfo as SupplyInfo,
)
from models.commands.handle import (
    Abort as Abort,
    AddCoHandler as AddCoHandler,
    Claim as Claim,
    Complete as Complete,
    GrantExtension as GrantExtension,
    GrantReturn as GrantReturn,
    GrantSuspension as GrantSuspension,
    GrantTransfer as GrantTransfer,
    Recall as Recall,
    Redispatch as Redispatch,
    RefuseExtension as RefuseExtension,
    RefuseReturn as RefuseReturn,
    RefuseSuspension as RefuseSuspension,
    RefuseTransfer as RefuseTransfer,
    Release as Release,
    ReleaseCoHandler as ReleaseCoHandler,
    ReportProgress as ReportProgress,
    RequestExtension as RequestExtension,
    RequestSuspension as RequestSuspension,
    Resume as Resume,
    Return as Return,
    Transfer as Transfer,
)
from models.commands.personal_data import (
    EraseReporter as EraseReporter,
    HoldData as HoldData,
    ReleaseData as ReleaseData,
    Unmask as Unmask,
)
from models.commands.recusal import (
    LiftRecusal as LiftRecusal,
    Recuse as Recuse,
)
from models.commands.report import (
    Attachments as Attachments,
    ExternalReference as ExternalReference,
    GivenLocation as GivenLocation,
    Location as Location,
    Report as Report,
)
from models.commands.system import (
    Absorb as Absorb,
    Inform as Inform,
    Recompute as Recompute,
    Separate as Separate,
    SettleErrand as SettleErrand,
    TakeOut as TakeOut,
    WakeUp as WakeUp,
)

HumanCommand = Annotated[
    Comment | Attach | Acknowledge | Escalate | Urge | AnswerUrge | CancelUrge | Retract | AnswerQuestions
    | Recategorise | Relocate | LinkEnterprise | Merge | Unmerge | Split
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
