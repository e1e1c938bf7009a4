"""Seal who reported and how to reach them, and open it again."""

import base64
import json
import secrets
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.keys.ring import NONCE_BYTES, Ring, WrappedKey
from infra.keys.vault import Vault
from models.errors import KeysAway
from models.reporter_messages import TellBy
from models.sealed import Sealed


@dataclass(frozen=True)
class Contact:
    """Who reported and how to reach them; `repr` shows neither, so that no log can.

    `tell_by`: the channel by which they chose to be told of their report (see `models.reporter_messages`); None: they
    did not. `language`: the one of the messages, `en`, or None for Chinese.
    """

    name: str | None
    phone: str | None
    mail: str | None = None
    tell_by: TellBy | None = None
    language: str | None = None

    def __repr__(self) -> str:
        return "Contact(…)"


@dataclass(frozen=True)
class Keys:
    """What a process needs to seal and open records."""

    ring: Ring
    vault: Vault


async def seal(keys: Keys, id_: UUID, contact: Contact) -> tuple[Sealed, WrappedKey]:
    """Encrypt the record of the reporter under a new key of its own. Raises KeysAway."""
    key = AESGCM.generate_key(bit_length=256)
    wrapped = await keys.ring.wrap(key, id_.bytes)
    return _sealed(key, id_, contact), wrapped


async def seal_without_contact(keys: Keys, id_: UUID, wrapped: WrappedKey) -> Sealed:
    """Return a record with nothing in it under a key that is there already. Raises KeysAway."""
    return _sealed(await keys.ring.unwrap(wrapped, id_.bytes), id_, Contact(None, None))


def _sealed(key: bytes, id_: UUID, contact: Contact) -> Sealed:
    nonce = secrets.token_bytes(NONCE_BYTES)
    more = {"mail": contact.mail, "tell_by": contact.tell_by, "language": contact.language}
    known = {name: value for name, value in more.items() if value is not None}
    content = json.dumps({"name": contact.name, "phone": contact.phone, **known}, ensure_ascii=False).encode()
    # The length of a name says little; padded, it says nothing.
    padded = content + b" " * (-len(content) % 64)
    ciphertext = AESGCM(key).encrypt(nonce, padded, _about(id_))
    return Sealed(id=id_, nonce=base64.b64encode(nonce).decode(), ciphertext=base64.b64encode(ciphertext).decode())


async def open_sealed(keys: Keys, sealed: Sealed, wrapped: WrappedKey) -> Contact:
    """Return the record. Raises KeysAway: the master key is missing or another, or the record was changed."""
    key = await keys.ring.unwrap(wrapped, sealed.id.bytes)
    try:
        content = AESGCM(key).decrypt(
            base64.b64decode(sealed.nonce), base64.b64decode(sealed.ciphertext), _about(sealed.id)
        )
        found = json.loads(content)
        tell_by = found.get("tell_by")
        way = TellBy(tell_by) if tell_by else None
        return Contact(found["name"], found["phone"], found.get("mail"), way, found.get("language"))
    except (InvalidTag, ValueError, KeyError, TypeError) as error:
        raise KeysAway() from error


def _about(id_: UUID) -> bytes:
    """The associated data: a record moved to another reporter's row does not open."""
    return b"gridloop reporter " + id_.bytes
