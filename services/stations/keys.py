"""Keys of stations: 256 bits by chance, shown once, stored as SHA-256 only.

A digest of that many random bits can't be computed back, so no slow hash is needed at every reading.
"""

import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from infra.settings import Settings
from models.base import Frozen
from models.context import Person
from models.matters.base import MatterKind
from models.matters.station import RotateKey
from services.matters.queries import find_matter
from services.matters.send import act
from services.runtime.resources import Resources

PREFIX = "glst_"


def make_key(settings: Settings, command_id: UUID) -> str:
    """Return the key that the command of that id gives out: the same when it is sent again, so that it counts once."""
    secret = settings.token_secret.get_secret_value().encode()
    return PREFIX + hmac.new(secret, b"station-key:" + command_id.bytes, hashlib.sha256).hexdigest()


def key_digest(key: str) -> str:
    """Return the digest by which a key is stored and found."""
    return hashlib.sha256(key.encode()).hexdigest()


class GivenKey(Frozen):
    """A key as it is shown, once. None: it was shown before; only a new one can be given."""

    code: str
    key: str | None


async def give_key(resources: Resources, person: Person, code: str, command_id: UUID, now: datetime) -> GivenKey:
    """Give the station a new key and return it. Sent again under the same id, nothing changes and nothing is shown.

    Raises NoSuchMatter, NotYours, MatterEnded or StoreAway.
    """
    async with resources.reading.connect() as connection:
        _, station = await find_matter(connection, person, MatterKind.STATION, code, now)
        query = text("SELECT 1 FROM matter_facts WHERE matter_id = :id AND command_id = :command")
        shown = await connection.scalar(query, {"id": station.id, "command": command_id})
    key = make_key(resources.settings, command_id)
    command = RotateKey(key_digest=key_digest(key))
    await act(resources, person, MatterKind.STATION, code, command, command_id=command_id, now=now)
    return GivenKey(code=code, key=None if shown else key)
