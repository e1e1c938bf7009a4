"""For people without an account: a report, its progress by code, a rating. No script, no cookie."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from doors.dependencies import Services, ServicesDep
from doors.uploads import form_with_files
from models.base import Text
from models.commands import HumanCommand, Rate, RequestReopen, SupplyInfo
from models.errors import DomainError, WrongCode
from models.ids import derived_id, new_id
from services.accounts.rate_limit import Record
from services.attachments import intake
from services.directory.people import list_categories
from services.public.progress_code import photo_token, plain, progress, report_of
from services.public.reports import PublicReport, act_by_code, report_publicly
from services.public.units import PublicUnit, public_units
from services.wording.input_faults import fault_text
from web.pages import page
from web.reader import AnyVisitor, Visitor

router = APIRouter()

#: What the three verdicts count, of five.
VERDICT_SCORES = {"good": 5, "fair": 3, "bad": 1}
MAX_PHOTOS = 3
#: Bytes for the text alone.
_TEXT_ONLY_BYTES = 1024 * 1024 // MAX_PHOTOS

Code = Annotated[str, Form(max_length=40)]
PhoneTail = Annotated[str, Form(max_length=20)]
Note = Annotated[Text, Form(max_length=2_000)]


def public_page(visitor: Visitor, template: str, status: int = 200, **context: Any) -> Response:
    """A public page: never indexed, never kept, and no cookie with it. `keep` goes on with language and type size."""
    chosen = {"lang": visitor.language} if visitor.language == "en" else {}
    chosen |= {"large": "1"} if visitor.preferences.large else {}
    known = {"keep": f"?{urlencode(chosen)}" if chosen else "", "chosen": chosen}
    answer = page(visitor, template, status, remember=False, **known, **context)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


@router.get("/p")
async def ask_for_code(visitor: AnyVisitor, code: str = "") -> Response:
    """The field for the code; a link or a QR code may have filled it in."""
    return public_page(visitor, "public/code.html", code=code[:40], error=None)


@router.post("/p")
async def show_progress(
    request: Request, opened: ServicesDep, visitor: AnyVisitor, code: Code = "", phone_tail: PhoneTail = ""
) -> Response:
    """What the code shows; ten wrong ones an hour and address, then a wait."""
    try:
        report_id = await _find_report(request, opened, visitor, code, phone_tail)
    except DomainError as error:
        return _show_code_error(visitor, code, error)
    return await _progress_page(opened, visitor, report_id, code, phone_tail)


@router.post("/p/rate")
async def rate(
    request: Request,
    opened: ServicesDep,
    visitor: AnyVisitor,
    verdict: Annotated[Literal["good", "fair", "bad"], Form()],
    code: Code = "",
    phone_tail: PhoneTail = "",
    note: Note = "",
) -> Response:
    """The reporter's verdict, once."""
    command = Rate(score=VERDICT_SCORES[verdict], note=note)
    return await _send_command(request, opened, visitor, code, phone_tail, command)


@router.post("/p/reopen")
async def reopen(
    request: Request,
    opened: ServicesDep,
    visitor: AnyVisitor,
    code: Code = "",
    phone_tail: PhoneTail = "",
    reason: Note = "",
) -> Response:
    """Still not settled: asks to have it reopened, once."""
    told = reason.strip() or visitor.text("仍未解决")
    return await _send_command(request, opened, visitor, code, phone_tail, RequestReopen(reason=told))


@router.post("/p/answer")
async def answer(
    request: Request,
    opened: ServicesDep,
    visitor: AnyVisitor,
    code: Code = "",
    phone_tail: PhoneTail = "",
    note: Note = "",
) -> Response:
    """The answer to what the duty desk has asked."""
    told = note.strip() or visitor.text("(未填写)")
    return await _send_command(request, opened, visitor, code, phone_tail, SupplyInfo(note=told))


@router.get("/p/report")
async def show_form(opened: ServicesDep, visitor: AnyVisitor) -> Response:
    """The public form. Its id is made with it, so that posting it twice counts once."""
    return await _show_report_form(opened, visitor, {"report_id": str(new_id())}, {})


@router.post("/p/report")
async def take_report(request: Request, opened: ServicesDep, visitor: AnyVisitor) -> Response:
    """Takes a report; the form again, filled in, when something is wrong with it."""
    record = opened.public_reports.record(_client_address(request))
    # Who has to wait is told so with what they typed; their photos are not even read.
    most = _TEXT_ONLY_BYTES if record.waits(visitor.now) else intake.most_bytes(opened.settings)
    async with form_with_files(request, most, MAX_PHOTOS, counted=False) as form:
        return await _accept_report(opened, visitor, form, record)


async def _accept_report(opened: Services, visitor: Visitor, form: FormData, record: Record) -> Response:
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    if typed.get("website"):  # a field that people do not see
        return RedirectResponse("/p", 303)
    try:
        record.check(visitor.now)
        photos = [photo for photo in form.getlist("photos") if isinstance(photo, UploadFile) and photo.filename]
        if len(photos) > MAX_PHOTOS:
            told = visitor.text("最多 %(most)s 张,这里有 %(n)s 张。", most=MAX_PHOTOS, n=len(photos))
            return await _show_report_form(opened, visitor, typed, {"file": told}, 422)
        wanted = PublicReport.model_validate(_report_body(typed))
        done = await report_publicly(opened.resources, wanted, tuple(photo.file for photo in photos), visitor.now)
    except ValidationError as error:
        faults = {str(one["loc"][-1]): fault_text(one, visitor.language) for one in error.errors()}
        return await _show_report_form(opened, visitor, typed, faults, 422)
    except DomainError as error:
        field = (error.pointer or "").rpartition("/")[2]
        return await _show_report_form(opened, visitor, typed, {field: error.message(visitor.language)}, error.status)
    record.fail(visitor.now)
    return public_page(visitor, "public/reported.html", code=done.code, recorded=done.case_no is not None)


def _report_body(typed: dict[str, str]) -> dict[str, Any]:
    known = {name: typed[name] for name in PublicReport.model_fields if typed.get(name)}
    reporter = {name: typed[name] for name in ("name", "phone") if typed.get(name, "").strip()}
    return known | ({"reporter": {**reporter, "anonymous": "anonymous" in typed}} if reporter else {})


async def _find_report(request: Request, opened: Services, visitor: Visitor, code: str, phone_tail: str) -> UUID:
    """The report of the code. Raises WrongCode, and TooManyAttempts with the time to wait."""
    record = opened.code_attempts.record(_client_address(request))
    async with record.turn:
        record.check(visitor.now)
        try:
            async with opened.reading.connect() as connection:
                return await report_of(connection, opened.settings, code, phone_tail, visitor.now)
        except WrongCode:
            record.fail(visitor.now)
            raise


async def _progress_page(
    opened: Services, visitor: Visitor, report_id: UUID, code: str, phone_tail: str, error: str | None = None
) -> Response:
    async with opened.reading.connect() as connection:
        try:
            found = await progress(connection, report_id, visitor.now, visitor.language)
        except WrongCode as expired:
            return _show_code_error(visitor, code, expired)
    photos = [photo_token(opened.settings, sha256, visitor.now) for sha256 in (found.photos if found else ())]
    known: dict[str, Any] = {"progress": found, "photos": photos, "code": plain(code), "error": error}
    return public_page(visitor, "public/progress.html", phone_tail=phone_tail, **known)


async def _send_command(
    request: Request, opened: Services, visitor: Visitor, code: str, phone_tail: str, command: HumanCommand
) -> Response:
    """Gives the command in the reporter's name, and shows what came of it. Posted twice it counts once."""
    try:
        report_id = await _find_report(request, opened, visitor, code, phone_tail)
    except DomainError as error:
        return _show_code_error(visitor, code, error)
    told = None
    try:
        id_ = derived_id(report_id, "by-code", command.model_dump_json())
        await act_by_code(opened.resources, report_id, command, id_, visitor.now)
    except DomainError as error:
        told = error.message(visitor.language)
    return await _progress_page(opened, visitor, report_id, code, phone_tail, told)


def _show_code_error(visitor: Visitor, code: str, error: DomainError) -> Response:
    answer = public_page(visitor, "public/code.html", error.status, code=code, error=error.message(visitor.language))
    if error.status == 429:
        answer.headers["Retry-After"] = error.params["seconds"]
    return answer


async def _show_report_form(
    opened: Services, visitor: Visitor, typed: dict[str, str], faults: dict[str, str], status: int = 200
) -> Response:
    async with opened.reading.connect() as connection:
        categories = await list_categories(connection)
        units: tuple[PublicUnit, ...] = await public_units(connection, visitor.now)
    known = {"typed": typed, "faults": faults, "categories": categories, "units": units, "photos": MAX_PHOTOS}
    return public_page(visitor, "public/report.html", status, **known)


def _client_address(request: Request) -> str:
    return request.client.host if request.client else ""
