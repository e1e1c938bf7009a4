"""Sends: a message to one receiver, with the channels in the order in which they are tried; and its receipt.

A send is one durable workflow. Its key is its identity: begun twice, it is carried out once.
"""

import re
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from models.base import Given, Instant, Kept

SEND_WORKFLOW = "Send"
RECORD_SEND_ACTIVITY = "record_send"
ATTEMPT_SEND_ACTIVITY = "attempt_send"
FINISH_SEND_ACTIVITY = "finish_send"

#: The characters of a key, so that it can stand in a workflow id, a Message-ID and a header.
KEY: Final = r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,119}$"
Key = Annotated[str, StringConstraints(pattern=KEY)]
#: What ends a link and is shorter is no token, and what is shorter after its last `=` no code.
_SHORTEST_TOKEN: Final = 16
_SHORTEST_CODE: Final = 8
_ADDRESS: Final = re.compile(r"https?://[^\s<>]+")
#: The id of a channel, as the administrator chose it.
ChannelId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class ChannelKind(StrEnum):
    """What a channel is. `push` is a browser's push service, `webhook` another system that takes events."""

    MAIL = "mail"
    SMS = "sms"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    PUSH = "push"
    WEBHOOK = "webhook"


class Urgency(StrEnum):
    """How urgent a message is. An urgent one goes on to the next channel also where an answer was lost."""

    ORDINARY = "ordinary"
    URGENT = "urgent"


#: The channels whose address is one person's: only these carry what is meant for that person alone.
OF_ONE_PERSON: Final = (ChannelKind.MAIL, ChannelKind.SMS, ChannelKind.PUSH)


class ActLink(Kept):
    """The link to the act that is due on what a line tells of. `label`: what the act is called."""

    line: Annotated[int, Field(ge=0)]
    label: Annotated[str, StringConstraints(max_length=80)]
    address: Annotated[str, StringConstraints(max_length=1_000)]


class Message(Kept):
    """What is said: a title, lines of plain text, an optional link (an absolute address), in one language.

    `closing`: what stands below the link; a message that is too long for a channel is cut above the link.

    `own_link` is put in place of `link`, and `act_links` beside their lines, where the channel reaches one person: they
    are that person's. A group never sees them. `event` is what a web hook gets instead of the words. It must hold
    nothing about people.
    """

    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    lines: tuple[Annotated[str, StringConstraints(max_length=2_000)], ...] = ()
    link: Annotated[str, StringConstraints(max_length=1_000)] | None = None
    closing: tuple[Annotated[str, StringConstraints(max_length=1_000)], ...] = ()
    own_link: Annotated[str, StringConstraints(max_length=1_000)] | None = None
    act_links: Annotated[tuple[ActLink, ...], Field(max_length=20)] = ()
    urgency: Urgency = Urgency.ORDINARY
    language: Literal["zh", "en"] = "zh"
    event: dict[str, Any] | None = None

    def on(self, kind: ChannelKind) -> "Message":
        """The message as a channel of that kind says it: with the links of its receiver, or without any trace of
        them."""
        link = self.own_link or self.link if kind in OF_ONE_PERSON else self.link
        act_links = self.act_links if kind in OF_ONE_PERSON else ()
        return self.model_copy(update={"link": link, "own_link": None, "act_links": act_links})

    @property
    def tokens(self) -> tuple[str, ...]:
        """The ends of its links and the codes in them, which may be rights: no log may show one, should a far side
        repeat them."""
        links = [link for link in (self.link, self.own_link, *(one.address for one in self.act_links)) if link]
        links += _ADDRESS.findall("\n".join((*self.lines, *self.closing)))
        links += [link.partition("?")[0] for link in links if "?" in link]
        ends = [link.rstrip("/").rpartition("/")[2] for link in links]
        codes = [link.rpartition("=")[2] for link in links if "=" in link]
        return (
            *(end for end in ends if len(end) >= _SHORTEST_TOKEN),
            *(code for code in codes if len(code) >= _SHORTEST_CODE),
        )


class Route(Kept):
    """A channel, and the address there: an e-mail address, a phone number, for `push` the id of a person.

    Robots and web hooks have their address in the channel; it is empty here.
    """

    channel: ChannelId
    address: Annotated[str, StringConstraints(max_length=320)] = ""


class Purpose(StrEnum):
    """Why something is sent, for the delivery log."""

    NOTICE = "notice"
    REPORTER = "reporter"
    EVENT = "event"
    TEST = "test"


class Send(Kept):
    """A send. `about`: what it is about in the delivery log, a case number for example; nothing of a person.

    `not_after`: from then on it is not tried any more.
    """

    key: Key
    message: Message
    routes: Annotated[tuple[Route, ...], Field(min_length=1, max_length=8)]
    purpose: Purpose = Purpose.NOTICE
    about: Annotated[str, StringConstraints(max_length=80)] | None = None
    not_after: Instant | None = None


class SendStatus(StrEnum):
    """How far a send is. `unclear`: an answer was lost at a channel that can't tell a message sent twice, so it was not
    sent again: a person decides (the reconciliation list).
    """

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNCLEAR = "unclear"


class Outcome(StrEnum):
    """What became of one attempt.

    `delivered`: the far side took it. `failed`: it did not; it may be tried again. `limited`: it takes it later.
    `refused`: it never will take this message. `gone`: the address is no more. `unclear`: its answer was lost.
    """

    DELIVERED = "delivered"
    FAILED = "failed"
    LIMITED = "limited"
    REFUSED = "refused"
    GONE = "gone"
    UNCLEAR = "unclear"


class SendRun(Kept):
    """The input of a run of the workflow: the send, and how often it was replayed."""

    send: Send
    round: int = 0


class AttemptOrder(Kept):
    """One attempt: `number` counts the attempts of the send, `tried` those that failed on this route in this round.

    `waited`: seconds that this route has made us wait because it was asked too often.
    """

    send: Send
    round: int
    number: int
    route: int
    tried: int
    waited: float = 0


class Attempted(Kept):
    """What came of an attempt, and in how many seconds the same route is tried again (None: it is not).

    `channel`: the one that took the message.
    """

    outcome: Outcome
    again_in: float | None = None
    channel: str | None = None
    far_id: str | None = None


class SendReceipt(Kept):
    """The receipt of a send: its end, the channel that took it, when, and the far side's id of it."""

    key: str
    status: SendStatus
    channel: str | None = None
    far_id: str | None = None
    attempts: int = 0
    at: Instant | None = None


class FinishOrder(Kept):
    """The end of a run, to be stored."""

    receipt: SendReceipt
    round: int


class PushKeys(Given):
    """A browser's subscription to pushes: its address at the push service, and the keys that seal what is sent."""

    endpoint: Annotated[str, StringConstraints(max_length=2_000, pattern=r"^https?://")]
    p256dh: Annotated[str, StringConstraints(min_length=80, max_length=100)]
    auth: Annotated[str, StringConstraints(min_length=16, max_length=40)]


def send_workflow_id(key: str) -> str:
    """The Temporal workflow id of a send."""
    return f"send-{key}"


def key_of_test(id_: UUID) -> str:
    """The key of a test message."""
    return f"test:{id_}"


class SendResumed(Kept):
    """What is stored of a send when its run begins. `over`: it has ended already, with this receipt.

    Else `attempts` were made before, and the run goes on at `route`, after `tried` failures there. `unclear`: an answer
    was lost in this round.
    """

    over: SendReceipt | None = None
    attempts: int = 0
    route: int = 0
    tried: int = 0
    unclear: bool = False
