"""Signing in and out through the identity provider."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from doors.client import is_https, public_address
from doors.dependencies import ServicesDep
from doors.session import set_session_cookie
from doors.sign_in import origin_of
from models.errors import DomainError, IdentityRefused, NoSuchPage
from services.accounts.sessions import SessionKind
from web.pages import safe_path
from web.reader import AnyVisitor, Visitor
from web.routes.account.sign_in import sign_in_page

router = APIRouter()

COOKIE = "gridloop_openid"
_PATH = "/sign-in/openid"
_BACK = f"{_PATH}/back"


@router.get(_PATH)
async def begin(request: Request, services: ServicesDep, visitor: AnyVisitor, next: str = "/") -> Response:
    """Send the browser to the provider. Raises NoSuchPage where none is set up."""
    _require(services)
    place = safe_path(next, "/")
    try:
        begun = await services.identity.begin(
            services.settings, public_address(request, _BACK), place, visitor.now
        )  # fmt: skip
    except DomainError as error:
        return _fault(services, visitor, place, error)
    response = RedirectResponse(begun.url, 303)
    response.set_cookie(
        COOKIE, begun.cookie, max_age=600, path=_PATH, httponly=True, secure=is_https(request), samesite="lax"
    )
    return response


@router.get(_BACK)
async def come_back(
    request: Request,
    services: ServicesDep,
    visitor: AnyVisitor,
    code: Annotated[str, Query(max_length=4000)] = "",
    state: Annotated[str, Query(max_length=400)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Sign in whoever the provider says it is, and go on; otherwise say why not."""
    _require(services)
    try:
        if error or not code:
            raise IdentityRefused(why=error or "code")
        token, place = await services.identity.finish(
            services.engine, services.settings, request.cookies.get(COOKIE, ""), code, state,
            public_address(request, _BACK), origin_of(request, SessionKind.BROWSER), visitor.now,
        )  # fmt: skip
    except DomainError as refusal:
        return _fault(services, visitor, "/", refusal)
    response = RedirectResponse(safe_path(place, "/"), 303)
    set_session_cookie(response, request, token.access_token, token.expires_in)
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax")
    return response


@router.get(f"{_PATH}/out")
async def sign_out_there(request: Request, services: ServicesDep, visitor: AnyVisitor) -> Response:
    """Go to the provider's own page to sign out there as well."""
    _require(services)
    try:
        place = await services.identity.sign_out_address(
            services.settings, public_address(request, "/sign-in"), visitor.now
        )  # fmt: skip
    except DomainError as error:
        return _fault(services, visitor, "/", error)
    return RedirectResponse(place or "/sign-in", 303)


def _require(services: ServicesDep) -> None:
    if services.settings.oidc_issuer is None:
        raise NoSuchPage(what="openid")


def _fault(services: ServicesDep, visitor: Visitor, place: str, error: DomainError) -> Response:
    response = sign_in_page(services, visitor, place, error=error.message(visitor.language), status=error.status)
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax")
    return response
