"""Supervision 督查: the board, the overdue list, the ranking, what their figures mean, and all of it for Excel."""

from asyncio import to_thread
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from infra.database import snapshot_connection
from models.base import Code, Frozen
from models.jobs.export import ExportKind
from services.bulletins import store
from services.bulletins.schedules import have_made
from services.bulletins.views import BulletinItem, BulletinPage, BulletinView
from services.bulletins.workbook import bulletin_file
from services.exports.request import ExportWanted
from services.exports.write import write_now
from services.figures.glossary import definitions
from services.figures.viewpoint import read_viewpoint
from services.figures.views import Board, Definitions, OverduePage, Ranking
from services.supervision.board import board
from services.supervision.overdue import OverdueFilter, overdue_page
from services.supervision.ranking import RankingFilter, ranking

router = APIRouter(
    prefix="/api/v1/supervision", tags=["supervision"], responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS]
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKBOOK: dict[int | str, dict[str, Any]] = {
    200: {"description": "A workbook", "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}
}
Grid = Annotated[Code | None, Query(description="The code of a unit: its children are the rows. Else the communities")]


def attachment_response(chunks: Iterator[bytes], name: str) -> StreamingResponse:
    """A workbook to be saved under that name, sent as it is read."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.xlsx"', "Cache-Control": "no-store"}
    return StreamingResponse(chunks, media_type=XLSX, headers=headers)


@router.get("/board")
async def show_board(doors: ResourcesDep, caller: Caller, now: Now, language: Language, grid: Grid = None) -> Board:
    """看板: open cases by light and stage, overdue, due today, urged, reported and closed today; vacancies."""
    async with doors.reading.connect() as connection:
        return await board(connection, await read_viewpoint(connection, caller, now, language), grid)


@router.get("/overdue")
async def audit_overdue(
    wanted: Annotated[OverdueFilter, Query()], doors: ResourcesDep, caller: Caller, now: Now, language: Language
) -> OverduePage:
    """Every open case whose deadline has passed, the longest overdue first."""
    async with doors.reading.connect() as connection:
        return await overdue_page(connection, await read_viewpoint(connection, caller, now, language), wanted)


@router.get("/ranking")
async def rank(
    wanted: Annotated[RankingFilter, Query()], doors: ResourcesDep, caller: Caller, now: Now, language: Language
) -> Ranking:
    """Communities, grids or departments by score over a period, with every numerator and denominator."""
    async with doors.reading.connect() as connection:
        return await ranking(connection, await read_viewpoint(connection, caller, now, language), wanted)


@router.get("/figures")
async def define(caller: Caller, language: Language) -> Definitions:
    """What each figure and indicator means, and where its formula was found."""
    return definitions(language)


@router.get("/export.xlsx", response_class=StreamingResponse, responses=WORKBOOK)
async def export_figures(
    wanted: Annotated[RankingFilter, Query()], doors: ResourcesDep, caller: Caller, now: Now, language: Language
) -> StreamingResponse:
    """Board, overdue list and ranking of the same moment, a sheet each, with the same numbers as their pages.

    Refused where the overdue list is too long to wait for: `POST /exports` then makes it in the background.
    """
    told = tuple((name, str(value)) for name, value in wanted.model_dump(by_alias=True, exclude_none=True).items())
    asked = ExportWanted(kind=ExportKind.BOARD, board=wanted, told=told)
    async with snapshot_connection(doors.engine) as connection:
        written = await write_now(connection, caller, asked, now, language)
    return attachment_response(written.pieces, f"gridloop-{now:%Y-%m-%d}")


class BulletinsPending(Frozen):
    """202: being made, and listed at `href` as soon as they are there."""

    status: str = "accepted"
    href: str


@router.get("/bulletins")
async def list_bulletins(
    wanted: Annotated[store.BulletinFilter, Query()], doors: ResourcesDep, caller: Caller, now: Now, language: Language
) -> BulletinPage:
    """通报: what was stored for the units that the caller looks after, the latest period first."""
    async with doors.reading.connect() as connection:
        return await store.list_bulletins(connection, await read_viewpoint(connection, caller, now, language), wanted)


@router.post("/bulletins", responses={202: {"model": BulletinsPending}})
async def make_bulletins(
    wanted: store.BulletinWanted, response: Response, doors: ResourcesDep, caller: Caller, now: Now, language: Language
) -> tuple[BulletinItem, ...]:
    """Makes bulletins now, or makes them again: the stored ones of that period are replaced."""
    async with doors.reading.connect() as connection:
        look = await read_viewpoint(connection, caller, now, language)
        orders = await store.orders_of(connection, look, wanted)
    patience = timedelta(seconds=doors.settings.answer_seconds)
    made: list[UUID] = []
    for order in orders:
        ids = await have_made(doors.temporal, doors.settings.case_queue, order, patience)
        if ids is None:
            told = BulletinsPending(href=f"{store.HREF}?kind={wanted.kind}").model_dump()
            return JSONResponse(told, 202, {"Retry-After": "5"})  # type: ignore[return-value]
        made += ids
    async with doors.reading.connect() as connection:
        views = [await store.get_bulletin(connection, look, id_) for id_ in made]
    return tuple(BulletinItem.model_validate(view.model_dump(exclude={"content"})) for view in views)


@router.get("/bulletins/{id}")
async def get_bulletin(id: UUID, doors: ResourcesDep, caller: Caller, now: Now, language: Language) -> BulletinView:
    """One bulletin with what it holds."""
    async with doors.reading.connect() as connection:
        return await store.get_bulletin(connection, await read_viewpoint(connection, caller, now, language), id)


@router.get("/bulletins/{id}/export.xlsx", response_class=StreamingResponse, responses=WORKBOOK)
async def export_bulletin(
    id: UUID, doors: ResourcesDep, caller: Caller, now: Now, language: Language
) -> StreamingResponse:
    """The stored bulletin for Excel."""
    async with doors.reading.connect() as connection:
        look = await read_viewpoint(connection, caller, now, language)
        found = await store.get_bulletin(connection, look, id)
    chunks = await to_thread(bulletin_file, found, look.zone)
    return attachment_response(chunks, f"gridloop-{found.kind}-{found.grid.code}-{found.period_start}")
