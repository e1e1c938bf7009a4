"""What the channels share: what they are given, what they return, and how an answer over HTTP is read."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy.ext.asyncio import AsyncEngine

from infra.outgoing import Answer, Outgoing
from infra.store.channels import StoredChannel
from models.errors import OutgoingFailed
from models.reporter_messages import REPORTER, reporter_in
from models.sends import Message, Outcome

#: How much of an answer is kept in the delivery log, in characters.
ANSWER_LENGTH = 300
#: Answers that say "later": the far side takes nothing more for now.
_LIMITED = frozenset({HTTPStatus.TOO_MANY_REQUESTS})
#: Answers that another attempt may change, among those from 400 to 499.
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.LOCKED, HTTPStatus.TOO_EARLY})


@dataclass(frozen=True)
class Letter:
    """One attempt to be made: the key of the send, the message, and the address on the channel.

    `repeated`: an earlier attempt may have arrived. `round`: how often a person had it sent again.
    """

    key: str
    message: Message
    address: str
    now: datetime
    repeated: bool = False
    round: int = 0


@dataclass(frozen=True)
class Told:
    """What came of an attempt. `code`: a short name of a failure. `after`: seconds until the far side takes more."""

    outcome: Outcome
    status: int | None = None
    code: str | None = None
    answer: str = ""
    far_id: str | None = None
    after: float | None = None


@dataclass(frozen=True)
class Tools:
    """What a channel works with."""

    outgoing: Outgoing
    channel: StoredChannel
    engine: AsyncEngine

    @property
    def config(self) -> Any:
        """What is set of the channel."""
        return self.channel.config

    @property
    def secrets(self) -> Mapping[str, str]:
        """Its secrets."""
        return self.channel.secrets


def failure(error: OutgoingFailed) -> Told:
    """Return what an error of the guard means for an attempt. The answer is its sentence in both languages."""
    said = f"{error.message('zh')}\n{error.message('en')}"
    if error.perhaps_done:
        return Told(Outcome.UNCLEAR, code=error.code, answer=said)
    refused = error.code == "address_refused"
    return Told(Outcome.REFUSED if refused else Outcome.FAILED, code=error.code, answer=said)


def by_status(answer: Answer, now: datetime) -> Told:
    """Return what the status of an answer means: 2xx is delivered, 429 limited, 404 and 410 gone, other 4xx refused."""
    status, text = answer.status, answer.text
    after = answer.retry_after(now)
    if 200 <= status < 300:
        return Told(Outcome.DELIVERED, status, answer=text)
    code = f"http_{status}"
    if status in _LIMITED or (status == HTTPStatus.SERVICE_UNAVAILABLE and after is not None):
        return Told(Outcome.LIMITED, status, code, text, after=after)
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return Told(Outcome.GONE, status, code, text)
    if 400 <= status < 500 and status not in _PASSING:
        return Told(Outcome.REFUSED, status, code, text)
    return Told(Outcome.FAILED, status, code, text, after=after)


def perhaps_taken(told: Told) -> bool:
    """Return whether a far side that failed may have taken the message first. 503 says that it has not."""
    status = told.status or 0
    failed = told.outcome is Outcome.FAILED and told.code == f"http_{status}"
    return failed and status >= 500 and status != HTTPStatus.SERVICE_UNAVAILABLE


def plain_text(message: Message, most_bytes: int | None = None) -> str:
    """Return a message as plain text: title, lines, link, closing. Cut to `most_bytes` of UTF-8, the link and what
    stands below it kept whole.

    The title of a message about one thing is its sentence: the line that says the same is left out.
    """
    tail = "".join(f"\n{line}" for line in (message.link, *message.closing) if line)
    lines = message.lines[1:] if message.lines and message.title.endswith(message.lines[0]) else message.lines
    text = "\n".join((message.title, *lines))
    if most_bytes is None or len((text + tail).encode()) <= most_bytes:
        return text + tail
    room = most_bytes - len(tail.encode()) - len("…".encode())
    return text.encode()[:room].decode("utf-8", "ignore") + "…" + tail


def cleaned(told: Told, channel: StoredChannel, letter: Letter) -> Told:
    """Return what came of an attempt as the delivery log may keep it: without what is nobody else's, should the far
    side repeat it."""
    far_id = None if told.far_id is None else without_secrets(told.far_id, channel, letter)
    return replace(told, answer=without_secrets(told.answer, channel, letter), far_id=far_id)


def without_secrets(text: str, channel: StoredChannel, letter: Letter) -> str:
    """Return the beginning of what a far side answered, without our secrets, the tokens of the message's links, its
    words, and with the address masked."""
    message = letter.message
    for secret in (*channel.secrets.values(), *message.tokens, message.title, *message.lines, *message.closing):
        if len(secret) >= 4:
            for form in _forms(secret):
                text = text.replace(form, "***")
    for form, masked in _addresses(letter.address):
        text = re.sub(form, masked, text, flags=re.IGNORECASE)
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text[:ANSWER_LENGTH])


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as it is, and as it was written into an address, into JSON, or into Base 64 (SMTP, Basic)."""
    yield from (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1])
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield json.dumps(json.dumps(secret)[1:-1])[1:-1]  # a body within an answer
    content = secret.encode()
    for before in range(3):  # what stands before it moves the groups of three; those that are its own alone stay
        groups = base64.b64encode(b"\0" * before + content).decode()
        own = groups[4 if before else 0 : (before + len(content)) // 3 * 4]
        if len(own) >= 8:
            yield own


def _addresses(address: str) -> Iterator[tuple[str, str]]:
    """Yield patterns of the address as a far side may repeat it, each with what stands in its place."""
    name, at, host = address.strip().rpartition("@")
    if not at:
        if len(address) >= 6:
            number = address.removeprefix("+86")
            yield r"[\s-]?".join(re.escape(char) for char in number), masked_address(number)
        return
    masked = masked_address(address.strip()).replace("\\", "")
    yield re.escape(f"{name}@") + r"[^\s<>\"',;:)]+", masked
    yield re.escape(quote(f"{name}@{host}", safe="")), masked
    if len(name) >= 3:
        yield rf"(?<![\w.@-]){re.escape(name)}(?![\w.-])", f"{name[:1]}***"


def masked_address(address: str) -> str:
    """Return an address as the delivery log shows it: enough to recognise, not enough to use."""
    if reporter_in(address) is not None:
        return REPORTER
    name, at, host = address.partition("@")
    if at:
        return f"{name[:1]}***@{host}"
    if address.isdigit() or address.startswith("+"):
        return f"{address[:3]}****{address[-4:]}" if len(address) > 7 else "****"
    return "" if not address else f"{address[:4]}…"
