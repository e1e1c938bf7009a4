"""An SMS gateway that sends what it is given, as often as it is given it, and can be asked for a message."""

import json
from dataclasses import dataclass, field

from tests.fakes.far_side import Received, Reply


@dataclass
class Gateway:
    """`sent`: the messages that were committed. `lose`: how many answers are lost after that."""

    sent: list[dict[str, str]] = field(default_factory=list)
    lose: int = 0
    code: str = "OK"

    def answer(self, received: Received) -> Reply:
        """Send, or tell of what was sent."""
        if received.headers.get("x-key") != "gateway-secret":
            return Reply(401, b'{"code": "AUTH"}')
        if received.method == "GET":
            known = [one for one in self.sent if one["id"] == received.query.get("id")]
            return Reply(200, json.dumps({"state": "known" if known else "unknown"}).encode())
        if self.code != "OK":
            return Reply(200, json.dumps({"code": self.code}).encode())
        self.sent.append(json.loads(received.body))
        if self.lose:
            self.lose -= 1
            return Reply(cut=True)
        return Reply(200, json.dumps({"code": "OK", "data": {"id": f"sms-{len(self.sent)}"}}).encode())
