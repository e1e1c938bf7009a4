"""What is the same for every address of the interface, also for one that no route has: refusals in the form of
GeoReport v2, and what a browser asks before it lets a page read.
"""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.open311.answers import refusal_answer
from doors.problems import allowed_methods
from models.errors import NoSuchPage

#: Everything below it is answered by the interface.
PREFIX = "/open311/"
#: Seconds for which a browser may keep what it was told of methods and headers.
_PREFLIGHT_SECONDS = "3600"


def is_open311(path: str) -> bool:
    """Whether an address is one of the interface, whatever follows."""
    return path.startswith(PREFIX)


def add_refusals(app: FastAPI) -> None:
    """Tell what no route of the interface has taken as its routes tell their refusals: an unknown address, a method
    that an address does not take. Other addresses keep the handler that the application has."""
    others: Callable[[Request, Exception], Any] = app.exception_handlers[HTTPException]

    async def handle(request: Request, error: Exception) -> Response:
        if is_open311(request.url.path):
            return refusal_answer(request, error)
        answer: Response = await others(request, error)
        return answer

    app.add_exception_handler(HTTPException, handle)


class Open311Door:
    """ASGI middleware for the addresses of the interface; others pass unchanged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not is_open311(scope["path"]):
            await self._app(scope, receive, send)
        elif scope["path"].endswith("/"):  # the router would lead to the address without it, in no known format
            request = Request(scope)
            refused = refusal_answer(request, NoSuchPage(what=request.url.path[:200]))
            await refused(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await _methods_answer(Request(scope))(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _methods_answer(request: Request) -> Response:
    """Return what an address takes. Pages of others may read, and only read."""
    methods = allowed_methods(request)
    if not methods:
        return refusal_answer(request, NoSuchPage(what=request.url.path[:200]))
    headers = {"Allow": ", ".join([*methods, "OPTIONS"])}
    if "GET" in methods:
        headers |= {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, HEAD",
            "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Type",
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
        }
    return Response(status_code=204, headers=headers)
