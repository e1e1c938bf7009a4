"""The pages of enterprises besides those of every matter: colours in the list, the colour explained, a file to load."""

import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import model_validator
from starlette.datastructures import UploadFile

from doors.dependencies import ServicesDep
from doors.uploads import form_with_files
from models.errors import DomainError, UnknownMatterCommand
from models.ids import new_id
from models.matters.base import MatterKind
from models.policy.colours import Colour
from rules.matters.kind import command_models
from rules.matters.registry import RULES
from rules.matters.standing import may_begin
from services.enterprises.counts import count_enterprises
from services.enterprises.register import RegisterOutcome
from services.enterprises.tables import COLUMNS
from services.enterprises.upload import MOST_BYTES, load_register
from services.matters import queries
from services.matters.filter import EnterpriseFilter
from services.wording.matters.enterprise import COLOUR_MEANINGS, COLOURS, SIZES
from services.wording.matters.registry import WORDS, command_label, status_label
from web.pages import page
from web.reader import Reader, SignedIn
from web.routes.park.matters import OpenForm, require_section, show_matter, show_new
from web.views.page_links import link_builder
from web.views.park import enterprises
from web.views.park.form_fields import form_fields
from web.views.park.form_values import typed_of
from web.views.park.plates import plate_of
from web.views.refusals import refusal_text

router = APIRouter()
KIND = MatterKind.ENTERPRISE


class PageFilter(EnterpriseFilter):
    """The filter as a form sends it: what was left blank is not asked for."""

    @model_validator(mode="before")
    @classmethod
    def _drop_blanks(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in given.items() if not (isinstance(value, str) and not value.strip())}


@router.get("/park/enterprises")
async def show_list(services: ServicesDep, reader: SignedIn, wanted: Annotated[PageFilter, Query()]) -> Response:
    """The enterprises that the reader may see, with how many have each colour."""
    section, kind = require_section("enterprises")
    async with services.reading.connect() as connection:
        found = await queries.list_matters(connection, reader.person, kind, wanted, reader.now, reader.language)
        counts = await count_enterprises(connection, reader.person, reader.now, wanted.grid)
    given = wanted.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"})
    return page(
        reader,
        "park/lists/enterprise.html",
        section=section,
        found=found,
        wanted=wanted,
        counts=counts,
        statuses={one: status_label(kind, one, reader.language) for one in WORDS[kind].statuses},
        begins=may_begin(RULES[kind], reader.person, reader.day),
        creates=command_label(kind, RULES[kind].creates, reader.language),
        here=link_builder(section.href, **given),
        sizes=enterprises.words(SIZES, reader),
        meanings=enterprises.words(COLOUR_MEANINGS, reader),
        colours=tuple(reversed(Colour)),
        plate=lambda colour: plate_of(colour, reader),
    )


@router.get("/park/enterprises/import")
async def show_import(reader: SignedIn) -> Response:
    """The form to enter a register from a file."""
    return _import_page(reader)


@router.post("/park/enterprises/import")
async def load(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """Enter the enterprises of a file, or only check them; shows what became of each line."""
    try:
        async with form_with_files(request, MOST_BYTES, 1) as form:
            file, dry_run = form.get("file"), bool(form.get("dry_run"))
            if not isinstance(file, UploadFile) or not file.filename:
                return _import_page(reader, fault=reader.text("请选择文件"), status=422)
            with TemporaryDirectory() as directory:
                path = Path(directory) / ("register" + Path(file.filename).suffix.lower())
                with path.open("wb") as target:
                    shutil.copyfileobj(file.file, target)
                loaded = await load_register(services.resources, reader.person, path, reader.now, dry_run=dry_run)
    except DomainError as error:
        return _import_page(reader, fault=refusal_text(error, reader), status=error.status)
    return _import_page(reader, loaded=loaded)


@router.get("/park/enterprises/new")
async def show_new_enterprise(services: ServicesDep, reader: SignedIn) -> Response:
    """The form to register an enterprise."""
    return await show_new(services, reader, "enterprises")


@router.get("/park/enterprises/{code}")
async def show_one(
    services: ServicesDep, reader: SignedIn, code: str, form: str = "", did: str = "", at: str = ""
) -> Response:
    """One enterprise, its colour as of the day `at` or now, with the form of one command open."""
    section, kind = require_section("enterprises")
    opened = None
    if form:
        if form not in command_models(RULES[kind]):
            raise UnknownMatterCommand(command=form[:40])
        opened = OpenForm(form, new_id(), form_fields(RULES[kind], form, reader.language))
        if form == "amend":  # it begins with what is known
            async with services.reading.connect() as connection:
                view = await queries.get_matter(connection, reader.person, kind, code, reader.now, reader.language)
            known = {**view.details, "department": view.department}
            opened = replace(opened, typed=typed_of(opened.fields, known))
    async with services.reading.connect() as connection:
        colour = await enterprises.colour_contents(connection, reader, code, at) if at else {}
    return await show_matter(services, reader, section, kind, code, opened, did=did, **colour)


def _import_page(reader: Reader, *, loaded: Any = None, fault: str = "", status: int = 200) -> Response:
    section, _ = require_section("enterprises")
    english = reader.language == "en"
    return page(
        reader,
        "park/enterprise_import.html",
        status,
        section=section,
        columns=[both[0 if english else 1] for both in COLUMNS.values()],
        loaded=loaded,
        fault=fault,
        outcomes={
            RegisterOutcome.REGISTERED: reader.text("已登记"),
            RegisterOutcome.KNOWN: reader.text("原已登记"),
            RegisterOutcome.WOULD: reader.text("可以登记"),
            RegisterOutcome.REJECTED: reader.text("未登记"),
        },
        colours=COLOURS,
    )
