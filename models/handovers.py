"""Hand-overs (移交): a case in the hands of a department's outside system, and the receivers that are configured."""

from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from models.base import Code, Frozen, Given, Instant, Kept, Note, Title, fault, is_none
from models.enums import OutsideKind
from models.far_open311 import FarEndpoint

HANDOVER_WORKFLOW: Final = "Handover"
ADVANCE_HANDOVER_ACTIVITY: Final = "advance_handover"
LOOK_SIGNAL: Final = "look"

_URL = r"^https?://[^\s]{1,990}$"


class HandoverStatus(StrEnum):
    """How far a hand-over is.

    `waiting`: to be sent, now or again. `sending`: being sent, or its answer was lost and is asked for. `uncertain`:
    the answer was lost, and nobody but a person can find out. `refused`: the receiver will not take it. `sent`: the
    receiver has it. `answered`: the receiver did its part. `ended`: the case has left the department.
    """

    WAITING = "waiting"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    REFUSED = "refused"
    SENT = "sent"
    ANSWERED = "answered"
    ENDED = "ended"


class HandoverTrouble(StrEnum):
    """Why a hand-over needs a person: nobody knows whether the receiver has the case (`unknown`), it will not take it
    (`refused`), or it has not answered in its time (`late`)."""

    UNKNOWN = "unknown"
    REFUSED = "refused"
    LATE = "late"


#: Nothing more follows.
OVER: Final = (HandoverStatus.ANSWERED, HandoverStatus.ENDED)


class ReceiverDraft(Given):
    """What an administrator says of a receiver.

    `url`: where a `web_service` takes cases. `query_url`: where it tells whether it has one, with `{key}` in place of
    the hand-over's id. `dedupes`: whether it takes a case with the same Idempotency-Key once. `channel` and `address`:
    by which a `partner` is sent links; without them the desk passes the links on. `answer_hours`: working hours
    (None: as the policy says). `photos`: whether it is given addresses of the photos of the report. `open311`: how an
    endpoint of that kind is used.
    """

    name: Title
    department: Code
    kind: OutsideKind
    enabled: bool = True
    url: Annotated[str, StringConstraints(pattern=_URL)] | None = None
    query_url: Annotated[str, StringConstraints(pattern=_URL)] | None = None
    dedupes: bool = False
    channel: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] | None = None
    address: Annotated[str, StringConstraints(max_length=320)] | None = None
    answer_hours: Annotated[float, Field(gt=0, le=1000)] | None = None
    language: Literal["zh", "en"] = "zh"
    photos: bool = False
    open311: Annotated[FarEndpoint | None, Field(exclude_if=is_none)] = None

    @model_validator(mode="after")
    def _is_whole(self) -> "ReceiverDraft":
        if self.kind is not OutsideKind.PARTNER and self.url is None:
            raise fault("须填写接收地址", "an address is needed")
        if (self.kind is OutsideKind.OPEN311) != (self.open311 is not None):
            raise fault("Open311 接口须填写 Open311 设置,其他种类不填", "the settings of Open311 belong to that kind")
        if self.query_url is not None and "{key}" not in self.query_url:
            raise fault("查询地址须含 {key}", "the query address must hold {key}")
        if (self.channel is None) != (self.address is None):
            raise fault("渠道和地址须同时填写", "a channel and an address belong together")
        return self


class Receiver(Kept):
    """A receiver as it is stored; its secret is apart."""

    code: str
    account: UUID
    draft: ReceiverDraft


class Handover(Kept):
    """A hand-over as it is stored.

    `since`: the number of the fact by which the case came to the department. `far_id`: the receiver's own number of it.
    `due_at`: when an answer is due; `unanswered_at`: when that passed. `answered_at`: the first answer. `departed_at`:
    the case has left the department, which the receiver is told.
    """

    id: UUID
    report_id: UUID
    receiver: str
    account: UUID
    department: str
    round: int
    since: int
    status: HandoverStatus
    created_at: Instant
    tries: int = 0
    next_try_at: Instant | None = None
    sent_at: Instant | None = None
    far_id: str | None = None
    failure: str | None = None
    due_at: Instant | None = None
    unanswered_at: Instant | None = None
    answered_at: Instant | None = None
    departed_at: Instant | None = None
    told_at: Instant | None = None


class HandoverOrder(Kept):
    """The input of the workflow of a hand-over."""

    id: UUID


class HandoverStep(Kept):
    """What follows: nothing (`over`), or another look after so many seconds, or earlier when told to."""

    over: bool = False
    seconds: float = 60.0


class AnswerKind(StrEnum):
    """What a receiver answers: that it has the case, how it goes on, that it is done, or that it gives it back."""

    RECEIVED = "received"
    PROGRESS = "progress"
    COMPLETED = "completed"
    RETURNED = "returned"


class AnswerFile(Given):
    """A file in Base64, of the types and sizes that an attachment may have."""

    content: Annotated[str, StringConstraints(max_length=8 * 1024 * 1024)]


class HandoverAnswer(Given):
    """An answer of a receiver. `answer_id` makes it count once; `text` is what it says; `reply` what the reporter
    will read of a completion; `far_id` its own number of the case."""

    answer_id: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[\x21-\x7e]+$")]
    kind: AnswerKind
    text: Note | None = None
    reply: Annotated[str, StringConstraints(max_length=10_000)] = ""
    far_id: Annotated[str, StringConstraints(max_length=200)] | None = None
    files: Annotated[tuple[AnswerFile, ...], Field(max_length=3)] = ()

    @model_validator(mode="after")
    def _says_something(self) -> "HandoverAnswer":
        if self.kind is not AnswerKind.RECEIVED and self.text is None:
            raise fault("须填写内容", "a text is needed")
        return self


class Recorded(StrEnum):
    """What became of an answer: a step of the case (`fact`), a note on its timeline, because the case has moved on, or
    only the receipt (`kept`)."""

    FACT = "fact"
    NOTE = "note"
    KEPT = "kept"


class AnswerReceipt(Frozen):
    """The receipt of an answer. `repeated`: it was known before. `why`: the code for which it is only a note."""

    answer_id: str
    recorded_as: Recorded
    repeated: bool = False
    why: str | None = None


class Settlement(StrEnum):
    """What a person decides about a hand-over on the list."""

    SEND_AGAIN = "send_again"
    RECEIVED = "received"
    TAKE_BACK = "take_back"


#: What stands for the number of a hand-over at a partner, who has no system of their own: the desk passes the links on,
#: or a message with a key that begins like this carries them.
BY_DESK, BY_MESSAGE = "desk", "handover-"


def got_links(far_id: str | None) -> bool:
    """Whether a hand-over went out as one-time links, so that nobody there has taken it in, and it has no number."""
    return far_id is not None and (far_id == BY_DESK or far_id.startswith(BY_MESSAGE))
