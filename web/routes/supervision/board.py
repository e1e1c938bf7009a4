"""看板: the open, overdue, escalated and waiting cases at a glance."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from doors.dependencies import ServicesDep
from web.draw.svg_bars import pattern_defs
from web.pages import page_or_part
from web.reader import SignedIn
from web.routes.common import GridCode, open_viewpoint
from web.views.board import LIGHTS, OPEN_FIGURES, BoardQuery, board_page
from web.views.lists.periods import PERIODS
from web.views.page_links import link_builder

router = APIRouter()


@router.get("/board")
async def show_board(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    grid: GridCode = None,
    period: Annotated[str, Query(max_length=20)] = "month",
    compare: bool = False,
    tv: bool = False,
) -> Response:
    """The board; for htmx, the part of it that changes."""
    query = BoardQuery(grid, period if period in PERIODS else "month", compare, tv)
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        shown = await board_page(connection, viewpoint, reader, query)
    return page_or_part(
        request,
        reader,
        "board/board.html",
        "board/body.html",
        shown=shown,
        query=query,
        lights=LIGHTS,
        also=OPEN_FIGURES,
        periods=PERIODS,
        patterns=pattern_defs(),
        here=link_builder(
            "/board", grid=query.grid, period=query.period, compare=_flag(query.compare), tv=_flag(query.tv)
        ),
    )


def _flag(value: bool) -> str | None:
    return "1" if value else None
