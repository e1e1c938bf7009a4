"""All cases in the reader's scope: the search, the cases of a figure, and both as a file."""

from fastapi import APIRouter, Request, Response

from doors.dependencies import ServicesDep
from doors.downloads import download_response
from infra.database import snapshot_connection
from models.jobs.export import ExportFormat, ExportKind
from services.exports.write import write_now
from web.pages import page_or_part
from web.reader import SignedIn
from web.routes.desk.exports import read_export_request
from web.routes.desk.listing import SEARCH, filter_context, page_context, read_address

router = APIRouter()


@router.get("/cases")
async def search(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """The cases that match the filters of the address, page by page."""
    async with services.reading.connect() as connection:
        address = read_address(reader, SEARCH, request.url.query)
        context = {
            **await page_context(connection, reader, address, SEARCH),
            **await filter_context(connection, reader, address),
        }
    return page_or_part(request, reader, "desk/search.html", "desk/list_part.html", **context, last=None)


@router.get("/cases/export.{format}")
async def export(request: Request, services: ServicesDep, reader: SignedIn, format: ExportFormat) -> Response:
    """The list of the address as a file, or only the cases that it names; refused if it is too long."""
    async with snapshot_connection(services.engine) as connection:
        export_request = await read_export_request(connection, reader, ExportKind.CASES, request.url.query, format)
        written = await write_now(connection, reader.person, export_request, reader.now, reader.language)
    name = f"gridloop-cases-{reader.now.astimezone(reader.zone):%Y%m%d-%H%M}"
    return download_response(written.pieces, name, format, written.size)
