"""Commands: what somebody, or the clock, asks of a case. One frozen model per imperative verb.

`rules.life_cycle` says in which stage and by whom; `rules.decide` says what happens.
"""

from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import Field, StringConstraints

from models.base import Code, Description, Frozen, Instant, Note, SaidInstant, Sha256, Text, Title
from models.enums import EscalationMode, Severity, Source, UrgeKind

Attachments = Annotated[tuple[Sha256, ...], Field(max_length=20)]


class Location(Frozen):
    """A place on the earth, WGS 84, degrees."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class ExternalReference(Frozen):
    """The number that another system gave the same matter."""

    system: Code
    number: Annotated[Text, StringConstraints(min_length=1, max_length=80)]


class Report(Frozen):
    """上报: what came in. The reporter's name and phone are not here: only a reference to them.

    `severity` None means the category's own.
    """

    kind: Literal["report"] = "report"
    report_id: UUID
    category: Code
    title: Title
    description: Description = ""
    grid: Code
    location: Location | None = None
    occurred_at: Instant
    reported_at: Instant
    severity: Severity | None = None
    source: Source = Source.GRID_WORKER
    attachments: Attachments = ()
    reporter_ref: UUID | None = None
    anonymous: bool = False
    external: ExternalReference | None = None
    split_from: str | None = None
    content_hash: str


# --- any open case ----------------------------------------------------------------------------------


class Comment(Frozen):
    kind: Literal["comment"] = "comment"
    note: Note


class Attach(Frozen):
    kind: Literal["attach"] = "attach"
    attachments: Annotated[Attachments, Field(min_length=1)]
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class Acknowledge(Frozen):
    """I have seen it and I am on it."""

    kind: Literal["acknowledge"] = "acknowledge"
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class Escalate(Frozen):
    """升级: up one level of the hierarchy, to act or to be informed."""

    kind: Literal["escalate"] = "escalate"
    mode: EscalationMode = EscalationMode.ACT
    reason: Note


class Urge(Frozen):
    """督办: asks for an answer by its own deadline; never changes the stage."""

    kind: Literal["urge"] = "urge"
    urge_kind: UrgeKind = UrgeKind.ORDINARY
    reply_by: SaidInstant
    note: Note


class AnswerUrge(Frozen):
    """Answers the oldest open urge order, or the one numbered `urge`."""

    kind: Literal["answer_urge"] = "answer_urge"
    urge: Annotated[int, Field(ge=1)] | None = None
    note: Note


class Recategorise(Frozen):
    """Another category, severity or opening condition; the clocks are counted anew from where they started.

    Without a `condition`, the first one that fits.
    """

    kind: Literal["recategorise"] = "recategorise"
    category: Code
    severity: Severity | None = None
    condition: Code | None = None
    reason: Note


class Adopt(Frozen):
    """A newer policy version is to hold for this case; its clocks are counted anew by it."""

    kind: Literal["adopt"] = "adopt"
    version: Annotated[int, Field(ge=1)]
    reason: Note


class Relocate(Frozen):
    kind: Literal["relocate"] = "relocate"
    grid: Code
    location: Location | None = None
    reason: Note


class Merge(Frozen):
    """This case is the same matter as `into`: it closes, and its reporter follows the lead."""

    kind: Literal["merge"] = "merge"
    into: Code
    reason: Note


class Part(Frozen):
    """One matter taken out of a report that held several."""

    category: Code
    title: Title
    description: Description = ""
    grid: Code | None = None


class Split(Frozen):
    """Each part becomes a case of its own; this one goes on with what remains."""

    kind: Literal["split"] = "split"
    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=10)]
    reason: Note


class Withdraw(Frozen):
    kind: Literal["withdraw"] = "withdraw"
    reason: Note


class Void(Frozen):
    """作废: the first duty officer proposes, a second one confirms by the same command."""

    kind: Literal["void"] = "void"
    reason: Note


class Convene(Frozen):
    """吹哨: calls departments to a joint meeting; each must `respond`."""

    kind: Literal["convene"] = "convene"
    departments: Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
    meet_at: SaidInstant
    note: Note


class Respond(Frozen):
    """报到: a convened department answers the whistle."""

    kind: Literal["respond"] = "respond"
    note: Note


# --- receive ----------------------------------------------------------------------------------------


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


# --- dispatch ---------------------------------------------------------------------------------------


class Dispatch(Frozen):
    """派遣: one host, and co-handlers who must all report before completion."""

    kind: Literal["dispatch"] = "dispatch"
    host: Code
    co_handlers: Annotated[tuple[Code, ...], Field(max_length=10)] = ()
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


# --- handle -----------------------------------------------------------------------------------------


class Claim(Frozen):
    kind: Literal["claim"] = "claim"


class Release(Frozen):
    kind: Literal["release"] = "release"
    reason: Note


class Transfer(Frozen):
    """To a colleague of the host department, or, by its head, to another department."""

    kind: Literal["transfer"] = "transfer"
    to_person: Code | None = None
    to_department: Code | None = None
    reason: Note


class Return(Frozen):
    """退单: asks to be relieved, with a reason; the clock runs on while this is undecided."""

    kind: Literal["return"] = "return"
    reason: Note


class GrantReturn(Frozen):
    kind: Literal["grant_return"] = "grant_return"
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class RefuseReturn(Frozen):
    kind: Literal["refuse_return"] = "refuse_return"
    reason: Note


class ReportProgress(Frozen):
    """A note on the work. From a co-handler it is their report, unless `interim`."""

    kind: Literal["report_progress"] = "report_progress"
    note: Note
    attachments: Attachments = ()
    interim: bool = False


class Complete(Frozen):
    """处置完成: result and evidence; the case goes to review."""

    kind: Literal["complete"] = "complete"
    result: Note
    evidence: Attachments = ()


class RequestExtension(Frozen):
    kind: Literal["request_extension"] = "request_extension"
    until: SaidInstant
    reason: Note


class GrantExtension(Frozen):
    """`until` may be earlier than what was asked, never later."""

    kind: Literal["grant_extension"] = "grant_extension"
    until: SaidInstant | None = None
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class RefuseExtension(Frozen):
    kind: Literal["refuse_extension"] = "refuse_extension"
    reason: Note


class RequestSuspension(Frozen):
    """挂账: asks to stop the clock for work that is impossible now, to a stated end."""

    kind: Literal["request_suspension"] = "request_suspension"
    until: SaidInstant
    reason: Note


class GrantSuspension(Frozen):
    kind: Literal["grant_suspension"] = "grant_suspension"
    until: SaidInstant | None = None
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class RefuseSuspension(Frozen):
    kind: Literal["refuse_suspension"] = "refuse_suspension"
    reason: Note


class Resume(Frozen):
    kind: Literal["resume"] = "resume"
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class Abort(Frozen):
    """终止: handling can't go on (the complainant refuses to cooperate); reviewed before it closes."""

    kind: Literal["abort"] = "abort"
    reason: Note


# --- review -----------------------------------------------------------------------------------------


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


# --- closed -----------------------------------------------------------------------------------------


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


# --- the system -------------------------------------------------------------------------------------


class WakeUp(Frozen):
    """A due moment has come. What it means is decided in the recording step, not when it was set."""

    kind: Literal["wake_up"] = "wake_up"
    moment: Instant


class Absorb(Frozen):
    """Another case was merged into this one."""

    kind: Literal["absorb"] = "absorb"
    case_no: str


class Recompute(Frozen):
    """A calendar was published with policy `version`: count the clocks anew."""

    kind: Literal["recompute"] = "recompute"
    version: int


class SettleErrand(Frozen):
    """An errand to another case has been carried out."""

    kind: Literal["settle_errand"] = "settle_errand"
    errand: str
    case_no: str | None = None


HumanCommand = Annotated[
    Comment | Attach | Acknowledge | Escalate | Urge | AnswerUrge | Recategorise | Relocate | Merge | Split
    | Adopt | Withdraw | Void | Convene | Respond
    | Accept | Reject | RequestInfo | SupplyInfo | SelfClose
    | Dispatch
    | Claim | Release | Transfer | Return | GrantReturn | RefuseReturn | ReportProgress | Complete
    | RequestExtension | GrantExtension | RefuseExtension
    | RequestSuspension | GrantSuspension | RefuseSuspension | Resume | Abort
    | PassReview | FailReview
    | Rate | RequestReopen | GrantReopen | RefuseReopen | Appeal | DecideAppeal,
    Field(discriminator="kind"),
]  # fmt: skip

#: The model of each command of people, by its kind.
HUMAN_COMMAND_MODELS: dict[str, type[Frozen]] = {
    str(model.model_fields["kind"].default): model for model in get_args(get_args(HumanCommand)[0])
}

Command = Annotated[
    Report | HumanCommand | WakeUp | Absorb | Recompute | SettleErrand,
    Field(discriminator="kind"),
]
