"""Pictures of the public pages: QR codes of progress codes, and result photos released by a reviewer."""

from fastapi import APIRouter, Request, Response

from doors.client import public_address
from doors.dependencies import ServicesDep
from doors.stored_files import StoredFileResponse
from models.errors import NoSuchPage
from services.attachments.intake import open_attachment, open_thumbnail, registered
from services.attachments.thumbnails import Size
from services.public.photo_tokens import read_photo_token
from services.public.progress_code import ALPHABET, LENGTH, normalize_code
from web.draw.qr import qr_image
from web.reader import AnyVisitor

router = APIRouter()

_HEADERS = {
    "Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff",
    # Other sites show it as the `media_url` of Open311: who has its address may see it.
    "Cross-Origin-Resource-Policy": "cross-origin",
}  # fmt: skip


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
        found = await registered(connection, sha256)
    if found is None or not found.media_type.startswith("image/"):
        raise NoSuchPage(what="photo")
    if size is None:
        shown = await open_attachment(services.settings, found)
    else:
        shown = await open_thumbnail(services.settings, found, size)
    return StoredFileResponse(shown, {"ETag": f'"{token[-40:]}"', **_HEADERS})
