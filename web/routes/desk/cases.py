"""All cases in the reader's scope: the search, what a figure counts, and both as a workbook."""

from fastapi import APIRouter, Request, Response

from api.routes.supervision import workbook
from doors.dependencies import Opened
from infra.database import one_moment
from models.jobs.export import ExportKind
from services.exports.write import write_now
from web.pages import is_part, page
from web.reader import SignedIn
from web.routes.desk.exports import read_wanted
from web.routes.desk.listing import SEARCH, filters_of, read_address, rows_of

router = APIRouter()


@router.get("/cases")
async def search(request: Request, opened: Opened, reader: SignedIn) -> Response:
    """The cases that fit the filters of the address, a page at a time."""
    async with opened.reading.connect() as connection:
        asked = read_address(reader, SEARCH, request.url.query)
        context = {
            **await rows_of(connection, reader, asked, SEARCH),
            **await filters_of(connection, reader, asked),
        }
    template = "desk/list_part.html" if is_part(request) else "desk/search.html"
    return page(reader, template, **context, last=None)


@router.get("/cases/export.xlsx")
async def export(request: Request, opened: Opened, reader: SignedIn) -> Response:
    """The whole list of the address as a workbook, or only the cases that it names; refused where it is too long."""
    async with one_moment(opened.engine) as connection:
        wanted = await read_wanted(connection, reader, ExportKind.CASES, request.url.query)
        written = await write_now(connection, reader.person, wanted, reader.now, reader.language)
    return workbook(written.pieces, f"gridloop-cases-{reader.now.astimezone(reader.zone):%Y%m%d-%H%M}")
