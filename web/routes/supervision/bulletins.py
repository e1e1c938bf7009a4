"""通报: the stored bulletins, for reading, print and Excel; and making one now."""

from asyncio import to_thread
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from api.routes.supervision import attachment_response
from doors.dependencies import ServicesDep
from models.base import Code
from models.errors import DomainError
from models.jobs.bulletin import BulletinKind
from services.bulletins import store
from services.bulletins.schedules import make_bulletins_now
from services.bulletins.views import BoardContent, BulletinView, CommendationContent, ConsultationContent, VisitContent
from services.bulletins.workbook import bulletin_file
from web.pages import go_to, page
from web.reader import Reader, SignedIn
from web.routes.common import Cursor, GridCode, open_viewpoint
from web.views.board import LIGHTS, list_regions
from web.views.forms import blank
from web.views.page_links import link_builder
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
    services: ServicesDep,
    reader: SignedIn,
    kind: Annotated[BulletinKind | None, blank()] = None,
    grid: GridCode = None,
    cursor: Cursor = None,
    made: int | None = None,
) -> Response:
    """The bulletins of the units in the reader's scope."""
    return await _list_page(services, reader, kind, grid, cursor, made=made)


async def _list_page(
    services: ServicesDep,
    reader: Reader,
    kind: BulletinKind | None,
    grid: str | None,
    cursor: str | None,
    *,
    made: int | None = None,
    status: int = 200,
    fault: str = "",
) -> Response:
    filters = store.BulletinFilter(kind=kind, grid=grid, cursor=cursor)
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        bulletins = await store.list_bulletins(connection, viewpoint, filters)
        regions = await list_regions(connection, viewpoint)
    return page(
        reader,
        "bulletins/list.html",
        status,
        bulletins=bulletins,
        filters=filters,
        kinds=KINDS,
        regions=regions,
        makes=reader.acts_as(*store.MAKERS),
        made=made,
        fault=fault,
        here=link_builder("/bulletins", kind=kind.value if kind else None, grid=grid),
    )


@router.post("/bulletins")
async def make_now(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    kind: Annotated[BulletinKind, Form()],
    period: Annotated[date | None, blank(), Form()] = None,
    grid: Annotated[Code | None, blank(), Form()] = None,
) -> Response:
    """Make bulletins now. Stored bulletins of the same period are replaced."""
    order_request = store.BulletinRequest(kind=kind, period=period, grid=grid)
    timeout = timedelta(seconds=services.settings.answer_seconds)
    bulletin_ids: list[UUID] = []
    try:
        async with open_viewpoint(services, reader) as (connection, viewpoint):
            orders = await store.plan_orders(connection, viewpoint, order_request)
        for order in orders:
            ids = await make_bulletins_now(services.temporal, services.settings.case_queue, order, timeout)
            if ids is None:
                return go_to(request, f"/bulletins?kind={kind.value}&made=0")
            bulletin_ids += ids
    except DomainError as error:
        told = error.message(reader.language)
        return await _list_page(services, reader, kind, None, None, status=error.status, fault=told)
    if len(bulletin_ids) == 1:
        return go_to(request, f"/bulletins/{bulletin_ids[0]}")
    return go_to(request, f"/bulletins?kind={kind.value}&made={len(bulletin_ids)}")


@router.get("/bulletins/{id}")
async def show_bulletin(services: ServicesDep, reader: SignedIn, id: UUID) -> Response:
    """One bulletin as stored."""
    bulletin = await _get_bulletin(services, reader, id)
    return page(
        reader,
        "bulletins/bulletin.html",
        bulletin=bulletin,
        title=KINDS[bulletin.kind],
        content=_CONTENTS[bulletin.kind].model_validate(bulletin.content),
        lights=LIGHTS,
    )


@router.get("/bulletins/{id}/export.xlsx")
async def export_bulletin(services: ServicesDep, reader: SignedIn, id: UUID) -> Response:
    """A stored bulletin as a workbook."""
    bulletin = await _get_bulletin(services, reader, id)
    chunks = await to_thread(bulletin_file, bulletin, reader.zone)
    return attachment_response(chunks, f"gridloop-{bulletin.kind}-{bulletin.grid.code}-{bulletin.period_start}")


async def _get_bulletin(services: ServicesDep, reader: Reader, id_: UUID) -> BulletinView:
    async with open_viewpoint(services, reader) as (connection, viewpoint):
        return await store.get_bulletin(connection, viewpoint, id_)
