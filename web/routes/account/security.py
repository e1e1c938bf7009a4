"""登录与安全: the reader's password, and where they are signed in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from doors.dependencies import ServicesDep
from doors.session import delete_session_cookie
from infra.database import transaction
from models.errors import DomainError
from services.accounts.password_changes import change_password
from services.accounts.password_rules import SHORTEST
from services.accounts.second_factor import read_second_factor
from services.accounts.sessions import end_session, end_sessions, list_sessions
from web.pages import go_to, page, safe_path
from web.reader import Reader, SignedIn, SignedInAtAll

router = APIRouter()

Secret = Annotated[str, Form(max_length=1000)]


@router.get("/settings/security")
async def show_security(services: ServicesDep, reader: SignedIn, changed: bool = False, ended: int = 0) -> Response:
    """Where the reader is signed in, and the way to a new password."""
    async with services.reading.connect() as connection:
        sessions = await list_sessions(connection, reader.person.id, reader.now, reader.session)
        second = await read_second_factor(connection, reader.person.id)
    return page(reader, "account/security.html", sessions=sessions, second=second, changed=changed, ended=ended)


@router.post("/settings/sessions/end")
async def end_own(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    session: Annotated[UUID | None, Form()] = None,
    which: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """End one session, all `others`, or `all` of them."""
    me = reader.person.id
    async with transaction(services.engine) as connection:
        if session is not None:
            gone: tuple[UUID, ...] = (session,) if await end_session(connection, me, session, reader.now) else ()
        else:
            but = None if which == "all" else reader.session
            gone = await end_sessions(connection, me, reader.now, but=but)
    for one in gone:
        services.people.forget(one)
    if reader.session in gone:
        response = go_to(request, "/sign-in")
        delete_session_cookie(response)
        return response
    return go_to(request, f"/settings/security?ended={len(gone)}")


@router.get("/settings/password")
async def show_password(services: ServicesDep, reader: SignedInAtAll, next: str = "") -> Response:
    """The form of a new password. `next`: the page to go to afterwards."""
    return _password_page(reader, next)


@router.post("/settings/password")
async def change_own_password(
    request: Request,
    services: ServicesDep,
    reader: SignedInAtAll,
    old: Secret = "",
    new: Secret = "",
    again: Secret = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """Change the password and go on; if it will not do, show the form again with the reason."""
    if new != again:
        return _password_page(reader, next, 422, reader.text("两次输入的新密码不一致。"))
    try:
        await change_password(services.engine, reader.person.id, reader.session, old, new, reader.now)
    except DomainError as error:
        return _password_page(reader, next, error.status, error.message(reader.language))
    return go_to(request, safe_path(next, "/settings/security?changed=true"))


def _password_page(reader: Reader, next: str, status: int = 200, fault: str = "") -> Response:
    place = safe_path(next, "")
    return page(reader, "account/password.html", status, next=place, fault=fault, first=bool(place), shortest=SHORTEST)
