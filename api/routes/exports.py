"""Routes for exports 导出: lists of any length as files, made in the background."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from api.parameters import KNOWN_PARAMETERS
from api.routes.supervision import FILE
from doors.dependencies import ResourcesDep
from doors.downloads import download_response
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from infra.database import transaction
from models.base import Frozen
from models.context import Person
from services.exports import jobs
from services.exports.jobs import ExportView
from services.exports.request import ExportRequest
from services.runtime.resources import Resources

router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/exports",
    tags=["exports"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)


class ExportList(Frozen):
    """One's exports, the latest first."""

    items: tuple[ExportView, ...]


@router.post("", status_code=202)
async def ask(
    wanted: ExportRequest, response: Response, resources: ResourcesDep, caller: Caller, now: Now, language: Language
) -> ExportView:
    """Starts an export: a file with the same cases and order as the list itself, in the `format` that is wanted.

    202 with the export and its address; while it is running, the same request returns the same export. Poll until
    `status` is `done` (`file` is the address of the file) or `failed` (`why`). The file is kept for three days.
    503 when no export can be started now; nothing is stored then.
    """
    made = await jobs.request_export(resources, caller, wanted, now, language)
    response.headers["Location"] = made.href
    response.headers["Retry-After"] = "1"
    return made


@router.get("")
async def list_exports(resources: ResourcesDep, caller: Caller, now: Now, language: Language) -> ExportList:
    """The caller's exports that are running or still kept."""
    async with resources.reading.connect() as connection:
        return ExportList(items=await jobs.list_exports(connection, caller, now, language))


@router.get("/{id}")
async def show(id: UUID, resources: ResourcesDep, caller: Caller, now: Now, language: Language) -> ExportView:
    """The state of an export. 404 for another person's export, and for one that was removed."""
    async with resources.reading.connect() as connection:
        return await jobs.get_export(connection, caller, id, now, language)


@router.delete("/{id}", status_code=204)
async def stop(id: UUID, resources: ResourcesDep, caller: Caller, now: Now) -> Response:
    """Stops a running export, or removes the file of a finished one."""
    async with transaction(resources.engine) as connection:
        await jobs.stop_export(connection, caller, id, now)
    return Response(status_code=204)


@router.get("/{id}/file", response_class=StreamingResponse, responses=FILE)
async def fetch(id: UUID, resources: ResourcesDep, caller: Caller, now: Now) -> StreamingResponse:
    """The file. 409 while it is not finished; 403 when the caller has lost a role that it was made with.

    410 when it holds a case from which the caller has to step aside by now.
    """
    return await file_response(resources, caller, id, now)


async def file_response(resources: Resources, person: Person, id_: UUID, now: datetime) -> StreamingResponse:
    """Return the file of an export as a download."""
    found = await jobs.find_file(resources, person, id_, now)
    return download_response(found.pieces, found.name, found.format, found.size)
