"""HEAD: what GET would answer, without the body (RFC 9110, 9.3.2), at every address that can be read.

Routes are written for GET alone. The few that take HEAD themselves, such as static files, keep it.
"""

from anyio import CancelScope
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from doors.problems import allowed_methods

_ASKED = "gridloop.head"


def is_head(request: Request) -> bool:
    """Whether the request was HEAD, for a reading that leaves a trace."""
    return request.scope.get(_ASKED) is True


class HeadMiddleware:
    """ASGI middleware inside what logs and counts requests, which so sees HEAD, and outside everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or "HEAD" in allowed_methods(Request(scope), own=True):
            await self._app(scope, receive, send)
            return
        inner = {**scope, "method": "GET", _ASKED: True}
        with CancelScope() as reading:
            await self._app(inner, receive, _Headers(send, reading).send)
        scope["route"] = inner.get("route")


class _Headers:
    """Sends the headers of an answer and no body. A body that comes in pieces is not made any further: it may be large,
    or have no end."""

    def __init__(self, send: Send, reading: CancelScope) -> None:
        self._send, self._reading = send, reading

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._send(message)
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            if _has_no_end(message):
                self._reading.cancel()
        elif message.get("more_body", False):
            self._reading.cancel()


def _has_no_end(start: Message) -> bool:
    """Whether the body is a stream of events, of which the first may be long in coming."""
    return any(name.lower() == b"content-type" and b"event-stream" in value for name, value in start["headers"])
