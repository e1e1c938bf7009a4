"""Mailboxes: what waits to be told to a person outside the pages, and what is decided about it."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from models.base import Frozen, Instant, Kept
from models.enums import EscalationMode, Severity
from models.policy.notifications import Ground

MAILBOX_WORKFLOW = "Mailbox"
DECIDE_MAIL_ACTIVITY = "decide_mail"
WAKE_SIGNAL = "wake"


def mailbox_workflow_id(person: UUID) -> str:
    """The Temporal workflow id of a person's mailbox."""
    return f"mailbox-{person}"


class Why(StrEnum):
    """Why an item waits, or is not told at all.

    It waits: `gathering` for what belongs to it, for the `digest`, for the end of `quiet` hours or of being `muted`,
    for a `cap`, for the summary of a `storm`. It is left on the pages: what it told of is `done`, it was `read`
    there, it is `hidden` from the person now, they have `no_channel`, they are `off` or `muted` it, it came in a
    `storm` whose summary had been sent.
    """

    GATHERING = "gathering"
    DIGEST = "digest"
    QUIET = "quiet"
    CAP = "cap"
    MUTED = "muted"
    STORM = "storm"
    DONE = "done"
    READ = "read"
    HIDDEN = "hidden"
    NO_CHANNEL = "no_channel"
    OFF = "off"


class ItemState(StrEnum):
    """Where an item stands: not looked at yet, waiting, told in a message, or left on the pages."""

    NEW = "new"
    WAITING = "waiting"
    TOLD = "told"
    LEFT = "left"


class MessageForm(StrEnum):
    """What a message is: of one item, of several, the summary of a storm, or a repetition by the next channel."""

    SINGLE = "single"
    DIGEST = "digest"
    SUMMARY = "summary"
    SECOND = "second"


class ItemDetail(Kept):
    """What an item tells of. `number`: of the case, or the code of the matter; `what`: a kind of fact or of task.

    `task` and `assignee` name a task that it gives, `stands` how the case stood: when that has changed, there is
    nothing to tell any more.
    """

    number: str
    what: str
    mode: EscalationMode = EscalationMode.ACT
    severity: Severity | None = None
    level: int | None = None
    category: str | None = None
    due_at: Instant | None = None
    task: str | None = None
    assignee: str | None = None
    stands: str | None = None


class ReceiverKind(StrEnum):
    """Who an entry is for: a person, everybody of a department, everybody with a role in a unit or above it."""

    PERSON = "person"
    DEPARTMENT = "department"
    UNIT = "unit"
    ABOVE = "above"


class Entry(Kept):
    """What a fact gives somebody to hear of, as the recording step writes it; the people are found a moment later.

    `role`: of a receiver in a unit; None: the duty desk. `path`: the units from the park down to the place. `actor`
    caused it, and is not told.
    """

    receiver_kind: ReceiverKind
    receiver: str
    role: str | None = None
    origin_kind: str
    origin_id: UUID
    seq: int
    at: Instant
    ground: Ground | None = None
    place: str = ""
    path: tuple[str, ...] = ()
    actor: UUID | None = None
    detail: ItemDetail


#: An item of a person is identified by the case or matter and the number of the fact: one fact tells somebody once.
ItemKey = tuple[UUID, int]


class Item(Frozen):
    """One thing to tell somebody. `standing`: there is still something to do or know; `read`: on the pages."""

    origin_kind: str
    origin: UUID
    seq: int
    at: Instant
    ground: Ground | None = None
    place: str = ""
    detail: ItemDetail
    standing: bool = True
    visible: bool = True
    read: bool = False

    @property
    def key(self) -> ItemKey:
        """What identifies it for its person."""
        return self.origin, self.seq


class Mute(Frozen):
    """A person wants to hear nothing of a case or matter (`number`) or of a kind (`what`) until a moment; None: ever.

    With neither, of nothing at all.
    """

    number: Annotated[str | None, Field(max_length=60)] = None
    what: Annotated[str | None, Field(max_length=60)] = None
    until: Instant | None = None


class MailSettings(Frozen):
    """What a person chose. `on` False: only what belongs to the policy's minimum. None: as the policy says.

    `rest_days`: days of rest by the policy's calendar are quiet as a whole. `second_minutes`: after so long unread, an
    ordinary message goes out by the next channel as well; None: never. `language`: of messages.
    """

    on: bool = True
    language: Literal["zh", "en"] | None = None
    zone: str | None = None
    rest_days: bool = False
    digest_minutes: Annotated[int | None, Field(ge=0, le=1440)] = None
    second_minutes: Annotated[int | None, Field(ge=1, le=1440)] = None
    mutes: Annotated[tuple[Mute, ...], Field(max_length=100)] = ()


class Sent(Frozen):
    """A message that went out. `items`: those of it that are unread and still stand; `seconded`: repeated already."""

    id: UUID
    at: Instant
    channel: str
    form: MessageForm
    urgent: bool = False
    seconded: bool = False
    opening: bool = False
    items: tuple[ItemKey, ...] = ()


class Storm(Kept):
    """Much at once: of one place (empty: of all), among what belongs to the minimum (`urgent`) or the rest.

    `noticed`: of the first item too many (None: an earlier version did not say); `last`: of the last item too many;
    `summary`: when its summary was sent.
    """

    place: str
    urgent: bool = False
    began: Instant
    noticed: Instant | None = None
    last: Instant
    summary: Instant | None = None

    def until(self, lasts: timedelta) -> Instant:
        """When it ends, as far as is known."""
        return self.last + lasts


class Arrival(Frozen):
    """An item that came, whatever became of it: storms are told by these."""

    at: Instant
    place: str
    urgent: bool = False


class Outgoing(Frozen):
    """A message to send now. `named`: the items that it names; `told`: those that it tells for the first time.

    `repeats`: the message that was not read. `count`: of how many it speaks. `opening`: nothing had been told shortly
    before, and it begins a digest interval; the digest at its end names its items again.
    """

    form: MessageForm
    urgent: bool = False
    channels: tuple[str, ...]
    named: tuple[ItemKey, ...]
    told: tuple[ItemKey, ...]
    count: int
    place: str | None = None
    repeats: UUID | None = None
    opening: bool = False


class Waiting(Frozen):
    """Until when an item waits, and why."""

    until: Instant
    why: Why


class MailOutcome(Frozen):
    """What was decided: messages, what waits, what is left on the pages, and when to look again (None: never)."""

    messages: tuple[Outgoing, ...] = ()
    waiting: dict[ItemKey, Waiting] = Field(default_factory=dict)
    left: dict[ItemKey, Why] = Field(default_factory=dict)
    storms: tuple[Storm, ...] = ()
    wake_at: Instant | None = None


class MailboxStart(Kept):
    """The input of a mailbox: whose it is, and what an earlier run was waiting for."""

    person: UUID
    wake_at: Instant | None = None


class MailStep(Kept):
    """One look into a mailbox, at the moment of the workflow."""

    person: UUID
    at: Instant


class MailDecided(Kept):
    """When the mailbox looks again; None: it has nothing more to wait for."""

    wake_at: Instant | None = None
