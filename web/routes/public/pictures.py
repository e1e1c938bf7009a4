"""Pictures of the public pages: QR codes of progress codes, and result photos released by a reviewer."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy import text

from doors.client import public_address
from doors.dependencies import ServicesDep
from models.errors import NoSuchPage
from services.attachments.files import path_of
from services.attachments.intake import thumbnail_of
from services.attachments.thumbnails import Size
from services.public.photo_tokens import read_photo_token
from services.public.progress_code import ALPHABET, LENGTH, normalize_code
from web.draw.qr import qr_image
from web.reader import AnyVisitor

router = APIRouter()


@router.get("/p/qr.svg")
async def draw_code(request: Request, code: str = "") -> Response:
    """The QR code of the progress page's address with this code.

    The response does not depend on whether the code exists.
    """
    clean_code = normalize_code(code[:40])
    if len(clean_code) != LENGTH or set(clean_code) - set(ALPHABET):
        raise NoSuchPage(what="qr")
    address = public_address(request, f"{request.app.url_path_for('ask_for_code')}?code={clean_code}")
    return Response(qr_image(address), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@router.get("/p/photo/{token}")
async def show_photo(token: str, services: ServicesDep, visitor: AnyVisitor, size: Size | None = None) -> Response:
    """A photo of a progress page or of a report that is being written, scaled to `size`; valid for an hour."""
    sha256 = read_photo_token(services.settings, token[:200], visitor.now)
    async with services.reading.connect() as connection:
        query = text("SELECT media_type FROM attachments WHERE sha256 = :sha256 AND media_type LIKE 'image/%'")
        media_type = await connection.scalar(query, {"sha256": sha256})
    path = path_of(services.settings.attachments_dir, sha256)
    if media_type is None or not path.is_file():
        raise NoSuchPage(what="photo")
    if size is not None:
        small = await thumbnail_of(services.settings, path, media_type, size)
        path, media_type = small.path, small.media_type
    headers = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, media_type=str(media_type), headers=headers)
