"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from doors import session
from doors.dependencies import ServicesDep
from doors.sign_in import let_in, sign_in_from, sign_out
from infra.database import AWAY_ERRORS, is_away
from models.errors import DomainError, SignOutNotStored, TooManyAttempts, WrongPassword
from services.accounts.sessions import SessionKind
from web.errors import error_page
from web.pages import go_to, page, safe_path
from web.reader import AnyVisitor

router = APIRouter()


@router.get("/sign-in")
async def show_form(visitor: AnyVisitor, next: str = "/", ended: bool = False) -> Response:
    """The sign-in form. `next`: the page to go to afterwards; `ended`: the session has just ended."""
    return page(visitor, "sign_in.html", next=safe_path(next, "/"), username="", error=None, ended=ended)


@router.post("/sign-in")
async def open_session(
    request: Request,
    services: ServicesDep,
    visitor: AnyVisitor,
    username: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Sign in and go to `next`; if refused, show the form again with the reason."""
    place = safe_path(next, "/")
    try:
        token = await sign_in_from(request, services, username, password, SessionKind.BROWSER, visitor.now)
    except (WrongPassword, TooManyAttempts) as error:
        return _show_error(visitor, place, username, error)
    response = go_to(request, place)
    let_in(request, response, services, username, token)
    return response


@router.post("/sign-out")
async def close_session(request: Request, services: ServicesDep, visitor: AnyVisitor) -> Response:
    """End the browser's session. While the database is away only the cookie goes, and the page says so."""
    try:
        await sign_out(services, session.session_token(request), visitor.now)
        response = go_to(request, "/sign-in")
    except (SQLAlchemyError, *AWAY_ERRORS) as error:
        if not is_away(error):
            raise
        response = error_page(request, SignOutNotStored())
    session.delete_session_cookie(response)
    return response


def _show_error(visitor: AnyVisitor, place: str, username: str, error: DomainError) -> Response:
    error_text = error.message(visitor.language)
    return page(visitor, "sign_in.html", error.status, next=place, username=username, error=error_text, ended=False)
