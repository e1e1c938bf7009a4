"""A file made for one reader, sent as a download."""

from collections.abc import AsyncIterable, Iterable

from fastapi.responses import StreamingResponse

from models.jobs.export import ExportFormat
from services.exports.formats import MEDIA_TYPES
from services.runtime.shown_numbers import send_as_made


def download_response(
    pieces: Iterable[bytes] | AsyncIterable[bytes], name: str, format_: ExportFormat, size: int | None
) -> StreamingResponse:
    """Return a whole file named `name`. With `size` in bytes a reader knows whether all of it has come.

    Its numbers of people were masked where its rows were made.
    """
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format_}"', "Cache-Control": "no-store"}
    if size is not None:
        headers["Content-Length"] = str(size)
    send_as_made()
    return StreamingResponse(pieces, headers=headers, media_type=MEDIA_TYPES[format_])
