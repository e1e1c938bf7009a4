"""The last look at every answer: numbers of people leave only where a view shows them whole.

Views mask what they show (`services.cases.views`, `services.matters.masking`). This middleware is the boundary behind
all of them: pages, API, live streams and tables pass through it, so that a new view can't forget to mask.
"""

import re
from urllib.parse import unquote_plus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime.shown_numbers import answering, mask_answer, show

#: Answers that are text. Workbooks are masked where their rows are made, files are shown as they were attached.
_TEXTS = ("text/html", "text/csv", "text/xml", "text/plain", "text/event-stream", "application/json",
          "application/problem+json", "application/geo+json", "application/manifest+json")  # fmt: skip
#: Bodies whose numbers the reader may get back. A form with files shows them itself (`doors.uploads`).
_FORMS = ("application/x-www-form-urlencoded", "application/json")
#: Built files and figures for machines hold no text of people; the codec server serves bytes in
#: Base64, and Temporal's interface what it holds encrypted.
_SKIPPED = ("/static/", "/metrics", "/healthz", "/readyz", "/openapi.json", "/codec/", "/temporal/")
#: The outline of a drawing in a page: its coordinates are no numbers of people. Quotes that somebody typed are escaped
#: in a page, so no text looks like one.
_OUTLINE = re.compile(r'( (?:d="[Mm]|points=")[A-Za-z0-9., -]*")')
_MOST_READ = 1024 * 1024


class MaskingMiddleware:
    """ASGI middleware inside the compression."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of scope pass unchanged."""
        if scope["type"] != "http" or scope["path"].startswith(_SKIPPED):
            await self.app(scope, receive, send)
            return
        with answering():
            show(unquote_plus(scope["query_string"].decode("latin-1")), scope["path"])
            await self.app(scope, _listening(scope, receive), _Answer(send).send)


def _listening(scope: Scope, receive: Receive) -> Receive:
    """Return a channel that shows the reader the numbers that they sent."""
    kind = Headers(scope=scope).get("content-type", "").lower()
    if not kind.startswith(_FORMS):
        return receive
    body = bytearray()

    async def heard() -> Message:
        message = await receive()
        if message["type"] == "http.request" and len(body) <= _MOST_READ:
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                text = body.decode("utf-8", "replace")
                show(text if kind.startswith("application/json") else unquote_plus(text))
        return message

    return heard


class _Answer:
    """The channel of the answer: its head waits for the first part of the body, whose length may change."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._head: Message | None = None
        self._is_text = self._is_page = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            self._is_page = headers.get("content-type", "").startswith("text/html")
            self._is_text = headers.get("content-type", "").startswith(_TEXTS) and "content-encoding" not in headers
            if self._is_text:
                self._head = message
                return
        elif message["type"] == "http.response.body" and self._is_text:
            await self._send_text(message)
            return
        await self._send(message)

    async def _send_text(self, message: Message) -> None:
        given: bytes = message.get("body", b"")
        text = given.decode("utf-8", "surrogateescape")
        parts = _OUTLINE.split(text) if self._is_page else [text]
        parts[::2] = map(mask_answer, parts[::2])
        masked = "".join(parts).encode("utf-8", "surrogateescape")
        if self._head is not None:
            if len(masked) != len(given) and "content-length" in (headers := MutableHeaders(raw=self._head["headers"])):
                headers["content-length"] = str(int(headers["content-length"]) + len(masked) - len(given))
            await self._send(self._head)
            self._head = None
        await self._send({**message, "body": masked})
