"""The one-time links of a case: made for a partner, shown to be passed on, taken back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from doors.client import public_address
from doors.dependencies import Services, ServicesDep
from models.errors import DomainError
from models.ids import new_id
from models.one_time_links import PARTNER_ACTS
from models.policy.handovers import MOST_LINK_DAYS
from services.one_time_links import LinkRequest, link_days, list_links, make_partner_link, take_back_link
from web.draw.qr import qr_code
from web.pages import go_to, page
from web.reader import Reader, SignedIn
from web.routes.common import error_text, status_of

router = APIRouter()


@router.get("/cases/{case_no}/links")
async def show_links(case_no: str, request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """The links of the case with their addresses, and the form for another."""
    return await _show(case_no, request, services, reader)


@router.post("/cases/{case_no}/links")
async def make(
    case_no: str,
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    id: Annotated[UUID, Form()],
    named: Annotated[str, Form(max_length=400)] = "",
    act: Annotated[str, Form(max_length=40)] = "",
    days: Annotated[str, Form(max_length=4)] = "",
) -> Response:
    """Make a link. Posted again, it is the same one."""
    typed = {"named": named, "act": act, "days": days}
    try:
        wanted = LinkRequest.model_validate({"id": id, **typed, "days": days or None})
        await make_partner_link(services.resources, reader.person, case_no, wanted, reader.now)
    except ValidationError as error:
        return await _show(case_no, request, services, reader, 422, error_text(error, reader), typed)
    except DomainError as error:
        if error.status in (401, 404):
            raise
        return await _show(case_no, request, services, reader, status_of(error), error_text(error, reader), typed)
    return go_to(request, f"/cases/{case_no}/links")


@router.post("/cases/{case_no}/links/{id}/take-back")
async def take_back(case_no: str, id: UUID, request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """Take a link back that was not used."""
    await take_back_link(services.resources, reader.person, case_no, id, reader.now)
    return go_to(request, f"/cases/{case_no}/links")


async def _show(
    case_no: str,
    request: Request,
    services: Services,
    reader: Reader,
    status: int = 200,
    fault: str = "",
    typed: dict[str, str] | None = None,
) -> Response:
    links = await list_links(services.resources, reader.person, case_no, reader.now)
    shown = [(one, public_address(request, one.path) if one.path else None) for one in links]
    codes = {one.id: qr_code(address) for one, address in shown if address}
    async with services.reading.connect() as connection:
        usual = {"named": "", "act": PARTNER_ACTS[0], "days": str(await link_days(connection))}
    return page(
        reader, "case/links.html", status, case_no=case_no, links=shown, codes=codes, acts=PARTNER_ACTS, fault=fault,
        typed=typed or usual, most_days=MOST_LINK_DAYS, fresh=new_id(),
    )  # fmt: skip
