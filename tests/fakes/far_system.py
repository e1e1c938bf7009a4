"""A department's outside system: takes cases, checks keys and signatures as a careful far side does, loses answers."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.fakes.far_side import FarSide, Received, Reply, running_far_side


@dataclass
class FarSystem:
    """What it has. `dedupes`: the same key is taken once. `lose`: how many answers are lost after the case is stored.
    `replies`: given instead, one after the other, before anything is stored."""

    side: FarSide | None = None
    dedupes: bool = False
    lose: int = 0
    secret: str = ""
    replies: list[Reply] = field(default_factory=list)
    records: list[dict[str, object]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    asked: int = 0

    def answer(self, received: Received) -> Reply:
        """Answer one request."""
        if self.secret and not signed(self.secret, received):
            return Reply(401, b'{"error": "signature"}')
        key = received.headers.get("idempotency-key", "")
        if received.method == "GET":
            self.asked += 1
            found = next((one for one in self.records if one["key"] == received.query.get("key")), None)
            return Reply(404) if found is None else _json({"id": found["number"]})
        if self.replies:
            return self.replies.pop(0)
        body = json.loads(received.body)
        if body["event"] == "cancel":
            self.cancelled.append(body["id"])
            return _json({})
        known = next((one for one in self.records if one["key"] == key), None) if self.dedupes else None
        if known is None:
            known = {"key": key, "number": f"FAR-{len(self.records) + 1}", "body": body}
            self.records.append(known)
        if self.lose:
            self.lose -= 1
            return Reply(cut=True)
        return _json({"id": known["number"]})


def signed(secret: str, received: Received) -> bool:
    """Whether the request is signed with the secret."""
    timestamp, _, signature = received.headers.get("x-gridloop-signature", "").partition(",v1=")
    content = timestamp.removeprefix("t=").encode() + b"." + received.body
    return hmac.compare_digest(signature, hmac.new(secret.encode(), content, hashlib.sha256).hexdigest())


def _json(body: dict[str, object]) -> Reply:
    return Reply(body=json.dumps(body).encode(), headers={"content-type": "application/json"})


@asynccontextmanager
async def running_far_system() -> AsyncIterator[FarSystem]:
    """Run one until the block ends."""
    system = FarSystem()
    async with running_far_side(system.answer) as side:
        system.side = side
        yield system
