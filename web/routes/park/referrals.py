"""专业坐诊台: booking a slot from its page, for a case that the reader sees."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from doors.dependencies import ServicesDep
from models.errors import DomainError
from models.matters.referral_desk import Book
from services.referrals.slots import book
from web.pages import go_to
from web.reader import SignedIn
from web.routes.common import error_text, status_of
from web.routes.park.matters import require_section, show_matter

router = APIRouter()


@router.post("/park/referral-desks/{code}/book")
async def book_slot(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    code: str,
    command_id: Annotated[UUID, Form()],
    at: Annotated[str, Form(max_length=60)],
    case_no: Annotated[str, Form(max_length=60)] = "",
    note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Book the slot; a refusal is shown above the slots, with what was typed."""
    section, kind = require_section("referral-desks")
    try:
        moment = datetime.fromisoformat(at)
        given = moment if moment.tzinfo else moment.replace(tzinfo=reader.zone)
        command = Book.model_validate({"at": given, "case_no": case_no, "note": note})
        await book(services.resources, reader.person, code, command, command_id=command_id, now=reader.now)
    except (DomainError, ValidationError, ValueError) as error:
        told = error_text(error, reader) if isinstance(error, DomainError | ValidationError) else at
        return await show_matter(
            services, reader, section, kind, code, None, status=status_of(error), fault=told, case_asked=case_no
        )
    return go_to(request, f"/park/referral-desks/{code}?did=book#slots")
