"""Master keys: a ring in a file, or a key service that holds them. Both wrap and unwrap the keys of records."""

import base64
import binascii
import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infra.files import write_private
from models.errors import KeysAway

#: Length of the random value of AES-GCM (NIST SP 800-38D), in bytes.
NONCE_BYTES = 12
#: Seconds that a key service may take to answer.
SERVICE_TIMEOUT = 5.0


@dataclass(frozen=True)
class WrappedKey:
    """The key of a record, encrypted by the master key of that id."""

    key_id: str
    content: bytes


class Ring(Protocol):
    """What wraps the keys of records. `about` (the id of the reporter) must be the same for both directions.

    Both raise KeysAway: the ring can't be read, or has not that master key; or the content was not wrapped by it.
    """

    async def current(self) -> str:
        """Return the id of the master key that wraps new keys."""
        ...

    async def wrap(self, key: bytes, about: bytes) -> WrappedKey:
        """Wrap the key of a record by the current master key."""
        ...

    async def unwrap(self, wrapped: WrappedKey, about: bytes) -> bytes:
        """Return the key of a record."""
        ...


class FileRing:
    """The ring in a JSON file: the id of the current key, and all keys by their ids. It is read again when it changes,
    so that a running process takes part in a rotation.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._current = ""
        self._keys: dict[str, bytes] = {}
        self._made_at: dict[str, datetime] = {}

    async def current(self) -> str:
        """Return the id of the current key. Raises KeysAway."""
        return self.current_id()

    def current_id(self) -> str:
        """Return the id of the current key. Raises KeysAway."""
        self._load()
        return self._current

    def subkey(self, id_: str, purpose: str) -> bytes:
        """Return the key of 32 bytes that is derived from a master key for one purpose (HKDF, RFC 5869).

        Raises KeysAway when there is no such master key.
        """
        self._load()
        master = self._keys.get(id_)
        if master is None:
            raise KeysAway()
        return HKDF(SHA256(), 32, None, f"gridloop {purpose}".encode()).derive(master)

    async def wrap(self, key: bytes, about: bytes) -> WrappedKey:
        """See `Ring`."""
        self._load()
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._wrapper(self._current).encrypt(nonce, key, _bound(self._current, about))
        return WrappedKey(self._current, nonce + sealed)

    async def unwrap(self, wrapped: WrappedKey, about: bytes) -> bytes:
        """See `Ring`."""
        self._load()
        cipher = self._wrapper(wrapped.key_id)
        nonce, sealed = wrapped.content[:NONCE_BYTES], wrapped.content[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, sealed, _bound(wrapped.key_id, about))
        except (InvalidTag, ValueError) as error:
            raise KeysAway() from error

    def _wrapper(self, id_: str) -> AESGCM:
        return AESGCM(self.subkey(id_, "reporter"))

    def ids(self) -> tuple[str, ...]:
        """Return the ids of all keys, the oldest first. Raises KeysAway."""
        self._load()
        return tuple(self._keys)

    def made_at(self, id_: str) -> datetime | None:
        """Return when that key was made; None where the file doesn't say. Raises KeysAway."""
        self._load()
        return self._made_at.get(id_)

    def _load(self) -> None:
        try:
            stat = os.stat(self.path)
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen == self._seen:
                return
            content = json.loads(self.path.read_text("utf-8"))
            keys = {str(id_): base64.b64decode(one["key"], validate=True) for id_, one in content["keys"].items()}
            made_at = {
                id_: datetime.fromisoformat(one["made_at"]) for id_, one in content["keys"].items() if "made_at" in one
            }
            current = str(content["current"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
            raise KeysAway() from error
        if current not in keys or any(len(key) != 32 for key in keys.values()):
            raise KeysAway()
        self._current, self._keys, self._made_at, self._seen = current, keys, made_at, seen


def _bound(key_id: str, about: bytes) -> bytes:
    return b"gridloop key " + key_id.encode() + b" " + about


def create_ring(path: Path) -> str:
    """Write a ring with one new key, mode 0600, and return the key's id. Raises FileExistsError: keys are never
    replaced."""
    id_ = _new_id(())
    write_private(path, _ring_content(id_, {id_: _new_key()}), replace=False)
    return id_


class KeyFileLost(Exception):
    """The file of the master keys is gone, though they have encrypted something."""


def ensure_ring(path: Path, *, used: bool) -> None:
    """Create the file of master keys at the first start. Raises KeyFileLost when it is missing and was `used`: new keys
    would read nothing of what there is.
    """
    if path.exists():
        return
    if used:
        raise KeyFileLost(
            f"{path} is missing: cases under way and reporters can't be read without it. Put back a copy. "
            "If there is none, `starter.py keys create` makes new ones: what the old ones encrypted stays unreadable"
        )
    create_ring(path)


def add_key(path: Path) -> str:
    """Add a new key to the ring as the current one, and return its id. Raises KeysAway."""
    content = _read(path)
    id_ = _new_id(tuple(content["keys"]))
    write_private(path, _ring_content(id_, {**content["keys"], id_: _new_key()}))
    return id_


def remove_key(path: Path, id_: str) -> None:
    """Remove an older key from the ring. Raises KeysAway, and ValueError for the current one or an unknown one."""
    content = _read(path)
    if id_ == content["current"] or id_ not in content["keys"]:
        raise ValueError(id_)
    kept = {name: key for name, key in content["keys"].items() if name != id_}
    write_private(path, _ring_content(content["current"], kept))


def _read(path: Path) -> dict[str, Any]:
    FileRing(path).ids()
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _new_key() -> dict[str, str]:
    key = AESGCM.generate_key(bit_length=256)
    return {"key": base64.b64encode(key).decode(), "made_at": datetime.now(UTC).isoformat(timespec="seconds")}


def _new_id(known: tuple[str, ...]) -> str:
    number = 1 + max((int(id_.split("-")[0].removeprefix("k")) for id_ in known), default=0)
    return f"k{number}-{secrets.token_hex(3)}"


def _ring_content(current: str, keys: dict[str, Any]) -> bytes:
    return (json.dumps({"current": current, "keys": keys}, indent=1) + "\n").encode()


class ServiceRing:
    """A key service over HTTP, which never gives its master keys away.

    `GET {url}/current` → `{"key_id"}`; `POST {url}/wrap` with `{"key", "about"}` → `{"key_id", "wrapped"}`;
    `POST {url}/unwrap` with `{"key_id", "wrapped", "about"}` → `{"key"}`; bytes in Base64. A token is sent as
    `Authorization: Bearer`. Rotation is the service's: it names another current key.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._url, self._headers = url.rstrip("/"), headers

    async def current(self) -> str:
        """Return the id of the service's current key. Raises KeysAway."""
        return str((await self._ask("GET", "current"))["key_id"])

    async def wrap(self, key: bytes, about: bytes) -> WrappedKey:
        """See `Ring`."""
        answer = await self._ask("POST", "wrap", key=_text(key), about=_text(about))
        return WrappedKey(str(answer["key_id"]), base64.b64decode(answer["wrapped"]))

    async def unwrap(self, wrapped: WrappedKey, about: bytes) -> bytes:
        """See `Ring`."""
        given = {"key_id": wrapped.key_id, "wrapped": _text(wrapped.content), "about": _text(about)}
        return base64.b64decode((await self._ask("POST", "unwrap", **given))["key"])

    async def _ask(self, method: str, path: str, **body: str) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=SERVICE_TIMEOUT, headers=self._headers) as http:
                answer = await http.request(method, f"{self._url}/{path}", json=body or None)
                answer.raise_for_status()
                found: dict[str, Any] = answer.json()
                needed = {"current": "key_id", "wrap": "wrapped", "unwrap": "key"}[path]
                base64.b64decode(found[needed]) if path != "current" else str(found[needed])
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise KeysAway() from error
        return found


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
