"""What happens around every request: its id, its measure, its log line, its cap, and the last safety net."""

import re
import time
from collections.abc import Mapping
from contextlib import nullcontext

import structlog
from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from doors.problems import RefusalRenderer, error_for_unexpected, problem_response
from infra.metrics import REQUESTS
from infra.store.policies import cache_newest_version
from models.errors import BodyTooLarge, DomainError
from models.ids import new_id

log = structlog.get_logger("api.access")

#: Bytes that a body may have; attachments have their own cap.
BODY_CAP = 1024 * 1024
UNCAPPED_PATHS = frozenset({"/api/v1/attachments"})
#: Forms of pages that carry files: they cap what they read themselves, once they know who asks, or that a stranger may.
UNCAPPED_FORMS = re.compile(r"/cases/[^/]+/commands/[a-z_]+|/p/report")
#: Asked by machines every few seconds: not worth a line each.
_PROBE_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
_READ_METHODS = frozenset({"GET", "HEAD"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: What an id from outside may look like: nothing that could forge a log line.
_SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{8,128}")
#: What nginx calls it when the caller hangs up.
_CLIENT_CLOSED_REQUEST = 499


class RequestMiddleware:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; other kinds of scope pass untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        request_id = asked if _SAFE_REQUEST_ID.fullmatch(asked) else str(new_id())
        scope.setdefault("state", {})["request_id"] = request_id
        exchange = _Exchange(scope, receive, send, request_id)
        structlog.contextvars.clear_contextvars()
        started = time.perf_counter()
        once = cache_newest_version() if scope["method"] in _READ_METHODS else nullcontext()
        with structlog.contextvars.bound_contextvars(request_id=request_id), once:
            try:
                await self._answer(scope, exchange)
            finally:
                _record_request(scope, exchange.status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, exchange: "_Exchange") -> None:
        request = Request(scope)
        try:
            exchange.check_declared_length()
            await self.app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            exchange.status = _CLIENT_CLOSED_REQUEST
        except BodyTooLarge as error:
            await _render_refusal(request, error)(scope, exchange.receive, exchange.send)
        except Exception as error:
            told = error_for_unexpected(error)
            if exchange.begun:  # too late for another answer; the server cuts the connection
                raise
            await _render_refusal(request, told)(scope, exchange.receive, exchange.send)


def _render_refusal(request: Request, error: DomainError) -> Response:
    """The answer as the application tells refusals: a problem document, or a page where people look."""
    tell: RefusalRenderer = getattr(request.app.state, "tell", problem_response)
    return tell(request, error)


class _Exchange:
    """One request and its answer, on their way through."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self.begun = False
        self.status = _CLIENT_CLOSED_REQUEST
        self._receive, self._send = receive, send
        self._request_id = request_id
        self._headers: Mapping[str, str] = Headers(scope=scope)
        uncapped = scope["path"] in UNCAPPED_PATHS or UNCAPPED_FORMS.fullmatch(scope["path"]) is not None
        self._cap = None if uncapped else BODY_CAP
        self._seen = 0

    def check_declared_length(self) -> None:
        """Refuses by what the caller says, before anything is read. Raises BodyTooLarge."""
        declared = self._headers.get("content-length", "")
        if declared.isascii() and declared.isdecimal():
            self._check(int(declared))

    def _check(self, size: int) -> None:
        if self._cap is not None and size > self._cap:
            raise BodyTooLarge(kilobytes=self._cap // 1024)

    async def receive(self) -> Message:
        """The next piece of the body, counted. Raises BodyTooLarge."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            self._check(self._seen)
        return message

    async def send(self, message: Message) -> None:
        """Passes the answer on, with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.begun = True
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._request_id
            headers.setdefault("X-Content-Type-Options", "nosniff")
        await self._send(message)


def _record_request(scope: Scope, status: int, seconds: float) -> None:
    """Counts and logs. Only the route's template becomes a label: raw paths are without number."""
    route = str(getattr(scope.get("route"), "path", "unmatched"))
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    REQUESTS.labels(method, route, str(status)).observe(seconds)
    tell = log.debug if route in _PROBE_PATHS else log.info
    tell("request", method=method, path=scope["path"][:200], route=route, status=status, seconds=round(seconds, 4))
