"""Encryption of what Temporal stores: arguments, results, failures, headers and memos (AES-256-GCM).

The key is derived from a master key of the ring, whose id stands in the payload's metadata. What is not encrypted, as
in histories of earlier versions, is read as it is.
"""

import os
import time
from collections.abc import Sequence
from typing import Final

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from infra.keys.ring import NONCE_BYTES, FileRing
from models.errors import KeysAway, PayloadKeysAway

log = structlog.get_logger(__name__)

#: Purpose of the derived keys (`FileRing.subkey`).
PURPOSE: Final = "temporal"
#: Metadata of an encrypted payload, as in Temporal's own examples.
ENCODING, KEY_ID = "encoding", "encryption-key-id"
ENCRYPTED: Final = b"binary/encrypted"
#: Seconds until a missing key is named in the log again.
_LOG_AGAIN = 30.0


class EncryptionCodec(PayloadCodec):
    """Encrypts by the current key of the ring and decrypts by whichever key a payload names.

    Both raise PayloadKeysAway: in a worker the workflow task or activity then fails and is tried again. While the file
    can't be read, a process goes on with the keys that it has read before.
    """

    def __init__(self, ring: FileRing) -> None:
        self._ring = ring
        self._current: str | None = None
        self._ciphers: dict[str, AESGCM] = {}
        self._logged: dict[str, float] = {}

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Return the payloads encrypted."""
        key_id = self._current_id()
        cipher, name = self._cipher(key_id), key_id.encode()
        return [_encrypt(payload, cipher, name) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Return the payloads as they were before `encode`; others unchanged."""
        return [
            self._decrypt(payload) if payload.metadata.get(ENCODING) == ENCRYPTED else payload for payload in payloads
        ]

    def _current_id(self) -> str:
        try:
            self._current = self._ring.current_id()
        except KeysAway as error:
            away = self._missing("", "the key file can't be read")
            if self._current is None:
                raise away from error
        return self._current

    def _decrypt(self, payload: Payload) -> Payload:
        name = payload.metadata.get(KEY_ID, b"")
        key_id = name.decode("utf-8", "replace")
        cipher = self._cipher(key_id)
        try:
            clear = cipher.decrypt(payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:], name)
        except (InvalidTag, ValueError) as error:
            raise self._missing(key_id, "the key is another one, or the payload was changed") from error
        return Payload.FromString(clear)

    def _cipher(self, key_id: str) -> AESGCM:
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            try:
                cipher = self._ciphers[key_id] = AESGCM(self._ring.subkey(key_id, PURPOSE))
            except KeysAway as error:
                raise self._missing(key_id, "the key is not in the key file") from error
        return cipher

    def _missing(self, key_id: str, why: str) -> PayloadKeysAway:
        now = time.monotonic()
        if now - self._logged.get(key_id, -_LOG_AGAIN) >= _LOG_AGAIN:
            self._logged[key_id] = now
            log.error("payloads can't be read or written", key=key_id or None, reason=why, file=str(self._ring.path))
        self._ciphers.pop(key_id, None)  # the file may be put right while this process runs
        return PayloadKeysAway(key=key_id or "?")


def _encrypt(payload: Payload, cipher: AESGCM, key_id: bytes) -> Payload:
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + cipher.encrypt(nonce, payload.SerializeToString(), key_id)
    return Payload(metadata={ENCODING: ENCRYPTED, KEY_ID: key_id}, data=sealed)
