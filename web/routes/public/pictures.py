"""Pictures of the public pages: a code as a QR code, and photos of a result that a reviewer has released."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy import text

from doors.dependencies import ServicesDep
from models.errors import NoSuchPage
from services.attachments.files import path_of
from services.public.progress_code import ALPHABET, LENGTH, photo_of, plain
from web.draw.qr import qr_image
from web.reader import AnyVisitor

router = APIRouter()


@router.get("/p/qr.svg")
async def draw_code(request: Request, code: str = "") -> Response:
    """The address under which a code is looked up, as a QR code: for the page that tells the code, and for phones.

    Says nothing about whether there is such a code.
    """
    known = plain(code[:40])
    if len(known) != LENGTH or set(known) - set(ALPHABET):
        raise NoSuchPage(what="qr")
    address = f"{request.url_for('ask_for_code')}?code={known}"
    return Response(qr_image(address), media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@router.get("/p/photo/{token}")
async def show_photo(token: str, opened: ServicesDep, visitor: AnyVisitor) -> Response:
    """A photo that somebody with the code was shown a moment ago; its address is good for an hour."""
    sha256 = photo_of(opened.settings, token[:200], visitor.now)
    async with opened.reading.connect() as connection:
        asked = text("SELECT media_type FROM attachments WHERE sha256 = :sha256 AND media_type LIKE 'image/%'")
        media_type = await connection.scalar(asked, {"sha256": sha256})
    path = path_of(opened.settings.attachments_dir, sha256)
    if media_type is None or not path.is_file():
        raise NoSuchPage(what="photo")
    headers = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, media_type=str(media_type), headers=headers)
