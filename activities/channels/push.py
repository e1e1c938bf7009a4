"""Pushes to the browsers of a person (RFC 8030), sealed for each browser (RFC 8291) and signed by us (VAPID, RFC 8292).

A push that is repeated replaces the one before (`Topic`, and the tag of the notification), so it is repeated after a
lost answer. A browser that has ended its subscription (404, 410) is forgotten.
"""

import base64
import hashlib
import json
from urllib.parse import urlsplit
from uuid import UUID

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from py_vapid import Vapid02

from activities.channels.base import Letter, Told, Tools, by_status, failure
from infra.database import transaction
from infra.keys.access import keys_of
from infra.store.push_subscriptions import delete_subscription, read_subscriptions
from models.errors import OutgoingFailed
from models.sends import Message, Outcome, PushKeys, Urgency

#: For how long a push service keeps a push for a browser that is away, in seconds (our choice).
TTL = 24 * 3600
#: How long a signature holds, in seconds (RFC 8292: no more than 24 hours).
_SIGNATURE_SECONDS = 12 * 3600
#: The most bytes of a payload: a push service must take 4,096 sealed (RFC 8291).
_MOST_BYTES = 3_000
#: From best to worst: what came of a person's browsers together.
_BEST = (Outcome.DELIVERED, Outcome.UNCLEAR, Outcome.LIMITED, Outcome.FAILED, Outcome.REFUSED, Outcome.GONE)


def new_keys() -> tuple[str, str]:
    """Return a new pair of keys: the private one, and the public one that browsers subscribe with."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return _written(private), public_of(key.public_key())


def public_of(key: ec.EllipticCurvePublicKey) -> str:
    """Return a public key as browsers take it."""
    return _written(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


async def deliver(tools: Tools, letter: Letter) -> Told:
    """Make one attempt for every browser of the person: delivered when one of them has taken it.

    Raises KeysAway while the subscriptions can't be read.
    """
    try:
        person = UUID(letter.address)
    except ValueError:
        return Told(Outcome.REFUSED, code="address_refused")
    ring = keys_of(tools.engine).ring
    async with tools.engine.connect() as connection:
        found = await read_subscriptions(connection, ring, person)
    told: list[Told] = []
    for id_, subscription in found.items():
        one = await _push(tools, letter, subscription)
        if one.outcome is Outcome.GONE:
            async with transaction(tools.engine) as connection:
                await delete_subscription(connection, id_)
        told.append(one)
    if not told:
        return Told(Outcome.GONE, code="no_subscription")
    return min(told, key=lambda one: _BEST.index(one.outcome))


async def _push(tools: Tools, letter: Letter, subscription: PushKeys) -> Told:
    parts = urlsplit(subscription.endpoint)
    claims = {
        "sub": tools.config.contact,
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(letter.now.timestamp()) + _SIGNATURE_SECONDS,
    }
    signed = Vapid02.from_der(tools.secrets["private_key"].encode()).sign(claims)
    headers = {
        **signed,
        "content-type": "application/octet-stream",
        "content-encoding": "aes128gcm",
        "ttl": str(TTL),
        "urgency": "high" if letter.message.urgency is Urgency.URGENT else "normal",
        "topic": _topic(letter.key),
    }
    try:
        content = http_ece.encrypt(
            _payload(letter.message, letter.key),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=read_written(subscription.p256dh),
            auth_secret=read_written(subscription.auth),
            version="aes128gcm",
        )
    except (ValueError, http_ece.ECEException):
        return Told(Outcome.GONE, code="bad_subscription")
    try:
        answer = await tools.outgoing.request("POST", subscription.endpoint, headers=headers, content=content, cut=True)
    except OutgoingFailed as error:
        return failure(error)
    told = by_status(answer, letter.now)
    far_id = answer.headers.get("location", "").rpartition("/")[2][:120] or None
    return Told(told.outcome, told.status, told.code, told.answer, far_id, told.after)


def _payload(message: Message, key: str) -> bytes:
    """Return what the browser is given, cut to what a push may hold."""
    lines = list(message.lines)
    while True:
        content = {"title": message.title, "body": "\n".join(lines), "link": message.link, "tag": _topic(key)}
        payload = json.dumps(content, ensure_ascii=False).encode()
        if len(payload) <= _MOST_BYTES or not lines:
            return payload
        lines = lines[:-1]


def _topic(key: str) -> str:
    """The name under which a later push replaces this one: 32 characters at most (RFC 8030)."""
    return _written(hashlib.sha256(key.encode()).digest())[:32]


def _written(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def read_written(text: str) -> bytes:
    """Return the bytes of a key as browsers and channels write it. Raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
