"""A browser and its push service: the service checks the signature, the browser opens what it was sent."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from activities.channels.push import public_of
from models.sends import PushKeys
from tests.fakes.far_side import Received, Reply


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """A subscription: what the page is given, and the private key that stays in the browser."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"0123456789abcdef"

    def keys(self, endpoint: str) -> PushKeys:
        """The subscription as the page sends it."""
        auth = base64.urlsafe_b64encode(self.auth).rstrip(b"=").decode()
        return PushKeys(endpoint=endpoint, p256dh=public_of(self.key.public_key()), auth=auth)

    def read(self, received: Received) -> dict[str, Any]:
        """What a push says, opened."""
        assert received.headers["content-encoding"] == "aes128gcm"
        clear = http_ece.decrypt(received.body, private_key=self.key, auth_secret=self.auth, version="aes128gcm")
        found: dict[str, Any] = json.loads(clear)
        return found


def push_service(public_key: str, origin: list[str], statuses: dict[str, list[int]]) -> Any:
    """Answers pushes whose signature is good for this origin; `statuses`: what a path answers first."""

    def answer(received: Received) -> Reply:
        scheme, _, given = received.headers["authorization"].partition(" ")
        parts = dict(part.strip().split("=", 1) for part in given.split(","))
        if scheme != "vapid" or parts["k"] != public_key:
            return Reply(403)
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(public_key))
        claims = jwt.decode(parts["t"], point, algorithms=["ES256"], audience=origin[0])
        if not claims["sub"].startswith("mailto:") or not received.headers["ttl"].isdigit():
            return Reply(400)
        if len(received.headers["topic"]) > 32 or len(received.body) > 4096:
            return Reply(413)
        left = statuses.get(received.path, [])
        return Reply(left.pop(0) if left else 201, b"", {"location": f"/message/{len(received.body)}"})

    return answer
