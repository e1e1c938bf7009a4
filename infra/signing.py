"""The key that signs anchors and exports of facts: Ed25519 (RFC 8032), in a file of mode 0600."""

import contextlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from infra.files import write_private


class SigningKeyUnreadable(Exception):
    """The file of the signing key exists and holds no Ed25519 key."""


class SigningKey:
    """A key to sign with. `public` is its public key, hexadecimal."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw().hex()

    def sign(self, data: bytes) -> str:
        """Return the signature of `data`, hexadecimal."""
        return self._key.sign(data).hex()


def load_signing_key(path: Path) -> SigningKey:
    """Return the key in the file `path` (PEM, PKCS #8), created now if there is none.

    Safe when several processes start at once: the first one's key counts. Raises SigningKeyUnreadable for a damaged
    file; a new key would make a break that looks like a forgery.
    """
    if not path.exists():
        fresh = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with contextlib.suppress(FileExistsError):
            write_private(path, fresh, replace=False)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise SigningKeyUnreadable(f"{path} holds no key ({error}); put back a copy of it") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyUnreadable(f"{path} holds another kind of key than Ed25519")
    return SigningKey(key)


def is_signed(public: str, data: bytes, signature: str) -> bool:
    """Return whether `signature` is that of `data` by the key `public`, both hexadecimal. False for malformed ones."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), data)
    except (ValueError, InvalidSignature):
        return False
    return True
