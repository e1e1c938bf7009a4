"""Seal answers to questions by the key of a reporter's record, and open them again."""

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: Content is padded to a multiple of this: the length of an answer may tell it, yes or no (our choice).
_PADDED = 64


class SealedContentDamaged(Exception):
    """What was sealed was changed since, or moved to another place. The key is the right one."""


def seal_content(key: bytes, about: bytes, content: bytes) -> str:
    """Seal JSON by AES-SIV (RFC 5297), in Base64. `about` must be the same for opening.

    The same content under the same key gives the same text, so that digests of it recognise what is sent again.
    """
    padded = content + b" " * (-len(content) % _PADDED)
    return base64.b64encode(_cipher(key).encrypt(padded, [about])).decode()


def open_content(key: bytes, about: bytes, sealed: str) -> bytes:
    """Return the JSON. Raises SealedContentDamaged."""
    try:
        return _cipher(key).decrypt(base64.b64decode(sealed, validate=True), [about])
    except (InvalidTag, ValueError) as error:
        raise SealedContentDamaged() from error


def keyed_hash(key: bytes, content: bytes) -> str:
    """Return a hash that tells contents apart, and by which nobody can try contents without the key."""
    return hmac.digest(_derived(key, "report", 32), content, hashlib.sha256).hex()


def _cipher(key: bytes) -> AESSIV:
    return AESSIV(_derived(key, "answers", 64))


def _derived(key: bytes, purpose: str, length: int) -> bytes:
    return HKDF(SHA256(), length, None, f"gridloop {purpose}".encode()).derive(key)
