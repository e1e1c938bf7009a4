"""Small copies of stored pictures, as WebP, for lists and pages. Each is made once and kept beside its picture."""

import os
from enum import StrEnum
from pathlib import Path

from PIL import Image

from models.errors import AttachmentDamaged
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


def scale_picture(picture: Path, media_type: str, size: Size, target: Path) -> None:
    """Write the copy of a stored picture at `size` to `target`, which exists.

    The same picture always gives the same bytes. Blocks: run it off the event loop. Raises AttachmentDamaged, and
    OSError for a full disk.
    """
    with picture.open("rb") as source, target.open("r+b") as written:
        with opened_picture(source, Kind(media_type)) as opened:
            small = _scaled(opened, LONGEST[size])
        small.save(written, "WEBP", quality=_QUALITY)
        written.flush()
        os.fsync(written.fileno())


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
