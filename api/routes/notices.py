"""Routes for the caller's notices."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ServicesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from models.base import Frozen
from services.desk.notices import Notices, ReadUpTo, find_notices, mark_read

router = APIRouter(
    route_class=StrictRoute, prefix="/api/v1", tags=["notices"], responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS]
)


class Marked(Frozen):
    """How many notices were marked as read."""

    read: int


@router.get("/notices")
async def list_notices(
    services: ServicesDep, caller: Caller, now: Now, language: Language, unread: Annotated[bool, Query()] = False
) -> Notices:
    """The caller's notices, to act or to be informed, the newest first."""
    async with services.reading.connect() as connection:
        return await find_notices(connection, caller, now, language, unread=unread)


@router.post("/notices/read")
async def read_notices(body: ReadUpTo, services: ServicesDep, caller: Caller, now: Now) -> Marked:
    """Marks notices up to a moment as read; all of them when no moment is given."""
    async with services.engine.begin() as connection:
        return Marked(read=await mark_read(connection, caller, now, body.until))
