"""通报: what was stored period by period, for reading, print and Excel; and made now."""

from asyncio import to_thread
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from api.routes.supervision import attachment_response
from doors.dependencies import ServicesDep
from models.base import Code
from models.errors import DomainError
from models.jobs.bulletin import BulletinKind
from services.bulletins import store
from services.bulletins.schedules import have_made
from services.bulletins.views import BoardContent, BulletinView, CommendationContent, ConsultationContent, VisitContent
from services.bulletins.workbook import bulletin_file
from services.figures.viewpoint import read_viewpoint
from web.pages import go_to, page
from web.reader import Reader, SignedIn
from web.views.board import LIGHTS, list_regions
from web.views.forms import blank
from web.views.page_links import with_query
from web.views.translation_marks import _

router = APIRouter()

KINDS = {
    BulletinKind.BOARD: _("日晾晒"),
    BulletinKind.VISITS: _("周走访"),
    BulletinKind.CONSULTATION: _("月会商"),
    BulletinKind.COMMENDATION: _("季表彰"),
}
_CONTENTS: dict[BulletinKind, Any] = {
    BulletinKind.BOARD: BoardContent,
    BulletinKind.VISITS: VisitContent,
    BulletinKind.CONSULTATION: ConsultationContent,
    BulletinKind.COMMENDATION: CommendationContent,
}


@router.get("/bulletins")
async def show_bulletins(
    opened: ServicesDep,
    reader: SignedIn,
    kind: Annotated[BulletinKind | None, blank()] = None,
    grid: Annotated[Code | None, blank()] = None,
    cursor: Annotated[str | None, blank(), Query(max_length=200)] = None,
    made: int | None = None,
) -> Response:
    """The bulletins of the units that the reader looks after."""
    return await _list_page(opened, reader, kind, grid, cursor, made=made)


async def _list_page(
    opened: ServicesDep,
    reader: Reader,
    kind: BulletinKind | None,
    grid: str | None,
    cursor: str | None,
    *,
    made: int | None = None,
    fault: str = "",
) -> Response:
    wanted = store.BulletinFilter(kind=kind, grid=grid, cursor=cursor)
    async with opened.reading.connect() as connection:
        look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
        found = await store.list_bulletins(connection, look, wanted)
        units = await list_regions(connection, look)
    return page(
        reader,
        "bulletins/list.html",
        422 if fault else 200,
        found=found,
        wanted=wanted,
        kinds=KINDS,
        regions=units,
        makes=reader.acts_as(*store.MAKERS),
        made=made,
        fault=fault,
        here=lambda **changed: with_query(
            "/bulletins", **{"kind": kind.value if kind else None, "grid": grid, **changed}
        ),
    )


@router.post("/bulletins")
async def make_now(
    request: Request,
    opened: ServicesDep,
    reader: SignedIn,
    kind: Annotated[BulletinKind, Form()],
    period: Annotated[date | None, blank(), Form()] = None,
    grid: Annotated[Code | None, blank(), Form()] = None,
) -> Response:
    """Makes bulletins, or makes them again: what was stored of that period is replaced."""
    wanted = store.BulletinWanted(kind=kind, period=period, grid=grid)
    patience = timedelta(seconds=opened.settings.answer_seconds)
    made: list[UUID] = []
    try:
        async with opened.reading.connect() as connection:
            look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
            orders = await store.orders_of(connection, look, wanted)
        for order in orders:
            ids = await have_made(opened.temporal, opened.settings.case_queue, order, patience)
            if ids is None:
                return go_to(request, f"/bulletins?kind={kind.value}&made=0")
            made += ids
    except DomainError as error:
        return await _list_page(opened, reader, kind, None, None, fault=error.message(reader.language))
    if len(made) == 1:
        return go_to(request, f"/bulletins/{made[0]}")
    return go_to(request, f"/bulletins?kind={kind.value}&made={len(made)}")


@router.get("/bulletins/{id}")
async def show_bulletin(opened: ServicesDep, reader: SignedIn, id: UUID) -> Response:
    """One bulletin, as it was stored."""
    found = await _get_bulletin(opened, reader, id)
    return page(
        reader,
        "bulletins/bulletin.html",
        found=found,
        title=KINDS[found.kind],
        content=_CONTENTS[found.kind].model_validate(found.content),
        lights=LIGHTS,
    )


@router.get("/bulletins/{id}/export.xlsx")
async def export_bulletin(opened: ServicesDep, reader: SignedIn, id: UUID) -> Response:
    """The stored bulletin for Excel."""
    found = await _get_bulletin(opened, reader, id)
    chunks = await to_thread(bulletin_file, found, reader.zone)
    return attachment_response(chunks, f"gridloop-{found.kind}-{found.grid.code}-{found.period_start}")


async def _get_bulletin(opened: ServicesDep, reader: Reader, id_: UUID) -> BulletinView:
    async with opened.reading.connect() as connection:
        look = await read_viewpoint(connection, reader.person, reader.now, reader.language)
        return await store.get_bulletin(connection, look, id_)
