"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from doors import session
from doors.dependencies import ServicesDep
from doors.sign_in import let_in, origin_of, sign_out, verify_from
from infra.database import AWAY_ERRORS, is_away
from models.errors import (
    DomainError,
    NotSignedIn,
    SecondFactorRequired,
    SecondFactorUnreadable,
    SignOutNotStored,
    TooManyAttempts,
    WrongPassword,
    WrongSecondFactor,
)
from services.accounts.sessions import SessionKind
from services.accounts.sign_in import complete
from services.accounts.steps import make_ticket, read_ticket
from services.accounts.turns import turn_of
from web.errors import error_page
from web.pages import go_to, page, safe_path
from web.reader import AnyVisitor, Visitor

router = APIRouter()


@router.get("/sign-in")
async def show_form(
    services: ServicesDep, visitor: AnyVisitor, next: str = "/", ended: bool = False, out: bool = False
) -> Response:  # fmt: skip
    """The sign-in form. `next`: the page to go to afterwards; `ended`: the session is over; `out`: it was ended."""
    return sign_in_page(services, visitor, safe_path(next, "/"), ended=ended, out=out)


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
    origin = origin_of(request, SessionKind.BROWSER)
    try:
        async with turn_of(origin.address):
            verified = await verify_from(request, services, username, password, SessionKind.BROWSER, visitor.now)
            if verified.enrolled:
                ticket = make_ticket(services.settings, verified, visitor.now)
                return page(visitor, "account/code.html", next=place, ticket=ticket, error="")
            token = await complete(services.engine, services.settings, verified, origin, visitor.now, None)
    except (WrongPassword, TooManyAttempts) as error:
        return _show_error(services, visitor, place, username, error)
    response = go_to(request, place)
    let_in(request, response, services, username, token)
    return response


@router.post("/sign-in/code")
async def give_code(
    request: Request,
    services: ServicesDep,
    visitor: AnyVisitor,
    ticket: Annotated[str, Form(max_length=2000)] = "",
    otp: Annotated[str, Form(max_length=40)] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """The second step: give the code of the second factor, and go to `next`."""
    place = safe_path(next, "/")
    try:
        verified = await read_ticket(services.engine, services.settings, ticket, visitor.now)
        origin = origin_of(request, SessionKind.BROWSER)
        token = await complete(services.engine, services.settings, verified, origin, visitor.now, otp)
    except (SecondFactorRequired, WrongSecondFactor, TooManyAttempts, SecondFactorUnreadable) as error:
        fault = error.message(visitor.language)
        return page(visitor, "account/code.html", error.status, next=place, ticket=ticket, error=fault)
    except (NotSignedIn, WrongPassword) as error:
        return _show_error(services, visitor, place, "", error)
    response = go_to(request, place)
    let_in(request, response, services, verified.username, token)
    return response


@router.post("/sign-out")
async def close_session(request: Request, services: ServicesDep, visitor: AnyVisitor) -> Response:
    """End the browser's session. While the database is away only the cookie goes, and the page says so."""
    try:
        await sign_out(services, session.session_token(request), visitor.now)
        there = "?out=1" if services.settings.oidc_issuer is not None else ""
        response = go_to(request, f"/sign-in{there}")
    except (SQLAlchemyError, *AWAY_ERRORS) as error:
        if not is_away(error):
            raise
        response = error_page(request, SignOutNotStored())
    session.delete_session_cookie(response)
    return response


def sign_in_page(
    services: ServicesDep, visitor: Visitor, next: str, *, username: str = "", error: str | None = None,
    ended: bool = False, out: bool = False, status: int = 200,
) -> Response:  # fmt: skip
    """The sign-in form, with the button of the identity provider where there is one."""
    settings = services.settings
    provider = None
    if settings.oidc_issuer is not None:
        provider = settings.oidc_name or visitor.text("统一身份认证")
    return page(
        visitor, "sign_in.html", status, next=next, username=username, error=error, ended=ended, out=out,
        provider=provider,
    )  # fmt: skip


def _show_error(
    services: ServicesDep, visitor: Visitor, place: str, username: str, error: DomainError
) -> Response:  # fmt: skip
    text = error.message(visitor.language)
    return sign_in_page(services, visitor, place, username=username, error=text, status=error.status)
