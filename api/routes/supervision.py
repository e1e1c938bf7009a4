"""Routes of supervision 督查: board, overdue list, ranking, definitions of figures, bulletins, workbooks."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.parameters import KNOWN_PARAMETERS, AsOf
from doors.dependencies import ResourcesDep
from doors.downloads import download_response
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from infra.database import snapshot_connection
from models.base import Code, Frozen
from models.context import Person
from models.jobs.export import BoardTable, ExportFormat, ExportKind
from services.bulletins import store
from services.bulletins.schedules import make_bulletins_now
from services.bulletins.views import BulletinItem, BulletinPage, BulletinView
from services.bulletins.workbook import bulletin_file
from services.exports.formats import MEDIA_TYPES
from services.exports.request import ExportRequest
from services.exports.write import write_now
from services.figures.glossary import definitions
from services.figures.viewpoint import Viewpoint, read_viewpoint
from services.figures.views import Board, Definitions, OverduePage, Ranking
from services.runtime.resources import Resources
from services.supervision.board import read_board
from services.supervision.overdue import OverdueFilter, overdue_page
from services.supervision.past_board import read_past_board
from services.supervision.ranking import RankingFilter, read_ranking
from services.work.figures import Work, read_work

router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/supervision",
    tags=["supervision"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)

XLSX = MEDIA_TYPES[ExportFormat.XLSX]
WORKBOOK: dict[int | str, dict[str, Any]] = {
    200: {"description": "A workbook", "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}
}
#: The answer of a route that gives a file in the format that was asked for.
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A file, whole: of as many bytes as `Content-Length` says",
        "content": {
            media_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
            for media_type in MEDIA_TYPES.values()
        },
    }
}
Grid = Annotated[Code | None, Query(description="The code of a unit: its children are the rows. Else the communities")]


@dataclass(frozen=True)
class FigureReader:
    """The caller as a reader of figures, and the connections to read them with."""

    resources: Resources
    caller: Person
    now: datetime
    language: str

    @asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[AsyncConnection, Viewpoint]]:
        """Open a connection for reads, with the caller's viewpoint. Raises NotYours for roles that read no figures."""
        async with self.resources.reading.connect() as connection:
            yield connection, await read_viewpoint(connection, self.caller, self.now, self.language)


async def get_reader(resources: ResourcesDep, caller: Caller, now: Now, language: Language) -> FigureReader:
    """Return the reader of a request."""
    return FigureReader(resources, caller, now, language)


Reader = Annotated[FigureReader, Depends(get_reader)]


def attachment_response(chunks: Iterator[bytes], name: str) -> StreamingResponse:
    """Return a workbook as a download named `name`, streamed."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.xlsx"', "Cache-Control": "no-store"}
    return StreamingResponse(chunks, media_type=XLSX, headers=headers)


@router.get("/work")
async def show_work(resources: ResourcesDep, caller: Caller, now: Now, language: Language, grid: Grid = None) -> Work:
    """The park's own work in figures: duties of today, colours, stations, undertakings. Each figure opens its list."""
    async with resources.reading.connect() as connection:
        return await read_work(connection, caller, now, language, grid=grid)


@router.get("/board")
async def show_board(reader: Reader, grid: Grid = None, as_of: AsOf = None) -> Board:
    """看板: open cases by light and stage, overdue, due today, urged, reported and closed today; vacancies.

    With `as_of`, as it stood then: without vacancies, and its numbers open no lists.
    """
    if as_of is not None:
        return await read_past_board(reader.resources.engine, reader.caller, as_of, reader.now, reader.language, grid)
    async with reader.open() as (connection, viewpoint):
        return await read_board(connection, viewpoint, grid)


@router.get("/overdue")
async def audit_overdue(filters: Annotated[OverdueFilter, Query()], reader: Reader) -> OverduePage:
    """Every open case whose deadline has passed, the longest overdue first."""
    async with reader.open() as (connection, viewpoint):
        return await overdue_page(connection, viewpoint, filters)


@router.get("/ranking")
async def rank(filters: Annotated[RankingFilter, Query()], reader: Reader) -> Ranking:
    """Communities, grids or departments by score over a period, with every numerator and denominator."""
    async with reader.open() as (connection, viewpoint):
        return await read_ranking(connection, viewpoint, filters)


@router.get("/figures")
async def define(caller: Caller, language: Language) -> Definitions:
    """The definition of each figure and indicator, with the source of its formula."""
    return definitions(language)


class FileFilter(RankingFilter):
    """The figures of a file. `table`: the table of another format than a workbook, which has all; by default `board`.

    `bom`: CSV begins with a byte order mark, by which Excel knows UTF-8.
    """

    table: BoardTable | None = None
    bom: bool = False


@router.get("/export.{format}", response_class=StreamingResponse, responses=FILE)
async def export_figures(
    format: ExportFormat, filters: Annotated[FileFilter, Query()], reader: Reader
) -> StreamingResponse:
    """Board, overdue list and ranking of the same moment, with the same numbers as their pages: a sheet each of `xlsx`,
    one `table` of `csv`, `jsonl` and `geojson`.

    Refused where the overdue list is too long to wait for: `POST /exports` then makes it in the background.
    """
    figures = RankingFilter.model_validate(filters.model_dump(exclude={"table", "bom"}, by_alias=True))
    filter_texts = tuple(
        (name, str(value)) for name, value in figures.model_dump(by_alias=True, exclude_none=True).items()
    )
    fields = {"kind": ExportKind.BOARD, "format": format, "table": filters.table, "bom": filters.bom}
    request = _validate({**fields, "board": figures, "told": filter_texts})
    async with snapshot_connection(reader.resources.engine) as connection:
        written = await write_now(connection, reader.caller, request, reader.now, reader.language)
    return download_response(written.pieces, f"gridloop-{reader.now:%Y-%m-%d}", format, written.size)


def _validate(fields: dict[str, Any]) -> ExportRequest:
    try:
        return ExportRequest.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("query", *one["loc"])} for one in error.errors()]) from error


class BulletinsPending(Frozen):
    """202: being made. They are listed at `href` when they are done."""

    status: str = "accepted"
    href: str


@router.get("/bulletins")
async def list_bulletins(filters: Annotated[store.BulletinFilter, Query()], reader: Reader) -> BulletinPage:
    """通报: the stored bulletins of the units that the caller supervises, the latest period first."""
    async with reader.open() as (connection, viewpoint):
        return await store.list_bulletins(connection, viewpoint, filters)


@router.post("/bulletins", responses={202: {"model": BulletinsPending}})
async def make_bulletins(wanted: store.BulletinRequest, response: Response, reader: Reader) -> tuple[BulletinItem, ...]:
    """Makes bulletins now. Stored bulletins of the same period are replaced."""
    async with reader.open() as (connection, viewpoint):
        orders = await store.plan_orders(connection, viewpoint, wanted)
    resources = reader.resources
    timeout = timedelta(seconds=resources.settings.answer_seconds)
    made: list[UUID] = []
    for order in orders:
        ids = await make_bulletins_now(resources.temporal, resources.settings.case_queue, order, timeout)
        if ids is None:
            pending = BulletinsPending(href=f"{store.HREF}?kind={wanted.kind}").model_dump()
            return JSONResponse(pending, 202, {"Retry-After": "5"})  # type: ignore[return-value]
        made += ids
    async with resources.reading.connect() as connection:
        views = [await store.get_bulletin(connection, viewpoint, id_) for id_ in made]
    return tuple(BulletinItem.model_validate(view.model_dump(exclude={"content"})) for view in views)


@router.get("/bulletins/{id}")
async def get_bulletin(id: UUID, reader: Reader) -> BulletinView:
    """One bulletin with its contents."""
    async with reader.open() as (connection, viewpoint):
        return await store.get_bulletin(connection, viewpoint, id)


@router.get("/bulletins/{id}/export.xlsx", response_class=StreamingResponse, responses=WORKBOOK)
async def export_bulletin(id: UUID, reader: Reader) -> StreamingResponse:
    """The stored bulletin as an Excel workbook."""
    async with reader.open() as (connection, viewpoint):
        found = await store.get_bulletin(connection, viewpoint, id)
    chunks = await to_thread(bulletin_file, found, viewpoint.zone)
    return attachment_response(chunks, f"gridloop-{found.kind}-{found.grid.code}-{found.period_start}")
