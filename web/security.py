"""Security and cache headers of all pages, and compression."""

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from doors.security_headers import PROGRAM_PATHS
from infra.settings import Settings

#: Nothing inline, nothing evaluated, nothing from other sites except the map tiles where they are configured.
#: `blob:` and `data:` are for pictures that the page makes itself.
_CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{images}; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {frames}"
)
_PERMISSIONS = "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()"
#: Built files: the policy of their page applies to them, and they were compressed by the build.
_STATIC_PATHS = "/static/"


def content_policy(settings: Settings) -> str:
    """The Content-Security-Policy of every page."""
    images = f" {settings.tiles.origin}" if settings.tiles is not None else ""
    return _CONTENT_POLICY.format(frames=settings.web_frame_ancestors, images=images)


class PageMiddleware:
    """Adds the page headers to pages, and compresses those of 500 bytes or more; the API compresses its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed = GZipMiddleware(app, minimum_size=500, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of scope pass unchanged."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path: str = scope["path"]
        if path.startswith((*PROGRAM_PATHS, _STATIC_PATHS)):
            return await self._app(scope, receive, send)
        settings: Settings = scope["app"].state.services.settings

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _set_headers(MutableHeaders(scope=message), settings)
            await send(message)

        return await self._compressed(scope, receive, send_with_headers)


def _set_headers(headers: MutableHeaders, settings: Settings) -> None:
    headers.setdefault("Content-Security-Policy", content_policy(settings))
    headers.setdefault("Permissions-Policy", _PERMISSIONS)
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")
