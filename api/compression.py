"""Compression of answers in JSON: the first load of a phone is mostly the list of categories."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

#: Smaller answers fit into one packet as they are.
MIN_BYTES = 1_000
#: Files of formats that are compressed themselves, or sent with their length; Starlette leaves out pictures and live
#: streams by their type.
_COMPRESSED_SUFFIXES = (".xlsx", ".zip")
_FILE_PATHS = ("/api/v1/attachments/", "/api/v1/exports/", "/api/v1/supervision/export.")


class CompressionMiddleware:
    """Compresses the API's answers of `MIN_BYTES` or more for clients that accept gzip."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed = GZipMiddleware(app, minimum_size=MIN_BYTES, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; pages and files pass unchanged."""
        path = scope.get("path", "")
        is_file = path.startswith(_FILE_PATHS) or path.endswith(_COMPRESSED_SUFFIXES)
        app = self._compressed if path.startswith("/api/") and not is_file else self._app
        await app(scope, receive, send)
