"""升级: the level of each open case in the hierarchy, and its next step."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from doors.dependencies import ServicesDep
from services.supervision.escalations import LadderFilter, read_ladder
from web.pages import page_or_part
from web.reader import SignedIn
from web.routes.common import GridCode, open_viewpoint
from web.views.board import list_regions
from web.views.page_links import link_builder

router = APIRouter()


@router.get("/ladder")
async def show_ladder(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    grid: GridCode = None,
    all: bool = False,
    most: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """A column for each level, with the cases that have climbed; with `all`, every open case."""
    filters = LadderFilter(grid=grid, all=all, most=most)
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        ladder = await read_ladder(connection, viewpoint, filters)
        regions = await list_regions(connection, viewpoint)
    return page_or_part(
        request,
        reader,
        "ladder/ladder.html",
        "ladder/body.html",
        ladder=ladder,
        filters=filters,
        regions=regions,
        here=link_builder("/ladder", grid=grid, all="1" if all else None),
    )
