"""管理: grids, people, absences and shifts."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from pydantic import Field, ValidationError

from doors.dependencies import ServicesDep
from infra.database import transaction
from models.base import Code
from models.enums import Role
from models.errors import DomainError
from models.text import clean_search
from services.admin import roster as rosters
from services.admin.loading import check_grids, load_grids, load_people_files, parse_box, quotable
from services.admin.units import list_branches
from services.directory import people as directory_people, units as directory
from services.files.reference_files import BadFile
from services.organisation.people_edit import find_left
from services.organisation.roster import DUTY_ROLES, AbsenceDraft, ShiftDraft, read_roster
from web.pages import go_to
from web.reader import Reader, SignedIn
from web.routes.admin.common import admin_fault, admin_page, open_admin
from web.routes.common import status_of
from web.views.admin import file_faults
from web.views.forms import blank, read_local

router = APIRouter()

PAGE = 100
Words = Annotated[str, Form(max_length=200)]
_EMPTY_FIELDS = dict.fromkeys(
    ("person", "since", "until", "deputy", "reason", "unit", "role", "who", "starts_at", "ends_at"), ""
)


# --- grids ------------------------------------------------------------------------------------------------------------


@router.get("/admin/grids")
async def show_grids(
    services: ServicesDep, reader: SignedIn, under: Annotated[Code | None, blank()] = None, loaded: str = ""
) -> Response:
    """The grid tree, one level at a time, and the import form."""
    return await _grids_page(services, reader, under, loaded=loaded)


async def _grids_page(
    services: ServicesDep, reader: Reader, under: str | None, status: int = 200, **context: Any
) -> Response:
    async with open_admin(services, reader) as connection:
        unit = None if under is None else await directory.get_unit(connection, reader.person, reader.now, under)
        below = await list_branches(connection, reader.person, reader.now, under)
    context = {"problems": (), "fault": "", "said": "", "loaded": "", **context}
    return admin_page(reader, "grids.html", status, unit=unit, below=below, **context)


@router.post("/admin/grids")
async def import_grids(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    file: Annotated[UploadFile, File()],
    action: Words = "check",
    make_lower: Annotated[bool, Form()] = False,
    box: Words = "",
) -> Response:
    """Check a registry file or load it: all of it, or nothing if there is any problem."""
    content, name = await file.read(), file.filename or "grids.csv"
    try:
        if action != "load":
            checked = await check_grids(services.engine, reader.person, content, name, reader.now)
            message = reader.text(
                "没有问题:%(n)s 个单位,跳过上级区划 %(s)s 行", n=len(checked.units), s=checked.skipped
            )
            return await _grids_page(services, reader, None, said=message)
        done = await load_grids(
            services.engine, reader.person, content, name, reader.now, make_lower=make_lower, box=parse_box(box)
        )
    except BadFile as error:
        text = quotable(content)
        return await _grids_page(services, reader, None, 422, problems=file_faults(error.problems, text, reader))
    except DomainError as error:
        return await _grids_page(services, reader, None, error.status, fault=error.message(reader.language))
    return go_to(request, f"/admin/grids?loaded={done.inserted}-{done.updated}-{done.unchanged}")


# --- people -----------------------------------------------------------------------------------------------------------


@router.get("/admin/people")
async def show_people(
    services: ServicesDep,
    reader: SignedIn,
    cursor: Annotated[Annotated[str, Field(max_length=200)] | None, blank(), Query()] = None,
    q: Annotated[str, Query(max_length=100)] = "",
    loaded: str = "",
) -> Response:
    """The people with their roles, by user name, and the import form. `q`: part of a name."""
    return await _people_page(services, reader, cursor, words=clean_search(q), loaded=loaded)


async def _people_page(
    services: ServicesDep, reader: Reader, cursor: str | None, status: int = 200, *, words: str = "", **context: Any
) -> Response:
    async with open_admin(services, reader) as connection:
        people = await directory_people.list_people(
            connection, reader.person, reader.now, limit=PAGE, cursor=cursor, query=words
        )
        departments = await directory_people.list_departments(connection)
        left = await find_left(connection, words) if words else ()
        held = {role.grid for one in people.items for role in one.roles if role.grid}
        units = await directory_people.unit_names(connection, held)
    english = reader.language == "en"
    names = {one.id: one.name_en if english else one.name_zh for one in departments.items}
    context = {"problems": (), "fault": "", "loaded": "", "words": words, **context}
    return admin_page(
        reader, "people.html", status, people=people, departments=names, units=units, left=left, **context
    )


@router.post("/admin/people")
async def import_people(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    departments: Annotated[UploadFile, File()],
    people: Annotated[UploadFile, File()],
) -> Response:
    """Load departments and people: all of both files, or nothing if there is any problem."""
    first, second = await departments.read(), await people.read()
    try:
        suffixes = (Path(departments.filename or "").suffix, Path(people.filename or "").suffix)
        done = await load_people_files(services.engine, reader.person, first, second, reader.now, suffixes=suffixes)
    except BadFile as error:
        wrong = "departments" if any("departments" in problem.file for problem in error.problems) else "people"
        text = quotable(first if wrong == "departments" else second)
        return await _people_page(services, reader, None, 422, problems=file_faults(error.problems, text, reader))
    except DomainError as error:
        return await _people_page(services, reader, None, error.status, fault=error.message(reader.language))
    changed = done.people.inserted + done.people.updated
    return go_to(request, f"/admin/people?loaded={changed}")


# --- absences and shifts ----------------------------------------------------------------------------------------------


@router.get("/admin/roster")
async def show_roster(
    services: ServicesDep, reader: SignedIn, done: bool = False, person: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """The current and future absences and shifts. `person` stands in the forms already."""
    return await _roster_page(services, reader, done=done, typed={"person": person, "who": person})


async def _roster_page(services: ServicesDep, reader: Reader, status: int = 200, **context: Any) -> Response:
    async with open_admin(services, reader) as connection:
        entries = await read_roster(connection, reader.now)
        people = {name for one in entries.absences for name in (one.person, one.deputy) if name}
        names = await directory_people.names_by_username(connection, people | {one.person for one in entries.shifts})
        units = await directory_people.unit_names(connection, {one.unit for one in entries.shifts})
    context = {"fault": "", "done": False, **context, "typed": {**_EMPTY_FIELDS, **context.get("typed", {})}}
    context = {"roster": entries, "names": names, "units": units, "roles": sorted(DUTY_ROLES), **context}
    return admin_page(reader, "roster.html", status, **context)


@router.post("/admin/roster/absence")
async def change_absence(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    person: Words = "",
    since: Words = "",
    until: Words = "",
    deputy: Annotated[Annotated[str, Field(max_length=200)] | None, blank(), Form()] = None,
    reason: Annotated[str, Form(max_length=4000)] = "",
    cancel: Annotated[bool, Form()] = False,
) -> Response:
    """Record an absence, or cancel it."""
    typed = {"person": person, "since": since, "until": until, "deputy": deputy, "reason": reason}
    try:
        async with transaction(services.engine) as connection:
            if cancel:
                day = date.fromisoformat(since)
                await rosters.cancel_absence(connection, reader.person, person, day, reader.now)
            else:
                draft = AbsenceDraft.model_validate(typed)
                await rosters.put_absence(connection, reader.person, draft, reader.now)
    except (DomainError, ValidationError, ValueError) as error:
        return await _roster_page(services, reader, status_of(error), fault=admin_fault(error, reader), typed=typed)
    return go_to(request, "/admin/roster?done=1")


@router.post("/admin/roster/shift")
async def change_shift(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    unit: Words = "",
    role: Words = "",
    person: Words = "",
    starts_at: Words = "",
    ends_at: Words = "",
    cancel: Annotated[bool, Form()] = False,
) -> Response:
    """Record a shift, or cancel it."""
    begins, ends = read_local(starts_at, reader), read_local(ends_at, reader)
    typed = {"unit": unit, "role": role, "who": person, "starts_at": starts_at, "ends_at": ends_at}
    try:
        async with transaction(services.engine) as connection:
            if cancel and begins is not None:
                who = Role(role)
                await rosters.cancel_shift(connection, reader.person, unit, who, person, begins, reader.now)
            else:
                fields = {"unit": unit, "role": role, "person": person, "starts_at": begins, "ends_at": ends}
                draft = ShiftDraft.model_validate(fields)
                await rosters.put_shift(connection, reader.person, draft, reader.now)
    except (DomainError, ValidationError, ValueError) as error:
        return await _roster_page(services, reader, status_of(error), fault=admin_fault(error, reader), typed=typed)
    return go_to(request, "/admin/roster?done=1")
