"""The response with a stored file: whole or in the ranges that a player asks for, read part by part."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from os import stat_result
from stat import S_IFREG
from typing import Any

import anyio
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from services.attachments.intake import Shown


class StoredFileResponse(FileResponse):
    """A file of the store of attachments, which was opened before, so that a store that is away is told with a status.

    Ranges are what `FileResponse` makes of them; only where the bytes come from differs. `headers` has the ETag.
    """

    def __init__(self, shown: Shown, headers: Mapping[str, str]) -> None:
        self._reader = shown.reader
        size = shown.reader.size
        super().__init__(
            headers["ETag"].strip('"'),  # the path, which nothing opens
            media_type=shown.media_type,
            headers={"Last-Modified": _NEVER, **headers},
            stat_result=stat_result((S_IFREG, 0, 0, 0, 0, 0, size, 0, 0, 0)),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response. A server is not offered to send the file from a path."""
        extensions = {name: one for name, one in scope.get("extensions", {}).items() if name != _PATHSEND}
        await super().__call__({**scope, "extensions": extensions}, receive, send)

    @asynccontextmanager
    async def _open_file(self) -> AsyncIterator[Any]:
        try:
            yield self._reader
        finally:
            with anyio.CancelScope(shield=True):
                await self._reader.close()


_PATHSEND = "http.response.pathsend"
#: A file never changes under its hash.
_NEVER = "Thu, 01 Jan 1970 00:00:00 GMT"
