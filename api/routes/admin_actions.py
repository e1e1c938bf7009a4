"""Routes for administrators and auditors: what was changed by whom, with before and after."""

from asyncio import to_thread
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from api.parameters import KNOWN_PARAMETERS
from api.routes.supervision import WORKBOOK, attachment_response
from doors.dependencies import ServicesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from models.base import Instant
from services.admin.actions import ActionFilter, ActionPage, add_actions, export_actions, list_actions
from services.directory.people import local_zone
from services.files.workbook import Sheets

router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/admin",
    tags=["administration"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)

Word = Annotated[str | None, Query(max_length=200)]


async def _wanted(
    actor: Word = None,
    kind: Word = None,
    about: Word = None,
    since: Instant | None = None,
    until: Instant | None = None,
) -> ActionFilter:
    return ActionFilter(actor=actor, kind=kind, about=about, since=since, until=until)


Wanted = Annotated[ActionFilter, Depends(_wanted)]


@router.get("/actions")
async def read_actions(
    services: ServicesDep,
    caller: Caller,
    now: Now,
    wanted: Wanted,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ActionPage:
    """Changes by administrators and operators, the newest first."""
    async with services.reading.connect() as connection:
        return await list_actions(connection, caller, wanted, now, cursor=cursor, limit=limit)


@router.get("/actions.xlsx", response_class=StreamingResponse, responses=WORKBOOK)
async def download_actions(
    services: ServicesDep, caller: Caller, now: Now, wanted: Wanted, language: Language
) -> StreamingResponse:
    """The newest 5,000 of them as a workbook."""
    async with services.reading.connect() as connection:
        actions = await export_actions(connection, caller, wanted, now)
        zone = await local_zone(connection)

    def write() -> Sheets:
        sheets = Sheets(zone)
        add_actions(sheets, actions, language, zone)
        return sheets

    return attachment_response((await to_thread(write)).file(), f"gridloop-actions-{now:%Y-%m-%d}")
