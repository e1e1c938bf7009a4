"""The public form for people without an account to report something. No scripts, no cookies."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from pydantic import ValidationError
from starlette.datastructures import FormData

from doors.client import client_address
from doors.dependencies import Services, ServicesDep
from doors.uploads import form_with_files
from models.errors import DomainError, PlaceOutsidePark, ReportIdReused, TooManyAttempts
from models.ids import new_id
from models.policy.questions import Question
from services.accounts.limits import PUBLIC_REPORTS
from services.directory.people import list_categories
from services.public.messages import offered_ways
from services.public.progress_code import read_code
from services.public.reports import PublicReport, check_public_report, submit_public_report
from services.public.units import PublicUnit, list_public_units
from services.wording.input_faults import fault_text
from web.draw.qr import qr_code
from web.draw.svg_picker import Community, draw_picker
from web.reader import AnyVisitor, Visitor
from web.routes.public.page import public_page
from web.routes.public.photos import MAX_PHOTOS, Photos, has_new_photos, kept_photos, public_limits, take_photos
from web.routes.public.questions import Questions, hidden_fields, read_questions
from web.views.case.form_values import field_of_pointer
from web.views.refusals import refusal_text
from web.views.unit_names import short_unit

router = APIRouter()

#: Limit per file in bytes while the caller must wait: enough for the text fields, too little for photos.
_TEXT_ONLY_BYTES = 1024 * 1024 // MAX_PHOTOS


@router.get("/p/report")
async def show_form(services: ServicesDep, visitor: AnyVisitor) -> Response:
    """The public report form. It contains its report id, so that posting it twice counts once."""
    return await _show_report_form(services, visitor, {"report_id": str(new_id())}, {})


@router.post("/p/report")
async def take_report(request: Request, services: ServicesDep, visitor: AnyVisitor) -> Response:
    """Accept a report; if something is wrong with it, show the form again with the typed values."""
    address = client_address(request)
    wait: TooManyAttempts | None = None
    try:
        await PUBLIC_REPORTS.use(services.engine, address, visitor.now)
    except TooManyAttempts as error:
        wait = error
    # A caller who must wait gets the form back with the typed text; their photos are not read.
    most = _TEXT_ONLY_BYTES if wait else public_limits(services).most
    async with form_with_files(request, most, MAX_PHOTOS, limit_files=False) as form:
        return await _accept_report(services, visitor, form, address, wait)


async def _accept_report(
    services: Services, visitor: Visitor, form: FormData, address: str, wait: TooManyAttempts | None
) -> Response:
    """Check everything that the form says, then store its files, then submit the report.

    `wait`: the refusal of an address that has sent too many.
    """
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    photos = kept_photos(services, visitor, form)
    asked = await read_questions(services, form, typed.get("everyday") or typed.get("category", ""))
    if (instead := await _show_instead(services, visitor, form, typed, asked, photos)) is not None:
        return instead
    try:
        if wait is not None:
            raise wait
        report = PublicReport.model_validate(_report_body(typed, visitor.language) | asked.body(typed.get("asked", "")))
        await check_public_report(services.resources, report, visitor.now)
        photos = await take_photos(services, visitor, form, address)
        if photos.faults:
            faults = {"file": " ".join(photos.faults)}
            return await _show_report_form(services, visitor, typed, faults, photos.status, photos)
        if asked.asked and not asked.was_asked:
            await PUBLIC_REPORTS.give_back(services.engine, address)
            return await _show_questions(services, visitor, form, asked, photos)
        reported = await submit_public_report(services.resources, report, photos.stored, visitor.now)
    except ValidationError as error:
        faults = {_field_at(one["loc"]): fault_text(one, visitor.language) for one in error.errors()}
        if not (typed.get("grid") or typed.get("lat")):
            faults = {"grid": visitor.text("必填"), **faults}
        return await _show_report_form(services, visitor, typed, _with_lost(faults, form, visitor), 422, photos)
    except ReportIdReused:
        return await _show_changed_report(services, visitor, typed, photos)
    except DomainError as error:
        if (error.pointer or "").startswith("/answers/"):
            return await _show_questions(services, visitor, form, asked, photos, refused=error)
        return await _show_refused_report(services, visitor, form, typed, photos, error)
    return public_page(
        visitor,
        "public/reported.html",
        code=reported.code,
        recorded=reported.case_no is not None,
        proof=reported.proof,
        proof_qr=qr_code(reported.proof) if reported.proof else None,
    )


async def _show_instead(
    services: Services, visitor: Visitor, form: FormData, typed: dict[str, str], asked: Questions, photos: Photos
) -> Response | None:
    """What is shown instead of taking the report: to a bot, to who goes back a step, to who should telephone first."""
    if typed.get("website"):  # a hidden field that only bots fill in
        return RedirectResponse("/p", 303)
    if typed.get("revise"):
        return await _show_report_form(services, visitor, typed, {}, photos=photos)
    if asked.was_asked and asked.must_stop:
        return await _show_questions(services, visitor, form, asked, photos, stopped=asked.stops)
    return None


async def _show_refused_report(
    services: Services, visitor: Visitor, form: FormData, typed: dict[str, str], photos: Photos, error: DomainError
) -> Response:
    """Show the form again with the refusal at its field."""
    field = (error.pointer or "").rpartition("/")[2]
    fault = refusal_text(error, visitor)
    if isinstance(error, PlaceOutsidePark):
        typed |= {"lat": "", "lon": ""}
        fault = visitor.text("该位置不在本园区内,请在下面选择社区。")
    faults = {field: fault}
    if not set(photos.stored) - set(kept_photos(services, visitor, form).stored):
        faults = _with_lost(faults, form, visitor)
    return await _show_report_form(services, visitor, typed, faults, error.status, photos)


async def _show_questions(
    services: Services,
    visitor: Visitor,
    form: FormData,
    asked: Questions,
    photos: Photos,
    stopped: tuple[Question, ...] = (),
    refused: DomainError | None = None,
) -> Response:
    """The second step: the questions of the category, or (`stopped`) the notice that an answer calls for.

    `refused`: an answer was; the refusal stands at its question.
    """
    faults = {} if refused is None else {field_of_pointer(refused.pointer or ""): refusal_text(refused, visitor)}
    async with services.reading.connect() as connection:
        kept = await photos.tokens(connection, services, visitor)
    view = asked.category
    name = "" if view is None else view.name_en if visitor.language == "en" else view.name_zh
    context: dict[str, Any] = {"asked": asked.asked, "answers": asked.given, "faults": faults, "kept": kept}
    context |= {"hidden": hidden_fields(form, asked.version), "stopped": stopped, "category": name}
    return public_page(visitor, "public/questions.html", 200 if refused is None else refused.status, **context)


def _with_lost(faults: dict[str, str], form: FormData, visitor: Visitor) -> dict[str, str]:
    """Add that the files of the form must be chosen again: nothing of a refused form is stored."""
    lost = {"file": visitor.text("照片未保存,请重新选择。")} if has_new_photos(form) else {}
    return {**faults, **lost}


async def _show_changed_report(services: Services, visitor: Visitor, typed: dict[str, str], photos: Photos) -> Response:
    """Say that the report was stored before it was changed, with its code; the new words may be sent as another."""
    async with services.reading.connect() as connection:
        code = await read_code(connection, services.settings, UUID(typed["report_id"]))
    again = {**typed, "report_id": str(new_id())}
    return await _show_report_form(services, visitor, again, {}, 409, photos, stored_code=code)


def _field_at(location: Sequence[str | int]) -> str:
    """Return the field of the form for a pydantic location."""
    return "location" if "location" in location else str(location[-1])


def _report_body(typed: dict[str, str], language: str) -> dict[str, Any]:
    body: dict[str, Any] = {name: typed[name] for name in PublicReport.model_fields if typed.get(name)}
    reporter = {name: typed[name] for name in ("name", "phone", "mail", "tell_by") if typed.get(name, "").strip()}
    if "tell_by" in reporter and language == "en":
        reporter["language"] = "en"
    if everyday := typed.get("everyday"):
        body["category"] = everyday
    if typed.get("lat") and typed.get("lon"):
        body["location"] = {"lat": typed["lat"], "lon": typed["lon"]}
    return body | ({"reporter": {**reporter, "anonymous": "anonymous" in typed}} if reporter else {})


async def _show_report_form(
    services: Services,
    visitor: Visitor,
    typed: dict[str, str],
    faults: dict[str, str],
    status: int = 200,
    photos: Photos | None = None,
    stored_code: str | None = None,
) -> Response:
    async with services.reading.connect() as connection:
        categories = await list_categories(connection)
        units: tuple[PublicUnit, ...] = await list_public_units(connection, visitor.now)
        kept = await photos.tokens(connection, services, visitor) if photos else []
        ways = await offered_ways(connection, services.settings)
    context: dict[str, Any] = {
        "typed": typed,
        "faults": faults,
        "categories": categories,
        "units": units,
        "photos": MAX_PHOTOS,
    }
    megabytes = public_limits(services).most // (1024 * 1024)
    context |= {"maps": _draw_maps(units, visitor)}
    context |= {"kept": kept, "megabytes": megabytes, "stored_code": stored_code, "ways": ways}
    return public_page(visitor, "public/report.html", status, **context)


def _draw_maps(units: Sequence[PublicUnit], visitor: Visitor) -> dict[str, Markup]:
    """Return the map of each park, by its name, where its communities have outlines."""
    parks: defaultdict[str, list[Community]] = defaultdict(list)
    for unit in units:
        if unit.geometry is not None:
            parks[unit.park].append(Community(unit.code, short_unit(unit.name), unit.geometry))
    return {park: draw_picker(communities, visitor.text("北")) for park, communities in parks.items()}
