"""All cases in the reader's scope: the search, what a figure counts, and both as a workbook."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from api.state import Opened
from services.case_export import export_cases
from web.moments import exact
from web.pages import is_part, page
from web.reader import SignedIn
from web.routes.listing import QUEUE, SEARCH, filters_of, read_address, rows_of, tab_condition
from web.views.tabs import NAMES

router = APIRouter()

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/cases")
async def search(request: Request, opened: Opened, reader: SignedIn) -> Response:
    """The cases that fit the filters of the address, a page at a time."""
    async with opened.engine.connect() as connection:
        asked = await read_address(connection, reader, SEARCH, request.url.query)
        context = {
            **await rows_of(connection, reader, asked, SEARCH),
            **await filters_of(connection, reader, asked),
        }
    template = "desk/list_part.html" if is_part(request) else "desk/search.html"
    return page(reader, template, **context, bulk=False)


@router.get("/cases/export.xlsx")
async def export(request: Request, opened: Opened, reader: SignedIn) -> Response:
    """The whole list of the address as a workbook, or only the cases that it names."""
    place = QUEUE if "tab" in request.query_params else SEARCH
    async with opened.engine.connect() as connection:
        asked = await read_address(connection, reader, place, request.url.query)
        filters = await filters_of(connection, reader, asked)
        told = [(chip.name, chip.value) for chip in filters["chips"]]
        if asked.tab is not None:
            told.insert(0, (reader.text("页签"), reader.text(NAMES[asked.tab])))
        told.append((reader.text("导出人"), reader.name))
        pieces = await export_cases(
            connection, reader.person, asked.wanted, reader.now, reader.language, zone=reader.zone, told=told,
            also=tab_condition(asked, reader), only=request.query_params.getlist("case")[:500],
        )  # fmt: skip
    name = f"cases-{exact(reader.now, reader)[:16].replace(' ', '-').replace(':', '')}.xlsx"
    return StreamingResponse(
        pieces, media_type=EXCEL, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
