"""What went wrong, as a page: who may help, what to do, and the number to quote."""

import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from doors.problems import problem_of, problem_response, request_id_of
from doors.session import COOKIE
from models.errors import DomainError, NotSignedIn
from web.pages import go_to, is_scripted, local, page
from web.reader import Visitor, preferences_in
from web.views.refusals import refused

#: Answered as problem documents, whoever asks.
_PROGRAMS = ("/api/", "/healthz", "/readyz", "/metrics", "/openapi.json")

Handler = Callable[[Request, Exception], Any]


def add_handlers(app: FastAPI) -> None:
    """Has refusals told as pages where people look, and as before to programs."""
    for kind in (DomainError, HTTPException, RequestValidationError):
        told_to_programs: Handler = app.exception_handlers[kind]
        app.add_exception_handler(kind, _told(told_to_programs))
    app.state.tell = tell


def _told(to_programs: Handler) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def told(request: Request, error: Exception) -> Response:
        if request.url.path.startswith(_PROGRAMS):
            answer: Response = await to_programs(request, error)
            return answer
        return error_page(request, error)

    return told


def tell(request: Request, error: DomainError) -> Response:
    """A refusal that no handler met: a page, or a problem document where a program asked."""
    return problem_response(request, error) if request.url.path.startswith(_PROGRAMS) else error_page(request, error)


def _is_page(request: Request) -> bool:
    """Whether a page was asked for, which can be asked for again: neither a form sent off nor a part of a page."""
    return request.method == "GET" and not is_scripted(request)


def _wanted(request: Request) -> str:
    """Where to go on after signing in: to the page that was asked for, else to the one from which it was asked."""
    if _is_page(request):
        return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    came = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
    return local(f"{came.path}?{came.query}" if came.query else came.path, "/")


def error_page(request: Request, error: Exception) -> Response:
    """The page that tells the error; the sign-in for who is not signed in."""
    visitor = Visitor(request.url.path, "", preferences_in(request), datetime.now(UTC))
    if isinstance(error, NotSignedIn):
        # Who was in the midst of something had been signed in: their session has ended meanwhile.
        ended = "&ended=1" if COOKIE in request.cookies or not _is_page(request) else ""
        return go_to(request, f"/sign-in?next={quote(_wanted(request))}{ended}")
    known = problem_of(request, error, visitor.language)
    part = is_scripted(request)
    template = "errors/part.html" if part else "errors/page.html"
    wait = (getattr(error, "params", None) or {}).get("seconds")
    answer = page(
        visitor,
        template,
        known.status,
        problem=known,
        detail=refused(error, visitor) if isinstance(error, DomainError) else known.detail,
        number=request_id_of(request),
        minutes=math.ceil(int(wait) / 60) if wait else None,
    )
    if part:
        answer.headers.update({"HX-Retarget": "#alerts", "HX-Reswap": "innerHTML"})
    return answer
