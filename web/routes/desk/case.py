"""The page of one case (D2), its forms as parts, its preview, its print and its history."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from doors.dependencies import Services, ServicesDep
from models.enums import Role, Stage
from models.ids import new_id
from models.views import FactView
from services.cases.duplicates import DuplicateQuery, find_duplicates
from services.commands.transfer_targets import colleagues
from services.desk.case_page import CasePageView, get_case_page
from services.desk.evidence_zip import collect_evidence, stream_zip
from services.directory.people import list_categories, list_departments
from services.wording import vocabulary
from web.draw.qr import qr_code
from web.draw.svg_place import Ground, draw_place
from web.draw.svg_timeline import draw_timeline
from web.pages import is_part, page
from web.reader import Reader, SignedIn
from web.views.case.actions import DIRECT, GRAVE, KEYS, UNDO, WITHOUT_REVISION, first_step, sort_actions
from web.views.case.command_forms import PARTS, choice_words, fields_of
from web.views.case.fact_sentences import GROUPS, fact_lines
from web.views.case.pictures import sort_pictures
from web.views.case.time_left import left_text, light_of, unit_text
from web.views.case.timeline import forecast_text, timeline

router = APIRouter()

#: From so many facts on the list is folded by day.
FOLD_FACTS_FROM = 200
STEPS = (Stage.RECEIVE, Stage.DISPATCH, Stage.HANDLE, Stage.REVIEW, Stage.CLOSED)


@dataclass(frozen=True)
class OpenForm:
    """A form that is open: what was typed, what is wrong with it, and what others did meanwhile.

    `alarm` is told above the form, `faults` at its fields. `id` names the command, so that it counts once.
    """

    command: str
    id: UUID = field(default_factory=new_id)
    typed: Mapping[str, list[str]] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    alarm: str = ""
    meanwhile: tuple[FactView, ...] = ()
    back: str = ""


@dataclass(frozen=True)
class Done:
    """What the reader has just done, and its receipt: the revision it made (None: accepted, not yet recorded)."""

    command: str
    revision: int | None
    id: UUID | None = None


async def show_case(
    request: Request,
    opened: Services,
    reader: Reader,
    case_no: str,
    form: OpenForm | None = None,
    done: Done | None = None,
    status: int = 200,
) -> Response:
    """The page of a case, or (for htmx) its inner part. Raises NoSuchCase."""
    async with opened.reading.connect() as connection:
        known = await get_case_page(connection, reader.person, case_no, reader.now, reader.language)
        if form is None:
            step = first_step(known.case.allowed_commands, mine=known.rules.claimed_by_me)
            form = OpenForm(step) if step else None
        context = case_context(reader, known)
        context |= await form_context(connection, reader, known, form) if form else {"form": None}
    template = "case/part.html" if is_part(request) else "case/page.html"
    return page(reader, template, status, **context, done=done, undo=UNDO.get(done.command) if done else None)


def case_context(reader: Reader, known: CasePageView) -> dict[str, Any]:
    """What the templates of a case are told."""
    told = fact_lines(known.facts, known.names, reader)
    return {
        "known": known,
        "case": known.case,
        "told": told,
        "folded": len(told) >= FOLD_FACTS_FROM,
        "svg": draw_timeline(timeline(known, told, reader)),
        "place_map": draw_place(_place(known)),
        "pictures": sort_pictures(known),
        "actions": sort_actions(known.case.allowed_commands),
        "keys": KEYS,
        "direct": DIRECT,
        "grave": GRAVE,
        "groups": GROUPS,
        "steps": STEPS,
        "do": lambda name: capitalise(vocabulary.label_of(vocabulary.COMMANDS, name, reader.language)),
        "left_text": left_text,
        "unit_text": unit_text,
        "light_of": light_of,
        "ahead_words": lambda one: forecast_text(one, reader),
        "new_id": new_id,
    }


def _place(known: CasePageView) -> Ground:
    spot = known.case.location
    return Ground(known.outlines, (spot.lon, spot.lat) if spot else None, known.case.grid.name)


async def form_context(
    connection: AsyncConnection, reader: Reader, known: CasePageView, form: OpenForm
) -> dict[str, Any]:
    """What the form of one command needs: its fields, and what they offer."""
    fields = fields_of(form.command)
    kinds = {one.kind for one in fields}
    english = reader.language == "en"
    offered: dict[str, Any] = {}
    then = form.command == "accept" and reader.acts_as(Role.DUTY_OFFICER)
    if then or kinds & {"department", "departments"}:
        found = (await list_departments(connection)).items
        offered["departments"] = [(d.id, d.name_en if english else d.name_zh) for d in found]
    if kinds & {"category", "parts"}:
        offered["groups"] = (await list_categories(connection)).groups
    if "colleague" in kinds and known.case.host:
        offered["colleagues"] = await colleagues(connection, reader.person, reader.now, known.case.host)
    if "case" in kinds:
        offered["candidates"] = await duplicate_candidates(connection, reader, known)
    return {
        "form": form,
        "fields": fields,
        "offered": offered,
        "then_dispatch": then,
        "parts": range(PARTS),
        "choice_words": choice_words,
        "if_revision": form.command not in WITHOUT_REVISION,
    }


async def duplicate_candidates(connection: AsyncConnection, reader: Reader, known: CasePageView) -> tuple[Any, ...]:
    """Open cases that may be the same matter."""
    case = known.case
    place = case.location
    wanted = DuplicateQuery(
        category=case.category, lat=place.lat if place else None, lon=place.lon if place else None,
        grid=case.grid.code, title=case.title, at=case.reported_at,
    )  # fmt: skip
    found = await find_duplicates(
        connection, reader.person, wanted, reader.now, reader.language, excluding=case.case_no
    )
    return found.items


@router.get("/cases/{case_no}")
async def show(
    case_no: str, request: Request, opened: ServicesDep, reader: SignedIn, act: str = "", done: str = "", seq: str = ""
) -> Response:
    """The case. `act`: the form to open; `done` and `seq`: what the reader has just done, and its receipt."""
    form = OpenForm(act) if _is_command(act) else None
    receipt = Done(done, int(seq) if seq.isascii() and seq.isdigit() and len(seq) < 9 else None)
    return await show_case(request, opened, reader, case_no, form, receipt if _is_command(done) else None)


@router.get("/cases/{case_no}/act/{command}")
async def show_form(case_no: str, command: str, request: Request, opened: ServicesDep, reader: SignedIn) -> Response:
    """The form of one command, to be swapped in."""
    if not is_part(request) or not _is_command(command):
        return await show_case(request, opened, reader, case_no, OpenForm(command) if _is_command(command) else None)
    async with opened.reading.connect() as connection:
        known = await get_case_page(connection, reader.person, case_no, reader.now, reader.language)
        context = await form_context(connection, reader, known, OpenForm(command))
    return page(reader, "case/form.html", **case_context(reader, known), **context)


@router.get("/cases/{case_no}/preview")
async def preview(case_no: str, request: Request, opened: ServicesDep, reader: SignedIn) -> Response:
    """The case in short, beside a list."""
    async with opened.reading.connect() as connection:
        known = await get_case_page(connection, reader.person, case_no, reader.now, reader.language)
    return page(reader, "desk/preview.html", **case_context(reader, known))


@router.get("/cases/{case_no}/print")
async def print_case(case_no: str, request: Request, opened: ServicesDep, reader: SignedIn) -> Response:
    """案卷: the case as a file on A4."""
    async with opened.reading.connect() as connection:
        known = await get_case_page(connection, reader.person, case_no, reader.now, reader.language)
    address = str(request.url_for("show", case_no=case_no))
    return page(reader, "print/case.html", **case_context(reader, known), qr=qr_code(address), address=address)


@router.get("/cases/{case_no}/history.json")
async def history(case_no: str, opened: ServicesDep, reader: SignedIn) -> Response:
    """The whole history as JSON, to be kept: the view, the facts, the forecast; the reporter only by alias."""
    async with opened.reading.connect() as connection:
        known = await get_case_page(connection, reader.person, case_no, reader.now, reader.language)
    kept = known.model_dump(mode="json", include={"case", "facts", "forecast", "files"})
    kept["case"].pop("allowed_commands")
    name = f'attachment; filename="{known.case.case_no}.json"'
    return JSONResponse({"made_at": reader.now.isoformat(), **kept}, headers={"Content-Disposition": name})


@router.get("/cases/{case_no}/evidence.zip")
async def evidence(case_no: str, opened: ServicesDep, reader: SignedIn) -> Response:
    """All the files of the case with their hashes."""
    async with opened.reading.connect() as connection:
        known = await get_case_page(connection, reader.person, case_no, reader.now, reader.language)
    pieces = await asyncio.to_thread(collect_evidence, known, opened.settings)
    name = f'attachment; filename="{known.case.case_no}-evidence.zip"'
    made = stream_zip(pieces, reader.now, reader.zone, reader.language)
    return StreamingResponse(made, media_type="application/zip", headers={"Content-Disposition": name})


def capitalise(text: str) -> str:
    """With a capital letter first, as buttons have it."""
    return text[:1].upper() + text[1:]


def _is_command(name: str) -> bool:
    try:
        fields_of(name)
    except KeyError:
        return False
    return True
