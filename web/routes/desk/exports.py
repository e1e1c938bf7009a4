"""我的导出: lists as workbooks; short ones at once, long ones in the background, with how far they are."""

from collections.abc import Mapping
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.routes.exports import workbook_response
from api.routes.supervision import attachment_response
from doors.dependencies import ServicesDep
from infra.database import snapshot_connection, transaction
from models.base import Frozen
from models.jobs.export import KEPT, ExportKind
from services.directory.people import list_categories, list_departments
from services.exports import jobs
from services.exports.request import DIRECT, ExportWanted, count_rows
from services.exports.write import Writer
from services.figures.viewpoint import read_viewpoint
from services.supervision.overdue import OverdueFilter
from services.supervision.ranking import RankingFilter
from web.pages import go_to, is_part, page
from web.reader import Reader, SignedIn
from web.routes.desk.listing import QUEUE, SEARCH, filter_context, read_address
from web.views.lists.periods import period_days
from web.views.lists.tabs import NAMES
from web.views.translation_marks import _

router = APIRouter()
T = TypeVar("T", bound=Frozen)

KINDS = {ExportKind.CASES: _("案件清单"), ExportKind.OVERDUE: _("超期清单"), ExportKind.BOARD: _("看板与排名")}
_OVERDUE_NAMES = {
    "grid": _("网格"), "department": _("部门"), "category": _("类别"), "sample": _("随机抽取"), "seed": _("种子"),
}  # fmt: skip


@router.post("/exports")
async def ask(
    request: Request,
    opened: ServicesDep,
    reader: SignedIn,
    kind: Annotated[ExportKind, Form()],
    query: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """The list of that address as a workbook: at once where it is short, else made in the background."""
    async with snapshot_connection(opened.engine) as connection:
        wanted = await read_export_request(connection, reader, kind, query)
        if await count_rows(connection, reader.person, wanted, reader.now) <= DIRECT:
            written = await Writer(connection, reader.person, wanted, reader.now, reader.language).write()
            return attachment_response(
                written.pieces, f"gridloop-{kind}-{reader.now.astimezone(reader.zone):%Y%m%d-%H%M}"
            )
    made = await jobs.ask(opened.resources, reader.person, wanted, reader.now, reader.language)
    return go_to(request, f"/exports#e-{made.id}")


@router.get("/exports")
async def show(request: Request, opened: ServicesDep, reader: SignedIn) -> Response:
    """What the reader has exported, and how far each is."""
    async with opened.reading.connect() as connection:
        found = await jobs.list_exports(connection, reader.person, reader.now, reader.language)
    template = "exports/part.html" if is_part(request) else "exports/page.html"
    return page(
        reader, template, found=found, kinds=KINDS, days=KEPT.days, waits=any(one.under_way for one in found)
    )  # fmt: skip


@router.post("/exports/{id_}/stop")
async def stop(request: Request, opened: ServicesDep, reader: SignedIn, id_: UUID) -> Response:
    """Stops one that is under way, or removes the file of one that is done."""
    async with transaction(opened.engine) as connection:
        await jobs.stop_export(connection, reader.person, id_, reader.now)
    return go_to(request, "/exports")


@router.get("/exports/{id_}/file")
async def fetch(opened: ServicesDep, reader: SignedIn, id_: UUID) -> Response:
    """The workbook."""
    return await workbook_response(opened.resources, reader.person, id_, reader.now)


async def read_export_request(
    connection: AsyncConnection, reader: Reader, kind: ExportKind, query: str
) -> ExportWanted:
    """The list that an address asks for, told in the reader's words. Raises RequestValidationError, as the list."""
    match kind:
        case ExportKind.CASES:
            return await _cases(connection, reader, query)
        case ExportKind.OVERDUE:
            return await _overdue(connection, reader, query)
    return await _board(connection, reader, query)


async def _cases(connection: AsyncConnection, reader: Reader, query: str) -> ExportWanted:
    given = parse_qsl(query)
    asked = read_address(reader, QUEUE if "tab" in dict(given) else SEARCH, query)
    filters = await filter_context(connection, reader, asked)
    told = [(chip.name, chip.value) for chip in filters["chips"]]
    if asked.tab is not None:
        told.insert(0, (reader.text("页签"), reader.text(NAMES[asked.tab])))
    only = tuple(value for name, value in given if name == "case")[:500]
    fields = {"cases": asked.wanted.model_copy(update={"cursor": None}), "tab": asked.tab, "only": only, "told": told}
    return ExportWanted.model_validate({"kind": ExportKind.CASES, **fields})


async def _overdue(connection: AsyncConnection, reader: Reader, query: str) -> ExportWanted:
    given = {name: value for name, value in parse_qsl(query.replace("\x00", "")) if name in _OVERDUE_NAMES and value}
    wanted = _validate(OverdueFilter, given)
    english = reader.language == "en"
    names = {d.id: d.name_en if english else d.name_zh for d in (await list_departments(connection)).items}
    for group in (await list_categories(connection)).groups:
        names[group.code] = group.name_en if english else group.name_zh
        names |= {one.code: one.name_en if english else one.name_zh for one in group.categories}
    told = tuple((reader.text(_OVERDUE_NAMES[name]), names.get(value, value)) for name, value in given.items())
    return ExportWanted(kind=ExportKind.OVERDUE, overdue=wanted, told=told)


async def _board(connection: AsyncConnection, reader: Reader, query: str) -> ExportWanted:
    given = dict(parse_qsl(query.replace("\x00", "")))
    look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
    days = period_days(given.get("period", ""), look.day)
    period = look.days(*days)
    # The present is no part of it: who asks again for a period that still runs then joins.
    asked = {"grid": given.get("grid") or None, "from": period.since, "to": period.until}
    wanted = _validate(RankingFilter, asked)
    told = [(reader.text("比率期间"), f"{days[0]} … {days[1]}")]
    if wanted.grid:
        told.insert(0, (reader.text("范围"), wanted.grid))
    return ExportWanted(kind=ExportKind.BOARD, board=wanted, told=tuple(told))


def _validate(kind: type[T], given: Mapping[str, object]) -> T:
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("query", *one["loc"])} for one in error.errors()]) from error
