"""Secrets that a table holds: each is encrypted under a key of its own, which the master key wraps."""

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.keys.ring import NONCE_BYTES, Ring, WrappedKey
from models.errors import KeysAway


@dataclass(frozen=True)
class Box:
    """A sealed secret, as the columns `sealed`, `wrapped_key` and `key_id` hold it."""

    sealed: bytes
    wrapped_key: bytes
    key_id: str


async def close_box(ring: Ring, about: str, content: bytes) -> Box:
    """Seal `content`. `about` names its row: moved to another row, it does not open. Raises KeysAway."""
    key, nonce = AESGCM.generate_key(bit_length=256), secrets.token_bytes(NONCE_BYTES)
    bound = about.encode()
    wrapped = await ring.wrap(key, bound)
    return Box(nonce + AESGCM(key).encrypt(nonce, content, bound), wrapped.content, wrapped.key_id)


async def open_box(ring: Ring, about: str, box: Box) -> bytes:
    """Return what was sealed. Raises KeysAway: the master key is missing or another, or the row was changed."""
    key = await ring.unwrap(WrappedKey(box.key_id, box.wrapped_key), about.encode())
    try:
        return AESGCM(key).decrypt(box.sealed[:NONCE_BYTES], box.sealed[NONCE_BYTES:], about.encode())
    except (InvalidTag, ValueError) as error:
        raise KeysAway() from error
