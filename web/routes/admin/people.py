"""管理: one person, with their name and roles, by forms."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from doors.dependencies import ServicesDep
from infra.database import transaction
from models.enums import InterestKind, Role
from models.errors import DomainError, NoSuchSession, NotYours, PasswordChangedMeanwhile
from services.accounts.sessions import SessionView
from services.admin import accounts, interests, people
from services.directory.people import list_departments, unit_names
from services.organisation.interests import InterestDraft, InterestView
from services.organisation.people_edit import NewGrant, NewPerson, read_known
from web.pages import go_to
from web.reader import Reader, SignedIn
from web.routes.admin.common import admin_fault, admin_page, open_admin
from web.routes.common import status_of
from web.views.forms import blank

router = APIRouter()

Words = Annotated[str, Form(max_length=200)]
Optional = Annotated[Annotated[str, Field(max_length=200)] | None, blank(), Form()]
_EMPTY_INTEREST = dict.fromkeys(("kind", "target", "since", "until", "reason"), "")
_EMPTY_GRANT = dict.fromkeys(("role", "department", "grid", "since", "until"), "")


@router.get("/admin/people/new")
async def show_new_person(services: ServicesDep, reader: SignedIn) -> Response:
    """The form of a new person."""
    async with open_admin(services, reader):
        return admin_page(reader, "person_new.html", fault="", typed={"username": "", "name": ""})


@router.post("/admin/people/new")
async def add_person(
    request: Request, services: ServicesDep, reader: SignedIn,
    username: Words = "", name: Words = "", password: Optional = None,
) -> Response:  # fmt: skip
    """Add a person; their roles follow on their page."""
    typed = {"username": username, "name": name}
    try:
        async with transaction(services.engine) as connection:
            person = NewPerson.model_validate({**typed, "password": password})
            await people.add_person(connection, reader.person, person, reader.now)
    except (DomainError, ValidationError) as error:
        async with open_admin(services, reader):
            return admin_page(
                reader, "person_new.html", status_of(error), fault=admin_fault(error, reader), typed=typed
            )
    return go_to(request, f"/admin/people/{person.username}?done=1")


@router.get("/admin/people/{username}")
async def show_person(services: ServicesDep, reader: SignedIn, username: str, done: bool = False) -> Response:
    """A person with every role, past and future ones included."""
    return await _person_page(services, reader, username, done=done)


async def _person_page(
    services: ServicesDep, reader: Reader, username: str, status: int = 200, **context: Any
) -> Response:
    async with open_admin(services, reader) as connection:
        known = await read_known(connection, username)
        departments = await list_departments(connection)
        units = await unit_names(connection, {grant.grid for grant in known.grants if grant.grid})
        sessions = await _sessions(connection, reader, username)
        declared = await _interests(connection, reader, username)
    names = {one.id: one.name_en if reader.language == "en" else one.name_zh for one in departments.items}
    context = {"fault": "", "done": False, "given": "", "typed_name": known.name, **context}
    context["typed_interest"] = {**_EMPTY_INTEREST, **context.get("typed_interest", {"since": reader.day.isoformat()})}
    context["typed"] = {**_EMPTY_GRANT, "since": reader.day.isoformat(), **context.get("typed", {})}
    return admin_page(
        reader, "person.html", status, known=known, departments=names, units=units, roles=tuple(Role),
        sessions=sessions, declared=declared, interest_kinds=tuple(InterestKind), **context,
    )  # fmt: skip


async def _sessions(connection: AsyncConnection, reader: Reader, username: str) -> tuple[SessionView, ...]:
    """Where the person is signed in, for administrators of everything; nothing for everybody else."""
    try:
        return await accounts.list_sessions(connection, reader.person, username, reader.now)
    except NotYours:
        return ()


async def _interests(connection: AsyncConnection, reader: Reader, username: str) -> tuple[InterestView, ...] | None:
    """What is declared of the person, for administrators and auditors; None for everybody else."""
    try:
        return await interests.list_interests(connection, reader.person, username, reader.now)
    except NotYours:
        return None


@router.post("/admin/people/{username}")
async def change_person(
    request: Request, services: ServicesDep, reader: SignedIn, username: str,
    name: Words = "", active: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Change the name, or whether the person is here."""

    async def change(connection: AsyncConnection) -> None:
        checked = NewPerson.model_validate({"username": username, "name": name})
        await people.change_person(connection, reader.person, username, checked.name, active=active, now=reader.now)

    return await _carry_out(request, services, reader, username, change, typed_name=name)


async def _carry_out(
    request: Request, services: ServicesDep, reader: Reader, username: str,
    change: Callable[[AsyncConnection], Awaitable[None]], **typed: Any,
) -> Response:  # fmt: skip
    """Change something of a person, and go to their page; a refusal is shown there, with what was typed."""
    try:
        async with transaction(services.engine) as connection:
            await change(connection)
    except (DomainError, ValidationError, ValueError) as error:
        fault = admin_fault(error, reader)
        return await _person_page(services, reader, username, status_of(error), fault=fault, **typed)
    return go_to(request, f"/admin/people/{username}?done=1")


@router.post("/admin/people/{username}/roles")
async def change_roles(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    username: str,
    role: Optional = None,
    department: Optional = None,
    grid: Optional = None,
    since: Optional = None,
    until: Optional = None,
    grant: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Give a role, or end one (`grant`) with the day `until`."""
    typed = {"role": role, "department": department, "grid": grid, "since": since, "until": until}

    async def change(connection: AsyncConnection) -> None:
        if grant is not None:
            last = date.fromisoformat(until or "")
            await people.end_grant(connection, reader.person, username, grant, last, reader.now)
        else:
            await people.add_grant(connection, reader.person, username, NewGrant.model_validate(typed), reader.now)

    return await _carry_out(request, services, reader, username, change, typed=_kept(typed, ends=grant))


def _kept(typed: dict[str, str | None], ends: UUID | None) -> dict[str, str]:
    """What stands in the form again after a refusal: nothing where something else was to end."""
    return {name: value or "" for name, value in typed.items()} if ends is None else {}


@router.post("/admin/people/{username}/interests")
async def change_interests(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    username: str,
    kind: Optional = None,
    target: Optional = None,
    since: Optional = None,
    until: Optional = None,
    reason: Optional = None,
    interest: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Declare an interest, or end one (`interest`) with the day `until`."""
    typed = {"kind": kind, "target": target, "since": since, "until": until, "reason": reason}

    async def change(connection: AsyncConnection) -> None:
        if interest is not None:
            last = date.fromisoformat(until or "")
            await interests.end_interest(connection, reader.person, username, interest, last, reader.now)
        else:
            draft = InterestDraft.model_validate(typed)
            await interests.put_interest(connection, reader.person, username, draft, reader.now)

    return await _carry_out(request, services, reader, username, change, typed_interest=_kept(typed, ends=interest))


@router.post("/admin/people/{username}/password")
async def reset_password(services: ServicesDep, reader: SignedIn, username: str) -> Response:
    """Give the person a first password, which this answer shows once."""
    try:
        async with transaction(services.engine) as connection:
            first = await accounts.reset_password(connection, reader.person, username, None, reader.now)
    except PasswordChangedMeanwhile as error:
        return await _person_page(services, reader, username, error.status, fault=admin_fault(error, reader))
    return await _person_page(services, reader, username, given=first)


@router.post("/admin/people/{username}/second-factor")
async def reset_second_factor(request: Request, services: ServicesDep, reader: SignedIn, username: str) -> Response:
    """Remove the second factor of somebody who lost theirs."""
    async with transaction(services.engine) as connection:
        await accounts.reset_second_factor(connection, reader.person, username, reader.now)
    return go_to(request, f"/admin/people/{username}?done=1")


@router.post("/admin/people/{username}/sessions")
async def end_sessions(
    request: Request, services: ServicesDep, reader: SignedIn, username: str,
    session: Annotated[UUID | None, Form()] = None,
) -> Response:  # fmt: skip
    """End one session of the person, or all of them."""
    try:
        async with transaction(services.engine) as connection:
            await accounts.end_sessions(connection, reader.person, username, session, reader.now)
    except NoSuchSession as error:
        return await _person_page(services, reader, username, error.status, fault=admin_fault(error, reader))
    return go_to(request, f"/admin/people/{username}?done=1")
