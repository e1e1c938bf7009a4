"""Notices: what the caller was told by ladders."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ServicesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from models.base import Frozen
from services.desk.notices import Notices, ReadUpTo, mark_read, read_notices

router = APIRouter(prefix="/api/v1", tags=["notices"], responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS])


class Marked(Frozen):
    """How many notices were marked as read."""

    read: int


@router.get("/notices")
async def list_notices(
    opened: ServicesDep, caller: Caller, now: Now, language: Language, unread: Annotated[bool, Query()] = False
) -> Notices:
    """What the caller was told, to act or to be informed, the newest first."""
    async with opened.reading.connect() as connection:
        return await read_notices(connection, caller, now, language, unread=unread)


@router.post("/notices/read")
async def read_notices(body: ReadUpTo, opened: ServicesDep, caller: Caller, now: Now) -> Marked:
    """Marks as read what came up to a moment; everything when none is named."""
    async with opened.engine.begin() as connection:
        return Marked(read=await mark_read(connection, caller, now, body.until))
