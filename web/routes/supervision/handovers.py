"""移交对账: hand-overs to outside systems that need somebody, and the decisions about them."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from doors.dependencies import Services, ServicesDep
from models.errors import DomainError
from models.handovers import HandoverStatus, HandoverTrouble, Settlement, got_links
from services.figures.viewpoint import find_unit, read_viewpoint
from services.handovers.reconciliation import list_handovers, settle
from web.pages import go_to, page
from web.reader import Reader, SignedIn
from web.routes.common import error_text
from web.views.page_links import with_query
from web.views.translation_marks import _

router = APIRouter()

STATUSES = {
    HandoverStatus.WAITING: _("待发送"),
    HandoverStatus.SENDING: _("发送中,结果待查"),
    HandoverStatus.UNCERTAIN: _("结果未知,待人工核对"),
    HandoverStatus.REFUSED: _("对方未接收"),
    HandoverStatus.SENT: _("对方已接收"),
    HandoverStatus.ANSWERED: _("已答复"),
    HandoverStatus.ENDED: _("已终止"),
}
TROUBLES = {
    HandoverTrouble.UNKNOWN: _("对方是否收到不明"),
    HandoverTrouble.REFUSED: _("对方未接收"),
    HandoverTrouble.LATE: _("逾期未答复"),
}
DECISIONS = {
    Settlement.SEND_AGAIN: _("重新发送"),
    Settlement.RECEIVED: _("确认对方已收到"),
    Settlement.TAKE_BACK: _("收回移交"),
}


@router.get("/supervision/handovers")
async def show_handovers(
    services: ServicesDep, reader: SignedIn, every: bool = False, done: bool = False, grid: str = ""
) -> Response:
    """The hand-overs of one's cases that need somebody, the oldest first; with `every`, all that are not over.

    `grid`: only of cases in that unit, as the board counts them.
    """
    return await _show(services, reader, every=every, done=done, grid=grid)


@router.post("/supervision/handovers/{id}/{decision}")
async def decide(id: UUID, decision: Settlement, request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """Settle one."""
    try:
        await settle(services.resources, reader.person, id, decision, reader.now)
    except DomainError as error:
        if error.status in (401, 404):
            raise
        return await _show(services, reader, error.status, error_text(error, reader))
    return go_to(request, "/supervision/handovers?done=1")


async def _show(
    services: Services,
    reader: Reader,
    status: int = 200,
    fault: str = "",
    *,
    every: bool = False,
    done: bool = False,
    grid: str = "",
) -> Response:
    async with services.reading.connect() as connection:
        unit = None
        if grid:
            viewpoint = await read_viewpoint(connection, reader.person, reader.now, reader.language)
            unit = await find_unit(connection, viewpoint, grid)
        found = await list_handovers(connection, reader.person, reader.now, all_=every, grid=grid or None)
    here = "/supervision/handovers"
    return page(
        reader, "supervision/handovers.html", status, found=found, every=every, fault=fault, done=done, unit=unit,
        tabs=(with_query(here, grid=grid or None), with_query(here, grid=grid or None, every="1")), everywhere=here,
        got_links=got_links, statuses=STATUSES, decisions=DECISIONS, troubles=TROUBLES,
    )  # fmt: skip
