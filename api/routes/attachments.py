"""Routes for attachments: upload and download."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from doors.dependencies import ServicesDep
from doors.etags import has_tag
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.stored_files import StoredFileResponse
from doors.strict_json import StrictRoute
from doors.uploads import uploaded_file
from services.attachments import intake
from services.attachments.intake import AttachmentView, Shown
from services.attachments.media_types import STORED
from services.attachments.thumbnails import MEDIA_TYPE, Size

router = APIRouter(route_class=StrictRoute, prefix="/api/v1", tags=["attachments"], responses=PROBLEMS)

#: The body is parsed by hand, to stop at the size limit, so it is described by hand too.
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
                    },
                }
            }
        },
    }
}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in STORED},
    },
    304: {"description": "Unchanged"},
}
_THUMBNAILS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture, scaled down",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "contentMediaType": MEDIA_TYPE}}},
    },
    304: {"description": "Unchanged"},
}
#: The bytes under a hash never change, but the right to see them can: a browser asks each time, and gets 304.
_CACHE = "private, no-cache"


@router.post(
    "/attachments",
    status_code=201,
    openapi_extra=_BODY,
    responses={200: {"model": AttachmentView, "description": "The same bytes of yours are stored already"}},
)
async def upload(
    request: Request, response: Response, services: ServicesDep, caller: Caller, now: Now
) -> AttachmentView:
    """Takes a picture (JPEG, PNG, WebP; HEIC, AVIF, TIFF and BMP become JPEG), a video (MP4, MOV) or a PDF.

    Pictures are stored without their metadata, turned upright; videos without their metadata, not transcoded.

    `sha256` is the hash of the stored bytes and the name of the attachment. The response comes once it is on the disk.
    """
    await intake.count_upload(services.engine, services.settings, caller, now)
    async with uploaded_file(request, intake.limits_of(services.settings).most) as source:
        stored = await intake.store_upload(services.engine, services.settings, caller, source, now)
    response.status_code = 201 if stored.created else 200
    response.headers["Location"] = f"/api/v1/attachments/{stored.view.sha256}"
    return stored.view


@router.get("/attachments/{sha256}", response_class=FileResponse, responses=_FILES)
async def download(sha256: str, request: Request, services: ServicesDep, caller: Caller, now: Now) -> Response:
    """The stored file, for the person who uploaded it and for people who may see a case that has it."""
    async with services.reading.connect() as connection:
        found = await intake.find_attachment(connection, caller, sha256, now)
    if _is_known(request, sha256):
        return Response(status_code=304, headers=_tagged(sha256))
    return _stored_file(sha256, await intake.open_attachment(services.settings, found))


@router.get("/attachments/{sha256}/thumbnail", response_class=FileResponse, responses=_THUMBNAILS)
async def thumbnail(
    sha256: str, request: Request, services: ServicesDep, caller: Caller, now: Now, size: Size = Size.SMALL
) -> Response:
    """A picture scaled down to a longest side of 320 pixels (`small`) or 1600 (`large`), for whoever may see it.

    404 for files that are not pictures.
    """
    async with services.reading.connect() as connection:
        found = await intake.find_attachment(connection, caller, sha256, now)
    if _is_known(request, name := f"{sha256}-{size}"):
        return Response(status_code=304, headers=_tagged(name))
    return _stored_file(name, await intake.open_thumbnail(services.settings, found, size))


def _tagged(name: str) -> dict[str, str]:
    return {"ETag": f'"{name}"', "Cache-Control": _CACHE}


def _is_known(request: Request, name: str) -> bool:
    return has_tag(request.headers.get("if-none-match", ""), f'"{name}"')


def _stored_file(name: str, shown: Shown) -> Response:
    return StoredFileResponse(
        shown,
        {
            **_tagged(name),
            "Content-Disposition": f'inline; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            # Even a document that carries a script runs nothing and loads nothing.
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
