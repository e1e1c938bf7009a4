"""督办单: urge orders, their letters, and the answers."""

from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter, Form, Request, Response
from markupsafe import Markup
from pydantic import ValidationError

from doors.client import public_address
from doors.dependencies import ServicesDep
from models.enums import Role, UrgeKind
from models.errors import DomainError
from models.ids import new_id
from services.cases.queries import get_case
from services.commands.send import read_command, send
from services.supervision.urges import UrgeFilter, UrgeState, get_urge, list_urges
from web.pages import go_to, page
from web.reader import Reader, SignedIn
from web.routes.common import Cursor, GridCode, error_text
from web.views.forms import blank
from web.views.page_links import link_builder
from web.views.translation_marks import _

router = APIRouter()

#: The tabs of the list.
STATES = {
    UrgeState.WAITING: _("待答复"),
    UrgeState.LATE: _("逾期未答"),
    UrgeState.ANSWERED: _("已答复"),
    UrgeState.ANSWERED_LATE: _("逾期答复"),
    UrgeState.ENDED: _("已终止"),
}


@router.get("/urges")
async def show_urges(
    services: ServicesDep,
    reader: SignedIn,
    state: Annotated[UrgeState | None, blank()] = None,
    kind: Annotated[UrgeKind | None, blank()] = None,
    grid: GridCode = None,
    cursor: Cursor = None,
) -> Response:
    """The urge orders on the reader's cases, the latest first."""
    filters = UrgeFilter(state=state, kind=kind, grid=grid, cursor=cursor)
    async with services.reading.connect() as connection:
        urges = await list_urges(connection, reader.person, filters, reader.now, reader.language)
    return page(
        reader,
        "urges/list.html",
        urges=urges,
        filters=filters,
        states=STATES,
        kinds=tuple(UrgeKind),
        here=link_builder("/urges", kind=kind.value if kind else None, grid=grid, state=state.value if state else None),
    )


@router.get("/urges/{case_no}/{number}")
async def show_letter(
    request: Request, services: ServicesDep, reader: SignedIn, case_no: str, number: int, done: bool = False
) -> Response:
    """The letter of an urge order, for print, with its answer or the form to answer it."""
    return await _letter_page(request, services, reader, case_no, number, done=done)


@router.post("/urges/{case_no}/{number}")
async def answer(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    case_no: str,
    number: int,
    id: Annotated[UUID, Form()],
    note: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Answer the urge order."""
    try:
        command = read_command("answer_urge", {"urge": number, "note": note})
        await send(services.resources, reader.person, case_no, command, command_id=id, if_revision=None, now=reader.now)
    except (DomainError, ValidationError) as error:
        fault = error_text(error, reader)
        return await _letter_page(request, services, reader, case_no, number, fault=fault, note=note)
    return go_to(request, f"/urges/{case_no}/{number}?done=1")


def letter_qr(text: str) -> Markup:
    """The text as a QR code: SVG without styles."""
    svg = segno.make(text, error="m").svg_inline(
        scale=4, border=2, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    return Markup(svg)  # noqa: S704 every value in it is escaped or a number


async def _letter_page(
    request: Request,
    services: ServicesDep,
    reader: Reader,
    case_no: str,
    number: int,
    *,
    done: bool = False,
    fault: str = "",
    note: str = "",
) -> Response:
    async with services.reading.connect() as connection:
        urge = await get_urge(connection, reader.person, case_no, number, reader.now, reader.language)
        case = await get_case(connection, reader.person, case_no, reader.now, reader.language)
    return page(
        reader,
        "urges/letter.html",
        422 if fault else 200,
        urge=urge,
        case=case,
        states=STATES,
        may_answer="answer_urge" in case.allowed_commands and urge.state in (UrgeState.WAITING, UrgeState.LATE),
        watches=reader.acts_as(Role.SUPERVISOR),
        qr=letter_qr(public_address(request, f"/urges/{case_no}/{number}")),
        done=done,
        fault=fault,
        note=note,
        fresh=new_id(),
    )
