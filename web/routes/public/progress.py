"""Public pages about one report: its progress by code, the verdict, reopening, and the answer to a question."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import Field

from doors.client import client_address
from doors.dependencies import Services, ServicesDep
from models.base import Text
from models.commands import HumanCommand, Rate, RequestReopen, SupplyInfo
from models.errors import DomainError, NotNow, TurnPassed, WrongCode, WrongStage
from services.accounts.limits import WRONG_CODES
from services.public.photo_tokens import make_photo_token
from services.public.progress import read_progress
from services.public.progress_code import find_report, normalize_code
from services.public.reports import send_by_code
from web.reader import AnyVisitor, Visitor
from web.routes.public.page import public_page
from web.views.forms import blank
from web.views.refusals import refusal_text

router = APIRouter()

#: The scores of the three verdicts, of five.
VERDICT_SCORES = {"good": 5, "fair": 3, "bad": 1}

Code = Annotated[str, Form(max_length=40)]
PhoneTail = Annotated[str, Form(max_length=60)]
Note = Annotated[Text, Form(max_length=2_000)]
#: The turn of the case that the page showed; see `services.public.progress.turn_of`.
Turn = Annotated[Annotated[int, Field(ge=0, le=2**31 - 1)] | None, blank(), Form()]


@dataclass(frozen=True)
class Said:
    """What a reporter posts: the code, the last digits of their phone, the turn that they saw, their words,
    and the form that they stood in."""

    code: str
    phone_tail: str
    turn: int | None
    text: str
    form: Literal["answer", "rate", "reopen"]


@router.get("/p")
async def ask_for_code(visitor: AnyVisitor, code: str = "") -> Response:
    """The form for the code, which a link or a QR code may have filled in."""
    return public_page(visitor, "public/code.html", code=code[:40], error=None)


@router.post("/p")
async def show_progress(
    request: Request, services: ServicesDep, visitor: AnyVisitor, code: Code = "", phone_tail: PhoneTail = ""
) -> Response:
    """The progress for a code. After ten wrong codes per hour and address, the caller must wait."""
    try:
        report_id = await _find_report(request, services, visitor, code, phone_tail)
    except DomainError as error:
        return _show_code_error(visitor, code, error)
    return await _progress_page(services, visitor, report_id, code, phone_tail)


@router.post("/p/rate")
async def rate(
    request: Request,
    services: ServicesDep,
    visitor: AnyVisitor,
    verdict: Annotated[Literal["good", "fair", "bad"], Form()],
    code: Code = "",
    phone_tail: PhoneTail = "",
    note: Note = "",
    turn: Turn = None,
) -> Response:
    """Give the reporter's verdict, once for each end of the case."""
    command = Rate(score=VERDICT_SCORES[verdict], note=note)
    return await _send_command(request, services, visitor, Said(code, phone_tail, turn, note, "rate"), command)


@router.post("/p/reopen")
async def reopen(
    request: Request,
    services: ServicesDep,
    visitor: AnyVisitor,
    code: Code = "",
    phone_tail: PhoneTail = "",
    reason: Note = "",
    turn: Turn = None,
) -> Response:
    """Request to reopen a case that is still unsolved, once for each end of the case."""
    command = RequestReopen(reason=reason) if reason else None
    return await _send_command(request, services, visitor, Said(code, phone_tail, turn, reason, "reopen"), command)


@router.post("/p/answer")
async def answer(
    request: Request,
    services: ServicesDep,
    visitor: AnyVisitor,
    code: Code = "",
    phone_tail: PhoneTail = "",
    note: Note = "",
    turn: Turn = None,
) -> Response:
    """Answer the question of the duty desk, once for each question."""
    command = SupplyInfo(note=note) if note else None
    return await _send_command(request, services, visitor, Said(code, phone_tail, turn, note, "answer"), command)


async def _find_report(request: Request, services: Services, visitor: Visitor, code: str, phone_tail: str) -> UUID:
    """Find the report of a code. Raises WrongCode, and TooManyAttempts with the time to wait."""
    address = client_address(request)
    await WRONG_CODES.use(services.engine, address, visitor.now)
    async with services.reading.connect() as connection:
        found = await find_report(connection, services.settings, code, phone_tail, visitor.now)
    await WRONG_CODES.give_back(services.engine, address)
    return found


async def _progress_page(
    services: Services,
    visitor: Visitor,
    report_id: UUID,
    code: str,
    phone_tail: str,
    error: str | None = None,
    said: Said | None = None,
) -> Response:
    async with services.reading.connect() as connection:
        try:
            shown_progress = await read_progress(connection, report_id, visitor.now, visitor.language)
        except WrongCode as expired:
            return _show_code_error(visitor, code, expired)
    photos = [
        make_photo_token(services.settings, sha256, visitor.now)
        for sha256 in (shown_progress.photos if shown_progress else ())
    ]
    context: dict[str, Any] = {
        "progress": shown_progress,
        "photos": photos,
        "code": normalize_code(code),
        "error": error,
        "said": said,
    }
    return public_page(visitor, "public/progress.html", phone_tail=phone_tail, **context)


async def _send_command(
    request: Request, services: Services, visitor: Visitor, said: Said, command: HumanCommand | None
) -> Response:
    """Send the command for the reporter, and show the progress page. Posted twice, it counts once.

    `command` None: nothing was written.
    """
    try:
        report_id = await _find_report(request, services, visitor, said.code, said.phone_tail)
    except DomainError as error:
        return _show_code_error(visitor, said.code, error)
    error_text = None if command else visitor.text("请先写下内容,再提交。")
    try:
        if command is not None:
            await send_by_code(services.resources, report_id, command, visitor.now, said.turn)
    except (NotNow, WrongStage):
        error_text = refusal_text(TurnPassed(), visitor)
    except DomainError as error:
        error_text = refusal_text(error, visitor)
    return await _progress_page(services, visitor, report_id, said.code, said.phone_tail, error_text, said)


def _show_code_error(visitor: Visitor, code: str, error: DomainError) -> Response:
    response = public_page(visitor, "public/code.html", error.status, code=code, error=error.message(visitor.language))
    if error.status == 429:
        response.headers["Retry-After"] = error.params["seconds"]
    return response
