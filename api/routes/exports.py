"""Exports 导出: workbooks of lists of any length, made in the background and fetched by who asked."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from api.parameters import KNOWN_PARAMETERS
from api.routes.supervision import WORKBOOK, XLSX
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from infra.database import transaction
from models.base import Frozen
from models.context import Person
from services.exports import jobs
from services.exports.jobs import ExportView
from services.exports.request import ExportWanted
from services.runtime.resources import Resources

router = APIRouter(prefix="/api/v1/exports", tags=["exports"], responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS])


class ExportList(Frozen):
    """One's exports, the latest first."""

    items: tuple[ExportView, ...]


@router.post("", status_code=202)
async def ask(
    wanted: ExportWanted, response: Response, doors: ResourcesDep, caller: Caller, now: Now, language: Language
) -> ExportView:
    """Has a list made into a workbook: the same cases and order as the list itself.

    202 with the export and where it is looked at; asked again for the same list while it is under way, the same one.
    Look there until `status` is `done` (`file` then says where the workbook is) or `failed` (`why`). The file is kept
    for three days. 503 when nothing can be started now: nothing is kept then.
    """
    made = await jobs.ask(doors, caller, wanted, now, language)
    response.headers["Location"] = made.href
    response.headers["Retry-After"] = "1"
    return made


@router.get("")
async def list_exports(doors: ResourcesDep, caller: Caller, now: Now, language: Language) -> ExportList:
    """The caller's exports that are under way or still kept."""
    async with doors.reading.connect() as connection:
        return ExportList(items=await jobs.list_exports(connection, caller, now, language))


@router.get("/{id}")
async def show(id: UUID, doors: ResourcesDep, caller: Caller, now: Now, language: Language) -> ExportView:
    """How far an export is. 404 for another person's, and for one whose time is over."""
    async with doors.reading.connect() as connection:
        return await jobs.get_export(connection, caller, id, now, language)


@router.delete("/{id}", status_code=204)
async def stop(id: UUID, doors: ResourcesDep, caller: Caller, now: Now) -> Response:
    """Stops one that is under way, and removes the file of one that is done."""
    async with transaction(doors.engine) as connection:
        await jobs.stop_export(connection, caller, id, now)
    return Response(status_code=204)


@router.get("/{id}/file", response_class=StreamingResponse, responses=WORKBOOK)
async def fetch(id: UUID, doors: ResourcesDep, caller: Caller, now: Now) -> StreamingResponse:
    """The workbook. 409 while it is not there; 403 when the caller has lost a role that it was made with."""
    return await workbook_response(doors, caller, id, now)


async def workbook_response(doors: Resources, person: Person, id_: UUID, now: datetime) -> StreamingResponse:
    """The workbook as an answer, sent as it is read."""
    found = await jobs.find_file(doors, person, id_, now)
    headers = {
        "Content-Disposition": f'attachment; filename="{found.name}.xlsx"', "Content-Length": str(found.size),
        "Cache-Control": "no-store",
    }  # fmt: skip
    return StreamingResponse(found.pieces, media_type=XLSX, headers=headers)
