"""看板: what is open, overdue, climbing and waiting, at a glance."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from doors.dependencies import ServicesDep
from models.base import Code
from services.figures.viewpoint import read_viewpoint
from web.draw.svg_bars import pattern_defs
from web.pages import is_part, page
from web.reader import SignedIn
from web.views.board import LIGHTS, OPEN_FIGURES, BoardQuery, board_page
from web.views.forms import blank
from web.views.lists.periods import PERIODS
from web.views.page_links import with_query

router = APIRouter()


@router.get("/board")
async def show_board(
    request: Request,
    opened: ServicesDep,
    reader: SignedIn,
    grid: Annotated[Code | None, blank()] = None,
    period: Annotated[str, Query(max_length=20)] = "month",
    compare: bool = False,
    tv: bool = False,
) -> Response:
    """The board; the part of it that changes when a script asks."""
    asked = BoardQuery(grid, period if period in PERIODS else "month", compare, tv)
    async with opened.reading.connect() as connection:
        look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
        shown = await board_page(connection, look, reader, asked)
    return page(
        reader,
        "board/body.html" if is_part(request) else "board/board.html",
        shown=shown,
        asked=asked,
        lights=LIGHTS,
        also=OPEN_FIGURES,
        periods=PERIODS,
        patterns=pattern_defs(),
        here=lambda **changed: with_query(
            "/board",
            **{"grid": asked.grid, "period": asked.period, "compare": _flag(asked.compare), "tv": _flag(asked.tv)}
            | changed,
        ),
    )


def _flag(value: bool) -> str | None:
    return "1" if value else None
