"""The pages that matters of every kind have: list, form to begin one, one matter with its timeline and forms."""

from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError, model_validator
from starlette.datastructures import FormData

from doors.dependencies import Services, ServicesDep
from doors.uploads import form_with_files
from models.errors import DomainError, NoSuchMatter, NoSuchPage, NotSignedIn, UnknownMatterCommand
from models.ids import new_id
from models.matters.base import CreateMatter, MatterKind
from rules.matters.kind import command_models
from rules.matters.registry import RULES
from rules.matters.standing import may_begin
from services.attachments import intake as attachments
from services.directory.people import list_categories, list_departments
from services.matters import queries
from services.matters.filter import MatterFilter
from services.matters.send import act, create, read_matter_command
from services.matters.views import called_parts
from services.wording.input_faults import fault_text
from services.wording.matters.registry import WORDS, command_label, overdue_label, status_label
from services.work.figures import read_work
from web.pages import environment, go_to, page
from web.reader import Reader, SignedIn
from web.routes.common import GridCode, status_of
from web.routes.form_files import MAX_FILES, store_files
from web.views.page_links import link_builder
from web.views.park.contents import COMPLETED_BODIES, LIST_CONTENTS, PAGE_CONTENTS, SHOWN_BY_KIND
from web.views.park.details import details_of
from web.views.park.form_fields import FormField, form_fields
from web.views.park.form_values import body_of
from web.views.park.sections import BY_PATH, SECTIONS, Section
from web.views.refusals import refusal_text

router = APIRouter()

#: How many facts the page of a matter shows: the last ones.
_FACTS_SHOWN = 100
#: What any address may hold besides: the language and the size of type.
_PREFERENCES = frozenset({"lang", "large"})
#: Details that the page of a matter shows elsewhere.
_SHOWN_ELSEWHERE = ("name", "evidence", "due_on")


@dataclass(frozen=True)
class OpenForm:
    """A form as it is shown: what was typed, and what is wrong with it."""

    command: str
    id: UUID
    fields: tuple[FormField, ...]
    typed: dict[str, list[str]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


class PageFilter(MatterFilter):
    """The filter as a form sends it: what was left blank is not asked for."""

    @model_validator(mode="before")
    @classmethod
    def _drop_blanks(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value
            for name, value in given.items()
            if name not in _PREFERENCES and not (isinstance(value, str) and not value.strip())
        }


def require_section(path: str) -> tuple[Section, MatterKind]:
    """The section of that address, if it lists matters of a kind. Raises NoSuchPage."""
    section = BY_PATH.get(path)
    if section is None or section.kind is None:
        raise NoSuchPage(what=f"/park/{path[:40]}")
    return section, section.kind


@router.get("/park")
async def show_hub(services: ServicesDep, reader: SignedIn, grid: GridCode = None) -> Response:
    """The board of the park's own work: the sections, each with its figures, which open what they count."""
    async with services.reading.connect() as connection:
        work = await read_work(connection, reader.person, reader.now, reader.language, grid=grid)
    sections = [section for section in SECTIONS if reader.acts_as(*section.roles)]
    return page(reader, "park/hub.html", sections=sections, work={one.key: one for one in work.sections}, grid=grid)


@router.get("/park/{path}")
async def show_list(
    services: ServicesDep, reader: SignedIn, path: str, wanted: Annotated[PageFilter, Query()]
) -> Response:
    """The matters of one kind that the reader may see."""
    section, kind = require_section(path)
    async with services.reading.connect() as connection:
        found = await queries.list_matters(connection, reader.person, kind, wanted, reader.now, reader.language)
        more = await LIST_CONTENTS[kind](connection, reader, found.items) if kind in LIST_CONTENTS else {}
    given = wanted.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"})
    return page(
        reader,
        _template(f"park/lists/{kind}.html", "park/list.html"),
        section=section,
        found=found,
        wanted=wanted,
        statuses={one: status_label(kind, one, reader.language) for one in WORDS[kind].statuses},
        begins=may_begin(RULES[kind], reader.person, reader.day),
        creates=command_label(kind, RULES[kind].creates, reader.language),
        here=link_builder(section.href, **given),
        **more,
    )


@router.get("/park/{path}/new")
async def show_new(services: ServicesDep, reader: SignedIn, path: str) -> Response:
    """The form to begin a matter."""
    section, kind = require_section(path)
    fields = form_fields(RULES[kind], RULES[kind].creates, reader.language)
    return await _new_page(services, reader, section, kind, OpenForm(RULES[kind].creates, new_id(), fields))


@router.post("/park/{path}/new")
async def begin(request: Request, services: ServicesDep, reader: SignedIn, path: str) -> Response:
    """Begin a matter; a refused form is shown again with what was typed."""
    section, kind = require_section(path)
    form = await _read_form(request, services, reader, kind, RULES[kind].creates)
    status = 422
    if not form.faults:
        try:
            body = body_of(form.fields, form.typed, reader.zone)
            command = read_matter_command(kind, form.command, body)
            assert isinstance(command, CreateMatter)
            sent = await create(services.resources, reader.person, kind, command, id_=form.id)
            return go_to(request, f"{section.href}/{sent.receipt.code}?did={form.command}")
        except (DomainError, ValidationError) as error:
            form, status = _with_faults(form, error, reader), status_of(error)
    return await _new_page(services, reader, section, kind, form, status)


@router.get("/park/{path}/{code}")
async def show_one(
    services: ServicesDep, reader: SignedIn, path: str, code: str, form: str = "", did: str = ""
) -> Response:
    """One matter, with the form of one command open."""
    section, kind = require_section(path)
    opened = None
    if form:
        if form not in command_models(RULES[kind]):
            raise UnknownMatterCommand(command=form[:40])
        details = await _details(services, reader, kind, code)
        opened = OpenForm(form, new_id(), form_fields(RULES[kind], form, reader.language, details))
    return await show_matter(services, reader, section, kind, code, opened, did=did)


@router.post("/park/{path}/{code}/{command}")
async def give(
    request: Request, services: ServicesDep, reader: SignedIn, path: str, code: str, command: str
) -> Response:
    """Give a command; a refused form is shown again with what was typed."""
    section, kind = require_section(path)
    if command not in command_models(RULES[kind]) or command == RULES[kind].creates:
        raise UnknownMatterCommand(command=command[:40])
    details = await _details(services, reader, kind, code)
    form = await _read_form(request, services, reader, kind, command, details)
    if not form.faults:
        try:
            body = body_of(form.fields, form.typed, reader.zone)
            if (complete := COMPLETED_BODIES.get((kind, command))) is not None:
                body = complete(body, details)
            given = read_matter_command(kind, command, body)
            await act(services.resources, reader.person, kind, code, given, command_id=form.id, now=reader.now)
        except (NoSuchMatter, NotSignedIn):
            raise
        except (DomainError, ValidationError) as error:
            form = _with_faults(form, error, reader)
        else:
            return go_to(request, f"{section.href}/{code}?did={command}")
    return await show_matter(services, reader, section, kind, code, form, status=422)


async def show_matter(
    services: Services,
    reader: Reader,
    section: Section,
    kind: MatterKind,
    code: str,
    form: OpenForm | None,
    *,
    did: str = "",
    status: int = 200,
    **more: Any,
) -> Response:
    """The page of a matter; a kind may have a template of its own in `park/kinds/`, and pass `more` to it."""
    async with services.reading.connect() as connection:
        view = await queries.get_matter(connection, reader.person, kind, code, reader.now, reader.language)
        facts = await queries.get_matter_facts(
            connection, reader.person, kind, code, reader.now, reader.language, limit=_FACTS_SHOWN, latest=True
        )
        choices = await _choices(connection, reader) if form is not None else {}
        _, matter = await queries.find_matter(connection, reader.person, kind, code, reader.now)
        if kind in PAGE_CONTENTS:
            more = {**await PAGE_CONTENTS[kind](connection, reader, matter), **more}
    called = called_parts(matter, reader.language)
    return page(
        reader,
        _template(f"park/kinds/{kind}.html", "park/matter.html"),
        status,
        section=section,
        matter=view,
        facts=facts[::-1],
        details=details_of(kind, view.details, reader, (*_SHOWN_ELSEWHERE, *SHOWN_BY_KIND.get(kind, ()))),
        climbs=[(overdue_label(kind, climb.about, reader.language, called), climb) for climb in matter.climbs],
        labels={name: command_label(kind, name, reader.language) for name in command_models(RULES[kind])},
        form=form,
        did=command_label(kind, did, reader.language) if did in command_models(RULES[kind]) else "",
        choices=choices,
        **more,
    )


async def _new_page(
    services: Services, reader: Reader, section: Section, kind: MatterKind, form: OpenForm, status: int = 200
) -> Response:
    async with services.reading.connect() as connection:
        choices = await _choices(connection, reader)
    return page(
        reader,
        "park/new.html",
        status,
        section=section,
        form=form,
        label=command_label(kind, form.command, reader.language),
        choices=choices,
    )


async def _details(services: Services, reader: Reader, kind: MatterKind, code: str) -> dict[str, Any]:
    async with services.reading.connect() as connection:
        view = await queries.get_matter(connection, reader.person, kind, code, reader.now, reader.language)
    return view.details


async def _choices(connection: Any, reader: Reader) -> dict[str, list[tuple[str, str]]]:
    """Departments and categories to choose from."""
    english = reader.language == "en"
    departments = await list_departments(connection)
    categories = await list_categories(connection)
    return {
        "department": [(one.id, one.name_en if english else one.name_zh) for one in departments.items],
        "category": [
            (one.code, f"{one.code} {one.name_en if english else one.name_zh}")
            for group in categories.groups
            for one in group.categories
            if one.active
        ],
    }


async def _read_form(
    request: Request,
    services: Services,
    reader: Reader,
    kind: MatterKind,
    command: str,
    details: dict[str, Any] | None = None,
) -> OpenForm:
    fields = form_fields(RULES[kind], command, reader.language, details)
    async with form_with_files(request, attachments.limits_of(services.settings).most, MAX_FILES) as form:
        typed = _typed(form)
        uploaded, refused = await store_files(services, reader, form)
    for name, hashes in uploaded.items():
        typed.setdefault(name, []).extend(hashes)
    faults = {}
    if refused:
        name = next((one.name for one in fields if one.kind == "files"), "")
        faults[name] = " ".join(f"{file}: {refusal_text(error, reader)}" for file, error in refused.items())
    try:
        id_ = UUID((typed.get("command_id") or [""])[0])
    except ValueError:
        id_ = new_id()  # not one of our forms: without an id it counts each time it is sent
    return OpenForm(command, id_, fields, typed, faults)


def _typed(form: FormData) -> dict[str, list[str]]:
    typed: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            typed.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return typed


def _with_faults(form: OpenForm, error: DomainError | ValidationError, reader: Reader) -> OpenForm:
    """The form with what is wrong, each fault at its field, else above the form."""
    names = {one.name for one in form.fields}
    faults: dict[str, str] = {}
    if isinstance(error, DomainError):
        name = (error.pointer or "").strip("/").split("/")[0]
        faults[name if name in names else ""] = refusal_text(error, reader)
    else:
        for one in error.errors(include_url=False):
            name = next((str(part) for part in one["loc"] if part in names), "")
            faults.setdefault(name, fault_text(one, reader.language))
    return OpenForm(form.command, form.id, form.fields, form.typed, faults)


def _template(own: str, default: str) -> str:
    """The kind's own template where there is one."""
    return own if own in environment().list_templates() else default
