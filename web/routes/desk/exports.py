"""我的导出: lists as files. Short ones are made at once, long ones in the background, with their progress."""

from collections.abc import Mapping
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.routes.exports import file_response
from doors.dependencies import ServicesDep
from doors.downloads import download_response
from infra.database import snapshot_connection, transaction
from models.base import Frozen
from models.jobs.export import RETENTION, BoardTable, ExportFormat, ExportKind
from services.directory.people import list_categories, list_departments
from services.exports import jobs
from services.exports.request import MAX_DIRECT_ROWS, ExportRequest, count_rows
from services.exports.write import Writer
from services.figures.viewpoint import read_viewpoint
from services.supervision.overdue import OverdueFilter
from services.supervision.ranking import RankingFilter
from web.pages import go_to, page_or_part
from web.reader import Reader, SignedIn
from web.routes.desk.listing import QUEUE, SEARCH, filter_context, read_address
from web.views.lists.periods import period_days
from web.views.lists.tabs import NAMES
from web.views.translation_marks import _

router = APIRouter()
T = TypeVar("T", bound=Frozen)

KINDS = {ExportKind.CASES: _("案件清单"), ExportKind.OVERDUE: _("超期清单"), ExportKind.BOARD: _("看板与排名")}
#: What a format is called, in every language.
FORMATS = {
    ExportFormat.XLSX: "Excel", ExportFormat.CSV: "CSV", ExportFormat.JSONL: "JSON Lines",
    ExportFormat.GEOJSON: "GeoJSON",
}  # fmt: skip
_OVERDUE_NAMES = {
    "grid": _("网格"), "department": _("部门"), "category": _("类别"), "sample": _("随机抽取"), "seed": _("种子"),
}  # fmt: skip


@router.post("/exports")
async def ask(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    kind: Annotated[ExportKind, Form()],
    query: Annotated[str, Form(max_length=2000)] = "",
    format: Annotated[ExportFormat, Form()] = ExportFormat.XLSX,
    table: Annotated[BoardTable, Form()] = BoardTable.BOARD,
) -> Response:
    """Export the list of an address: at once if it is short, else in the background. `table`: of the board."""
    async with snapshot_connection(services.engine) as connection:
        export = await read_export_request(connection, reader, kind, query, format, table)
        if await count_rows(connection, reader.person, export, reader.now) <= MAX_DIRECT_ROWS:
            file = await Writer(connection, reader.person, export, reader.now, reader.language).write()
            name = f"gridloop-{kind}-{reader.now.astimezone(reader.zone):%Y%m%d-%H%M}"
            return download_response(file.pieces, name, format, file.size)
    job = await jobs.request_export(services.resources, reader.person, export, reader.now, reader.language)
    return go_to(request, f"/exports#e-{job.id}")


@router.get("/exports")
async def show(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """The reader's exports with their progress."""
    async with services.reading.connect() as connection:
        exports = await jobs.list_exports(connection, reader.person, reader.now, reader.language)
    running = any(export.under_way for export in exports)
    return page_or_part(
        request,
        reader,
        "exports/page.html",
        "exports/part.html",
        exports=exports,
        kinds=KINDS,
        formats=FORMATS,
        days=RETENTION.days,
        waits=running,
    )


@router.post("/exports/{id_}/stop")
async def stop(request: Request, services: ServicesDep, reader: SignedIn, id_: UUID) -> Response:
    """Stop a running export, or remove the file of a finished one."""
    async with transaction(services.engine) as connection:
        await jobs.stop_export(connection, reader.person, id_, reader.now)
    return go_to(request, "/exports")


@router.get("/exports/{id_}/file")
async def fetch(services: ServicesDep, reader: SignedIn, id_: UUID) -> Response:
    """The file."""
    return await file_response(services.resources, reader.person, id_, reader.now)


async def read_export_request(
    connection: AsyncConnection,
    reader: Reader,
    kind: ExportKind,
    query: str,
    format_: ExportFormat = ExportFormat.XLSX,
    table: BoardTable = BoardTable.BOARD,
) -> ExportRequest:
    """The export request for a list's address, with its filters in words. Raises RequestValidationError, as the list
    does.

    A CSV file of the pages has a byte order mark: whoever opens it in Excel sees Chinese.
    """
    request = await _read_list(connection, reader, kind, query)
    one_table = kind is ExportKind.BOARD and format_ is not ExportFormat.XLSX
    update = {"format": format_, "bom": format_ is ExportFormat.CSV, "table": table if one_table else None}
    return request.model_copy(update=update)


async def _read_list(connection: AsyncConnection, reader: Reader, kind: ExportKind, query: str) -> ExportRequest:
    match kind:
        case ExportKind.CASES:
            return await _cases(connection, reader, query)
        case ExportKind.OVERDUE:
            return await _overdue(connection, reader, query)
    return await _board(connection, reader, query)


async def _cases(connection: AsyncConnection, reader: Reader, query: str) -> ExportRequest:
    params = parse_qsl(query)
    address = read_address(reader, QUEUE if "tab" in dict(params) else SEARCH, query)
    filters = await filter_context(connection, reader, address)
    in_words = [(chip.name, chip.value) for chip in filters["chips"]]
    if address.tab is not None:
        in_words.insert(0, (reader.text("页签"), reader.text(NAMES[address.tab])))
    only = tuple(value for name, value in params if name == "case")[:500]
    cases = address.filter.model_copy(update={"cursor": None})
    fields = {"cases": cases, "tab": address.tab, "only": only, "told": in_words}
    return ExportRequest.model_validate({"kind": ExportKind.CASES, **fields})


async def _overdue(connection: AsyncConnection, reader: Reader, query: str) -> ExportRequest:
    params = {name: value for name, value in parse_qsl(query.replace("\x00", "")) if name in _OVERDUE_NAMES and value}
    filters = _validate(OverdueFilter, params)
    english = reader.language == "en"
    names = {d.id: d.name_en if english else d.name_zh for d in (await list_departments(connection)).items}
    for group in (await list_categories(connection)).groups:
        names[group.code] = group.name_en if english else group.name_zh
        names |= {one.code: one.name_en if english else one.name_zh for one in group.categories}
    in_words = tuple((reader.text(_OVERDUE_NAMES[name]), names.get(value, value)) for name, value in params.items())
    return ExportRequest(kind=ExportKind.OVERDUE, overdue=filters, told=in_words)


async def _board(connection: AsyncConnection, reader: Reader, query: str) -> ExportRequest:
    params = dict(parse_qsl(query.replace("\x00", "")))
    viewpoint = await read_viewpoint(connection, reader.person, reader.now, reader.language)
    days = period_days(params.get("period", ""), viewpoint.day)
    period = viewpoint.days(*days)
    # The current moment is not part of the request, so that a second request for a running period joins the first.
    fields = {"grid": params.get("grid") or None, "from": period.since, "to": period.until}
    filters = _validate(RankingFilter, fields)
    in_words = [(reader.text("比率期间"), f"{days[0]} … {days[1]}")]
    if filters.grid:
        in_words.insert(0, (reader.text("范围"), filters.grid))
    return ExportRequest(kind=ExportKind.BOARD, board=filters, told=tuple(in_words))


def _validate(kind: type[T], given: Mapping[str, object]) -> T:
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("query", *one["loc"])} for one in error.errors()]) from error
