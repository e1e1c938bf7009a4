"""What the channels share: what they are given, what they return, and how an answer over HTTP is read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy.ext.asyncio import AsyncEngine

from infra.outgoing import Answer, Outgoing
from infra.store.channels import StoredChannel
from models.errors import OutgoingFailed
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

    `repeated`: an earlier attempt may have arrived.
    """

    key: str
    message: Message
    address: str
    now: datetime
    repeated: bool = False


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
    """Return what an error of the guard means for an attempt."""
    if error.perhaps_done:
        return Told(Outcome.UNCLEAR, code=error.code, answer=error.message("en"))
    refused = error.code == "address_refused"
    return Told(Outcome.REFUSED if refused else Outcome.FAILED, code=error.code, answer=error.message("en"))


def by_status(answer: Answer, now: datetime) -> Told:
    """Return what the status of an answer means: 2xx is delivered, 429 limited, 404 and 410 gone, other 4xx refused."""
    status, text = answer.status, answer.text
    after = retry_after(answer, now)
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


def retry_after(answer: Answer, now: datetime) -> float | None:
    """Return the seconds of a `Retry-After` header (RFC 9110: seconds, or a moment); None without a good one."""
    written = answer.headers.get("retry-after", "").strip()
    if written.isascii() and written.isdecimal():
        return float(written[:9])
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, OverflowError):  # a far side may write anything
        return None
    return max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds())


def plain_text(message: Message, most_bytes: int | None = None) -> str:
    """Return a message as plain text: title, lines, link. Cut to `most_bytes` of UTF-8, the link kept whole.

    The title of a message about one thing is its sentence: the line that says the same is left out.
    """
    tail = f"\n{message.link}" if message.link else ""
    lines = message.lines[1:] if message.lines and message.title.endswith(message.lines[0]) else message.lines
    text = "\n".join((message.title, *lines))
    if most_bytes is None or len((text + tail).encode()) <= most_bytes:
        return text + tail
    room = most_bytes - len(tail.encode()) - len("…".encode())
    return text.encode()[:room].decode("utf-8", "ignore") + "…" + tail


def without_secrets(text: str, channel: StoredChannel, message: Message) -> str:
    """Return the beginning of what a far side answered, without our secrets and the tokens of the message's links,
    should it repeat them."""
    for secret in (*channel.secrets.values(), *message.tokens):
        if len(secret) >= 4:
            # As it is, and as it was written into an address or into JSON.
            for form in (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]):
                text = text.replace(form, "***")
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text[:ANSWER_LENGTH])


def masked_address(address: str) -> str:
    """Return an address as the delivery log shows it: enough to recognise, not enough to use."""
    name, at, host = address.partition("@")
    if at:
        return f"{name[:1]}***@{host}"
    if address.isdigit() or address.startswith("+"):
        return f"{address[:3]}****{address[-4:]}" if len(address) > 7 else "****"
    return "" if not address else f"{address[:4]}…"
