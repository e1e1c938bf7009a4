"""Small copies of stored pictures, as WebP, for lists and pages. Each is made once and kept beside its picture."""

import errno
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from PIL import Image

from models.errors import AttachmentDamaged
from services.attachments.files import DISK_FULL, temporary_file
from services.attachments.images import DAMAGED, opened_picture
from services.attachments.media_types import Kind

MEDIA_TYPE = "image/webp"
_QUALITY = 76


class Size(StrEnum):
    """How large a copy is: for a row of a table, for a list, or for the middle of a page."""

    ICON = "icon"
    SMALL = "small"
    LARGE = "large"


#: The longest side in pixels: twice what a list shows, and what fits a wide screen.
LONGEST = {Size.ICON: 96, Size.SMALL: 320, Size.LARGE: 1600}


@dataclass(frozen=True)
class Thumbnail:
    """A copy on disk, or the picture itself where no copy could be kept."""

    path: Path
    media_type: str


def read_thumbnail(directory: Path, picture: Path, media_type: str, size: Size) -> Thumbnail:
    """Return the copy of a stored picture at `size`, and make it if there is none. `directory`: of all attachments.

    Two callers at once make the same bytes; the later replaces the earlier. On a full disk the picture itself is
    returned. Blocks: run it off the event loop. Raises AttachmentDamaged.
    """
    copy = picture.with_name(f"{picture.name}.{size}.webp")
    if copy.is_file():
        return Thumbnail(copy, MEDIA_TYPE)
    try:
        with temporary_file(directory) as (temporary, target), picture.open("rb") as source:
            with opened_picture(source, Kind(media_type)) as opened:
                small = _scaled(opened, LONGEST[size])
            small.save(target, "WEBP", quality=_QUALITY)
            target.flush()
            temporary.replace(copy)
    except OSError as error:
        if error.errno in DISK_FULL or error.errno in {errno.EROFS, errno.EACCES}:
            return Thumbnail(picture, media_type)
        raise
    return Thumbnail(copy, MEDIA_TYPE)


def _scaled(picture: Image.Image, longest: int) -> Image.Image:
    try:
        picture.draft(None, (2 * longest, 2 * longest))  # shrinks a JPEG while it is decoded
        picture.load()
        small = picture if picture.mode in {"RGB", "RGBA"} else picture.convert(_mode(picture))
        small.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    except DAMAGED as error:
        raise AttachmentDamaged(pointer="/file") from error
    return small


def _mode(picture: Image.Image) -> str:
    return "RGBA" if picture.has_transparency_data else "RGB"
