"""What every page's answer carries: what a browser may load and run, and whether it may be kept; and compression."""

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.settings import Settings

#: Nothing inline, nothing evaluated, nothing from elsewhere but the map's tiles where they are set.
#: `blob:` and `data:` are pictures of the page's own making.
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{images}; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {frames}"
)
_PERMISSIONS = "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()"
#: Programs ask here, and get what they got before.
_PROGRAMS = ("/api/", "/metrics", "/healthz", "/readyz", "/openapi.json")
#: Parts of pages: the page's own policy holds for them, and they were compressed when they were built.
_PARTS = "/static/"
#: Large enough to be worth compressing even for programs: the shapes of a park.
_SHAPES = ".geojson"


def content_policy(settings: Settings) -> str:
    """The Content-Security-Policy of every page."""
    images = f" {settings.tiles.origin}" if settings.tiles is not None else ""
    return _POLICY.format(frames=settings.web_frame_ancestors, images=images)


class PageMiddleware:
    """Adds the headers of a page to what is one, and compresses what gains by it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed = GZipMiddleware(app, minimum_size=500, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; other kinds of scope pass untouched."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path: str = scope["path"]
        if path.startswith(_PROGRAMS):
            app = self._compressed if path.endswith(_SHAPES) else self._app
            return await app(scope, receive, send)
        if path.startswith(_PARTS):
            return await self._app(scope, receive, send)
        settings: Settings = scope["app"].state.services.settings

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), settings)
            await send(message)

        return await self._compressed(scope, receive, told)


def _add(headers: MutableHeaders, settings: Settings) -> None:
    headers.setdefault("Content-Security-Policy", content_policy(settings))
    headers.setdefault("Permissions-Policy", _PERMISSIONS)
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")
