"""Web hooks: an event in JSON, signed.

The signature is HMAC-SHA256 over `TIMESTAMP.BODY` with the secret of the channel, in the header `X-Gridloop-Signature`
as `t=TIMESTAMP,v1=HEX`. The event id (`X-Gridloop-Event`) is the same in every attempt and every replay, so a receiver
takes a repeated one for what it is; a replay that a person asked for has its number in `X-Gridloop-Replay`.
"""

import hashlib
import hmac
import json

from activities.channels.base import Letter, Told, Tools, by_status
from models.sends import Message


async def deliver(tools: Tools, letter: Letter) -> Told:
    """Make one attempt. Raises OutgoingFailed."""
    body = json.dumps({"id": letter.key, **_content(letter.message)}, ensure_ascii=False, sort_keys=True).encode()
    timestamp = str(int(letter.now.timestamp()))
    headers = {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Gridloop-Webhook",
        "x-gridloop-event": letter.key,
        "x-gridloop-signature": f"t={timestamp},v1={sign(tools.secrets['secret'], timestamp, body)}",
    }
    if letter.round:
        headers["x-gridloop-replay"] = str(letter.round)
    answer = await tools.outgoing.request("POST", tools.config.url, headers=headers, content=body, cut=True)
    return by_status(answer, letter.now)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a body sent at that moment (seconds since 1970)."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _content(message: Message) -> dict[str, object]:
    if message.event is not None:
        return {"type": "event", **message.event}
    return {"type": "message", "title": message.title, "lines": list(message.lines), "link": message.link}
