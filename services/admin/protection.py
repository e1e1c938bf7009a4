"""Whether what protects the data is in place, as far as this process can tell: for administrators of everything."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.db_timeouts import with_timeout
from infra.keys.access import keys_for
from infra.keys.ring import FileRing
from infra.settings import Settings
from models.base import Frozen
from models.context import Person
from models.errors import KeysAway, NotYours
from services.admin.rights import require_admin

#: How long a key service may take to answer, in seconds.
_PATIENCE = 2.0


class TemporalDoor(StrEnum):
    """Who reaches the workflow engine: whoever has its certificates, everybody on this machine, or it runs elsewhere
    and its operators know.
    """

    CLOSED = "closed"
    OPEN = "open"
    ELSEWHERE = "elsewhere"


class Protection(Frozen):
    """The ids of the keys in use, for reporters' data and for workflow data; None: it can't be read."""

    reporter_key: str | None
    payload_key: str | None
    temporal: TemporalDoor


async def read_protection(
    connection: AsyncConnection, person: Person, settings: Settings, now: datetime
) -> Protection | None:
    """Return what is in place; None for everybody but administrators without a grid limit."""
    try:
        await require_admin(connection, person, now, "protection")
    except NotYours:
        return None
    door = TemporalDoor.ELSEWHERE
    if settings.temporal_ui is not None:
        door = TemporalDoor.OPEN if settings.temporal_ui_certificates is None else TemporalDoor.CLOSED
    return Protection(reporter_key=await _reporter_key(settings), payload_key=_payload_key(settings), temporal=door)


async def _reporter_key(settings: Settings) -> str | None:
    try:
        return await with_timeout(_PATIENCE, keys_for(settings).ring.current())
    except (KeysAway, TimeoutError):
        return None


def _payload_key(settings: Settings) -> str | None:
    try:
        return FileRing(settings.key_ring).current_id()
    except KeysAway:
        return None
