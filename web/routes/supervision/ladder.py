"""升级: where the open cases stand in the hierarchy, and what comes next for each."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from doors.dependencies import ServicesDep
from models.base import Code
from services.figures.viewpoint import read_viewpoint
from services.supervision.escalations import LadderFilter, ladder_view
from web.pages import is_part, page
from web.reader import SignedIn
from web.views.board import list_regions
from web.views.forms import blank
from web.views.page_links import with_query

router = APIRouter()


@router.get("/ladder")
async def show_ladder(
    request: Request,
    opened: ServicesDep,
    reader: SignedIn,
    grid: Annotated[Code | None, blank()] = None,
    all: bool = False,
    most: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """A column for each level; those that have climbed, or with `all` every open case."""
    wanted = LadderFilter(grid=grid, all=all, most=most)
    async with opened.reading.connect() as connection:
        look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
        found = await ladder_view(connection, look, wanted)
        units = await list_regions(connection, look)
    return page(
        reader,
        "ladder/body.html" if is_part(request) else "ladder/ladder.html",
        found=found,
        wanted=wanted,
        regions=units,
        here=lambda **changed: with_query("/ladder", **{"grid": grid, "all": "1" if all else None, **changed}),
    )
