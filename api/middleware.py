"""The outermost middleware: request id, metrics, log line, size limit, and the response to unhandled errors."""

import asyncio
import re
import time
from collections.abc import Mapping
from contextlib import nullcontext

import structlog
from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.open311.answers import refusal_answer
from api.open311.door import is_open311
from doors.client import check_host, request_is_https
from doors.draining import Drain
from doors.problems import RefusalRenderer, error_for_unexpected, problem_response
from doors.security_headers import set_security_headers
from doors.written_address import check_address
from infra.metrics import REQUESTS
from infra.store.policies import cache_newest_version
from infra.tracing import RequestSpan, request_span
from models.errors import BodyTooLarge, BodyTooSlow, DomainError, InputError, NoSuchPage, UnknownHost
from models.ids import new_id

log = structlog.get_logger("api.access")

#: Size limit of a body in bytes. Attachments have their own limit.
BODY_CAP = 1024 * 1024
#: Seconds that a piece of a body may take, that a body may take at all, and bytes a second beyond these (our choice): a
#: photo of 4 MB has five minutes, on the slowest of phone networks.
PIECE_SECONDS, BODY_SECONDS, LEAST_RATE = 20.0, 40.0, 16_000.0
UNCAPPED_PATHS = frozenset({"/api/v1/attachments"})
#: Forms with files. Their routes limit what they read, after they have checked who sends it.
UNCAPPED_FORMS = re.compile(r"/cases/[^/]+/commands/[a-z_]+|/p/report|/open311/v2/requests\.(?:xml|json)")
#: Requested by machines every few seconds: logged at debug level.
_PROBE_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
_READ_METHODS = frozenset({"GET", "HEAD"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: What follows is a right in itself, and stands in no log.
_SECRET_PATH = re.compile(r"^(/l/|/p/photo/).*", re.DOTALL)
#: An allowed request id from the caller: no character that could forge a log line.
_SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{8,128}")
#: nginx's status for a caller that closed the connection.
_CLIENT_CLOSED_REQUEST = 499


class RequestMiddleware:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request. Other scopes pass through unchanged."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent_id = Headers(scope=scope).get("x-request-id", "")
        request_id = sent_id if _SAFE_REQUEST_ID.fullmatch(sent_id) else str(new_id())
        scope.setdefault("state", {})["request_id"] = request_id
        exchange = _Exchange(scope, receive, send, request_id)
        structlog.contextvars.clear_contextvars()
        started = time.perf_counter()
        policy_cache = cache_newest_version() if scope["method"] in _READ_METHODS else nullcontext()
        with structlog.contextvars.bound_contextvars(request_id=request_id), policy_cache, request_span() as span:
            try:
                await self._answer(scope, exchange)
            finally:
                _record_request(scope, exchange.status, time.perf_counter() - started, span)

    async def _answer(self, scope: Scope, exchange: "_Exchange") -> None:
        request = Request(scope)
        try:
            check_host(scope, request.app.state.services.settings)
            check_address(scope)
            exchange.check_declared_length()
            await self.app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            exchange.status = _CLIENT_CLOSED_REQUEST
        except (BodyTooLarge, BodyTooSlow, UnknownHost, NoSuchPage, InputError) as error:
            await _render_refusal(request, error)(scope, exchange.receive, exchange.send)
        except Exception as error:
            domain_error = error_for_unexpected(error)
            if exchange.begun:  # too late for another response; the server closes the connection
                raise
            await _render_refusal(request, domain_error)(scope, exchange.receive, exchange.send)


def _render_refusal(request: Request, error: DomainError) -> Response:
    """Return the response for an error: a problem document, or a page where the application renders pages. Open311 has
    a form of its own."""
    if is_open311(request.url.path):
        return refusal_answer(request, error)
    render: RefusalRenderer = getattr(request.app.state, "render_refusal", problem_response)
    return render(request, error)


class _Exchange:
    """The receive and send channels of one request, with counting and headers."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self.begun = False
        self.status = _CLIENT_CLOSED_REQUEST
        self._receive, self._send = receive, send
        self._request_id = request_id
        self._headers: Mapping[str, str] = Headers(scope=scope)
        uncapped = scope["path"] in UNCAPPED_PATHS or UNCAPPED_FORMS.fullmatch(scope["path"]) is not None
        self._cap = None if uncapped else BODY_CAP
        self._seen = 0
        self._body_read = False
        self._body_since = 0.0
        self._path: str = scope["path"]
        self._secure = request_is_https(scope)
        self._drain: Drain = scope["app"].state.drain

    def check_declared_length(self) -> None:
        """Check the declared length before anything is read. Raises BodyTooLarge."""
        declared = self._headers.get("content-length", "")
        if declared.isascii() and declared.isdecimal():
            self._check(int(declared))

    def _check(self, size: int) -> None:
        if self._cap is not None and size > self._cap:
            raise BodyTooLarge(kilobytes=self._cap // 1024)

    async def receive(self) -> Message:
        """Return the next message, counting the bytes of the body. Raises BodyTooLarge, BodyTooSlow."""
        if self._body_read:  # what comes now is the end of the connection, however late
            return await self._receive()
        loop = asyncio.get_running_loop()
        self._body_since = self._body_since or loop.time()
        # Each piece within its time, and all of them at a least rate.
        until = min(loop.time() + PIECE_SECONDS, self._body_since + BODY_SECONDS + self._seen / LEAST_RATE)
        try:
            async with asyncio.timeout_at(until):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow() from None
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            self._body_read = not message.get("more_body", False)
            self._check(self._seen)
        return message

    async def send(self, message: Message) -> None:
        """Send a message of the response, with the headers of every response."""
        if message["type"] == "http.response.start":
            self.begun = True
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._request_id
            set_security_headers(headers, self._path, secure=self._secure)
            if self._drain.begun:  # the next request goes to another process
                headers["Connection"] = "close"
        await self._send(message)


def _record_request(scope: Scope, status: int, seconds: float, span: RequestSpan) -> None:
    """Record metrics and the log line. The label is the route's template, because raw paths are unbounded."""
    route = str(getattr(scope.get("route"), "path", "unmatched"))
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    span.end(method, route, status)
    REQUESTS.labels(method, route, str(status)).observe(seconds)
    write = log.debug if route in _PROBE_PATHS else log.info
    path = _SECRET_PATH.sub(r"\1…", scope["path"][:200])
    write("request", method=method, path=path, route=route, status=status, seconds=round(seconds, 4))
