"""应急处置: the form to begin an emergency plan for a case."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from doors.dependencies import Services, ServicesDep
from models.errors import DomainError
from models.ids import new_id
from services.emergencies.begin import begin_by_hand, plans_in_force
from web.pages import go_to, page
from web.reader import Reader, SignedIn
from web.routes.common import error_text
from web.routes.park.matters import require_section

router = APIRouter()


@router.get("/park/emergencies/new")
async def show_new(services: ServicesDep, reader: SignedIn, case: str = "") -> Response:
    """The form: which case, which plan."""
    return await _form(services, reader, case, "", new_id())


@router.post("/park/emergencies/new")
async def begin(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    command_id: Annotated[UUID, Form()],
    case_no: Annotated[str, Form(max_length=60)] = "",
    plan: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Begin it; a refused form is shown again with what was typed."""
    try:
        sent = await begin_by_hand(
            services.resources, reader.person, case_no.strip(), plan or None, id_=command_id, now=reader.now
        )
    except (DomainError, ValidationError) as error:
        return await _form(services, reader, case_no, plan, command_id, error_text(error, reader))
    return go_to(request, f"/park/emergencies/{sent.receipt.code}?did=begin")


async def _form(
    services: Services, reader: Reader, case_no: str, plan: str, command_id: UUID, fault: str = ""
) -> Response:
    section, _kind = require_section("emergencies")
    async with services.reading.connect() as connection:
        plans = await plans_in_force(connection)
    english = reader.language == "en"
    return page(
        reader,
        "park/new_emergency.html",
        422 if fault else 200,
        section=section,
        plans=[(one.code, one.name_en if english else one.name_zh) for one in plans],
        case_no=case_no,
        plan=plan,
        command_id=command_id,
        fault=fault,
    )
