"""Errors as pages: what went wrong, what to do, and the request number to quote."""

import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from doors.problems import problem_for_handled, problem_response, request_id_of
from doors.security_headers import PROGRAM_PATHS
from doors.session import COOKIE
from models.errors import DomainError, NotSignedIn, PasswordChangeRequired, SecondFactorEnrolmentRequired
from web.pages import go_to, is_scripted, page, safe_path
from web.reader import Visitor, read_preferences
from web.views.refusals import refusal_text

Handler = Callable[[Request, Exception], Any]


def add_handlers(app: FastAPI) -> None:
    """Show errors as pages; API paths keep the handlers that the application has."""
    for kind in (DomainError, HTTPException, RequestValidationError):
        api_handler: Handler = app.exception_handlers[kind]
        app.add_exception_handler(kind, _page_or_problem(api_handler))
    app.state.render_refusal = render_error


def _page_or_problem(api_handler: Handler) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        if request.url.path.startswith(PROGRAM_PATHS):
            answer: Response = await api_handler(request, error)
            return answer
        return error_page(request, error)

    return handle


def render_error(request: Request, error: DomainError) -> Response:
    """Answer an error that no handler caught: a page, or a problem document for an API path."""
    return (
        problem_response(request, error) if request.url.path.startswith(PROGRAM_PATHS) else error_page(request, error)
    )


def _is_page(request: Request) -> bool:
    """Whether the request is for a whole page, which can be repeated: not a posted form, not a part of a page."""
    return request.method == "GET" and not is_scripted(request)


def _return_path(request: Request) -> str:
    """Where to go after signing in: the requested page, or else the page that sent the request."""
    if _is_page(request):
        return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    origin = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
    return safe_path(f"{origin.path}?{origin.query}" if origin.query else origin.path, "/")


def error_page(request: Request, error: Exception) -> Response:
    """The page for an error; where something has to be done first, a redirect to where it is done."""
    visitor = Visitor(request.url.path, "", read_preferences(request), datetime.now(UTC))
    if isinstance(error, NotSignedIn):
        # Who sends a form or loads a part of a page had been signed in: their session has ended.
        ended = "&ended=1" if COOKIE in request.cookies or not _is_page(request) else ""
        return go_to(request, f"/sign-in?next={quote(_return_path(request))}{ended}")
    if isinstance(error, PasswordChangeRequired):
        return go_to(request, f"/settings/password?next={quote(_return_path(request))}")
    if isinstance(error, SecondFactorEnrolmentRequired):
        return go_to(request, f"/settings/second-factor?next={quote(_return_path(request))}")
    problem = problem_for_handled(request, error, visitor.language)
    part = is_scripted(request)
    template = "errors/part.html" if part else "errors/page.html"
    wait = (getattr(error, "params", None) or {}).get("seconds")
    response = page(
        visitor,
        template,
        problem.status,
        problem=problem,
        detail=refusal_text(error, visitor) if isinstance(error, DomainError) else problem.detail,
        number=request_id_of(request),
        params=getattr(error, "params", None) or {},
        minutes=math.ceil(int(wait) / 60) if wait else None,
    )
    if part:
        response.headers.update({"HX-Retarget": "#alerts", "HX-Reswap": "innerHTML"})
    return response
