"""The page of one case (D2), its forms, preview, print, history and evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncConnection

from doors.client import public_address
from doors.dependencies import Services, ServicesDep
from models.enums import Role, Severity, Stage
from models.ids import new_id
from models.policy.questions import Question, QuestionKind
from models.views import FactView
from services.cases.course import course_of
from services.cases.duplicates import DuplicateQuery, find_duplicates
from services.commands.transfer_targets import colleagues
from services.desk.case_page import CasePageView, get_case_page
from services.desk.evidence_zip import collect_evidence, open_evidence, stream_zip
from services.desk.next_case import next_case
from services.directory.people import list_categories, list_departments
from services.wording import vocabulary
from web.draw.qr import qr_code
from web.draw.svg_place import Ground, draw_place
from web.draw.svg_timeline import draw_timeline
from web.pages import is_part, page, page_or_part
from web.reader import Reader, SignedIn
from web.views.case.actions import (
    DIRECT,
    GRAVE,
    KEYS,
    WITHOUT_REVISION,
    first_step,
    sort_actions,
)
from web.views.case.command_forms import PARTS, choice_words, fields_of, is_command
from web.views.case.fact_sentences import GROUPS, fact_lines
from web.views.case.linked import linked_matters, split_cases
from web.views.case.pictures import sort_pictures
from web.views.case.quick_choices import date_choices, reason_choices
from web.views.case.requests import REQUEST_TASKS, appeal_reason, dues_in_order, request_lines
from web.views.case.taking_back import REVERSES, Way, way_of
from web.views.case.time_left import left_text, light_of, unit_text
from web.views.case.timeline import forecast_text, timeline
from web.views.questions import ANSWERS
from web.views.told_log import TELL_EVENTS, TELL_STATES, UNTOLD_REASONS
from web.views.unit_names import short_unit

router = APIRouter()

#: From this many facts on, the list is folded by day.
FOLD_FACTS_FROM = 200


@dataclass(frozen=True)
class OpenForm:
    """An open form: the typed values, their faults, and what others did in the meantime.

    `alarm` is shown above the form, `faults` at its fields. `id` is the command id, so that the command counts once.
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
    """The command that the reader has just given, and its revision (None: accepted, not yet recorded)."""

    command: str
    revision: int | None
    id: UUID | None = None


async def show_case(
    request: Request,
    services: Services,
    reader: Reader,
    case_no: str,
    form: OpenForm | None = None,
    done: Done | None = None,
    status: int = 200,
) -> Response:
    """The page of a case, or its inner part for htmx. Raises NoSuchCase."""
    async with services.reading.connect() as connection:
        view = await get_case_page(connection, reader.person, case_no, reader.now, reader.language)
        if form is None:
            offered = offered_on(view)
            step = first_step(offered, mine=view.rules.claimed_by_me)
            form = OpenForm(step) if step else None
        context = case_context(reader, view)
        context |= await form_context(connection, reader, view, form) if form else {"form": None}
        following = None
        if done is not None:
            person, language = reader.person, reader.language
            following = await next_case(connection, person, reader.day, reader.now, language, excluding=case_no)
    undo = REVERSES.get(done.command) if done else None
    context |= {"done": done, "undo": undo, "following": following}
    return page_or_part(request, reader, "case/page.html", "case/part.html", status, **context)


def offered_on(view: CasePageView) -> tuple[str, ...]:
    """The commands that the page of a case offers."""
    asks = bool(view.rules.questions or view.case.unanswered)
    return tuple(name for name in view.case.allowed_commands if asks or name != "answer_questions")


async def _read_view(services: Services, reader: Reader, case_no: str) -> CasePageView:
    async with services.reading.connect() as connection:
        return await get_case_page(connection, reader.person, case_no, reader.now, reader.language)


def case_context(reader: Reader, view: CasePageView) -> dict[str, Any]:
    """The variables for the templates of a case."""
    lines = fact_lines(view.facts, view.names, reader)
    return {
        "view": view,
        "case": view.case,
        "facts": lines,
        "folded": len(lines) >= FOLD_FACTS_FROM,
        "svg": draw_timeline(timeline(view, lines, reader)),
        "place_map": draw_place(_place(view), reader.text("北")),
        "pictures": sort_pictures(view),
        "actions": sort_actions(offered_on(view)),
        "linked": linked_matters(view.facts),
        "split": split_cases(view.facts),
        "begins_emergency": view.case.stage is not Stage.CLOSED and reader.acts_as(Role.DUTY_OFFICER, Role.SUPERVISOR),
        # Whoever may add a co-handler may as well send somebody without an account a link.
        "makes_links": "add_co_handler" in view.case.allowed_commands,
        "request_tasks": REQUEST_TASKS,
        "requests": request_lines(view.case, view.facts, view.names, reader),
        "dues": dues_in_order(view.forecast),
        "keys": KEYS,
        "direct": DIRECT,
        "grave": GRAVE,
        "groups": GROUPS,
        "appeal_reason": lambda appeal: appeal_reason(appeal, view.facts),
        "steps": course_of(view.case.stage, (fact.kind for fact in view.facts)),
        "do": lambda name: capitalise(vocabulary.label_of(vocabulary.COMMANDS, name, reader.language)),
        "left_text": left_text,
        "unit_text": unit_text,
        "light_of": light_of,
        "ahead_words": lambda one: forecast_text(one, reader),
        "new_id": new_id,
        "tell_events": {event: reader.text(name) for event, name in TELL_EVENTS.items()},
        "tell_states": {state: reader.text(name) for state, name in TELL_STATES.items()},
        "untold_reasons": {reason: reader.text(name) for reason, name in UNTOLD_REASONS.items()},
        **taking_back(reader, view.case.due_at),
    }


def taking_back(reader: Reader, due_at: datetime | None) -> dict[str, Any]:
    """For templates: whether a command is held back or asked about, on a case that is due at `due_at`.

    Without holding, 受理并派遣 is asked about as well: it is two commands in one click.
    """
    seconds = reader.preferences.undo

    def careful(command: str) -> Markup:
        way = way_of(command, due_at, reader.now, seconds)
        label = capitalise(vocabulary.label_of(vocabulary.COMMANDS, command, reader.language))
        if way is Way.HOLD:
            return Markup('data-hold="{}" data-label="{}"').format(seconds, label)
        return Markup('data-ask="{}"').format(ask(label)) if way is Way.ASK else Markup("")

    def ask(label: str) -> str:
        return reader.text("确定要“%(what)s”吗?提交后不能撤销。", what=label)

    return {"careful": careful, "ask": ask, "holds": bool(seconds)}


def _place(view: CasePageView) -> Ground:
    location = view.case.location
    names = [short_unit(name) for name in view.case.grid.path_names[-len(view.outlines) :]] if view.outlines else []
    return Ground(view.outlines, (location.lon, location.lat) if location else None, view.case.grid.name, names)


async def form_context(
    connection: AsyncConnection, reader: Reader, view: CasePageView, form: OpenForm
) -> dict[str, Any]:
    """The variables for the form of a command: its fields and their choices."""
    fields = fields_of(form.command)
    kinds = {one.kind for one in fields}
    english = reader.language == "en"
    offered: dict[str, Any] = {}
    then_dispatch = form.command == "accept" and reader.acts_as(Role.DUTY_OFFICER)
    if then_dispatch or kinds & {"department", "other_department", "departments", "more_departments"}:
        departments = (await list_departments(connection)).items
        offered["departments"] = [(d.id, d.name_en if english else d.name_zh) for d in departments]
    if kinds & {"category", "parts"}:
        offered["groups"] = (await list_categories(connection)).groups
    if "colleague" in kinds and view.case.host:
        offered["colleagues"] = await colleagues(connection, reader.person, reader.now, view.case.host)
    if "case" in kinds:
        found = await duplicate_candidates(connection, reader, view)
        offered["candidates"] = [one for one in found if one.case.reported_at <= view.case.reported_at]
    return {
        "form": form,
        "fields": fields,
        "offered": offered,
        "then_dispatch": then_dispatch,
        "parts": range(PARTS),
        "severities": tuple(Severity),
        "choice_words": choice_words,
        "reasons": lambda name: reason_choices(form.command, name, reader),
        "dates": lambda name: date_choices(form.command, name, view, reader),
        "open_questions": open_questions,
        "typed_answers": typed_answers,
        "if_revision": form.command not in WITHOUT_REVISION,
    }


def open_questions(view: CasePageView) -> tuple[Question, ...]:
    """The questions of the case to which no answer was given."""
    answered = {answer.question for answer in view.case.answers}
    return tuple(question for question in view.rules.questions if question.code not in answered)


def typed_answers(
    view: CasePageView, typed: Mapping[str, list[str]], questions: Sequence[Question]
) -> dict[str, list[str]]:
    """What the controls of the questions hold: what was typed, or else the answers of the case that the reader sees."""
    if any(name.startswith(ANSWERS) for name in typed):
        return dict(typed)
    shown = {question.code for question in questions if question.kind is not QuestionKind.PHOTO}
    return {f"{ANSWERS}{one.question}": list(one.values) for one in view.case.answers if one.question in shown}


async def duplicate_candidates(connection: AsyncConnection, reader: Reader, view: CasePageView) -> tuple[Any, ...]:
    """Open cases that may be duplicates of this one."""
    case = view.case
    location = case.location
    query = DuplicateQuery(
        category=case.category, lat=location.lat if location else None, lon=location.lon if location else None,
        grid=case.grid.code, title=case.title, at=case.reported_at,
    )  # fmt: skip
    duplicates = await find_duplicates(
        connection, reader.person, query, reader.now, reader.language, description=case.description,
        excluding=case.case_no,
    )  # fmt: skip
    return duplicates.items


@router.get("/cases/{case_no}")
async def show(
    case_no: str,
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    act: str = "",
    done: str = "",
    seq: str = "",
) -> Response:
    """The case. `act`: the command whose form opens; `done` and `seq`: the command just given, and its revision."""
    form = OpenForm(act) if is_command(act) else None
    receipt = Done(done, int(seq) if seq.isascii() and seq.isdigit() and len(seq) < 9 else None)
    return await show_case(request, services, reader, case_no, form, receipt if is_command(done) else None)


@router.get("/cases/{case_no}/act/{command}")
async def show_form(case_no: str, command: str, request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """The form of one command as a part for htmx; else the page with that form open."""
    if not is_part(request) or not is_command(command):
        return await show_case(request, services, reader, case_no, OpenForm(command) if is_command(command) else None)
    async with services.reading.connect() as connection:
        view = await get_case_page(connection, reader.person, case_no, reader.now, reader.language)
        context = await form_context(connection, reader, view, OpenForm(command))
    return page(reader, "case/form.html", **case_context(reader, view), **context)


@router.get("/cases/{case_no}/preview")
async def preview(case_no: str, request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """The preview of the case beside a list."""
    view = await _read_view(services, reader, case_no)
    return page(reader, "desk/preview.html", **case_context(reader, view))


@router.get("/cases/{case_no}/print")
async def print_case(case_no: str, request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """案卷: the case file for print on A4."""
    view = await _read_view(services, reader, case_no)
    address = public_address(request, str(request.app.url_path_for("show", case_no=case_no)))
    proof = qr_code(view.case.proof) if view.case.proof else None
    context = {**case_context(reader, view), "qr": qr_code(address), "address": address, "proof_qr": proof}
    return page(reader, "print/case.html", **context)


@router.get("/cases/{case_no}/history.json")
async def history(case_no: str, services: ServicesDep, reader: SignedIn) -> Response:
    """The whole history as a JSON file: view, facts, forecast; the reporter only by alias."""
    view = await _read_view(services, reader, case_no)
    document = view.model_dump(mode="json", include={"case", "facts", "forecast", "files"})
    document["case"].pop("allowed_commands")
    name = f'attachment; filename="{view.case.case_no}.json"'
    return JSONResponse({"made_at": reader.now.isoformat(), **document}, headers={"Content-Disposition": name})


@router.get("/cases/{case_no}/evidence.zip")
async def evidence(case_no: str, services: ServicesDep, reader: SignedIn) -> Response:
    """All files of the case with their hashes, as a ZIP file."""
    view = await _read_view(services, reader, case_no)
    pieces = collect_evidence(view)
    readers = await open_evidence(services.settings, pieces)
    name = f'attachment; filename="{view.case.case_no}-evidence.zip"'
    archive = stream_zip(pieces, readers, reader.now, reader.zone, reader.language)
    return StreamingResponse(archive, media_type="application/zip", headers={"Content-Disposition": name})


def capitalise(text: str) -> str:
    """The text with a capital first letter, for buttons."""
    return text[:1].upper() + text[1:]
