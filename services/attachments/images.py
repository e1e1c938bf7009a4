"""Decode pictures fully, turn them upright, and re-encode them with nothing but the pixels.

Where and when a photo was taken, and with what device, stays with the person who took it.
"""

import struct
import zlib
from typing import IO

from PIL import Image, ImageOps

from models.errors import AttachmentAnimated, AttachmentDamaged, ImageTooLarge
from services.attachments.media_types import Kind

#: The most pixels of a picture, against small files that unpack to gigabytes (our choice).
MAX_PIXELS = 64_000_000
_QUALITY = 88
_FIELD = "/file"
# The size is checked below, before a pixel is unpacked; Pillow's own check would warn instead of refusing.
Image.MAX_IMAGE_PIXELS = None

_FORMATS = {Kind.JPEG: ("JPEG", "MPO"), Kind.PNG: ("PNG",), Kind.WEBP: ("WEBP",)}
#: What Pillow raises for a file whose content does not match its header.
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)


def rewrite_picture(source: IO[bytes], kind: Kind, target: IO[bytes]) -> tuple[int, int]:
    """Write the picture in `source` to `target` in the same format without metadata; return its width and height.

    The same source always gives the same bytes. Slow: run it off the event loop. Raises ImageTooLarge,
    AttachmentAnimated, AttachmentDamaged.
    """
    try:
        with Image.open(source, formats=_FORMATS[kind]) as opened:
            _check(opened, kind)
            opened.load()
            upright = _upright(opened)
    except _DAMAGED as error:
        raise AttachmentDamaged(pointer=_FIELD) from error
    # Pillow writes what it finds in `info`: profiles, comments, positions. Transparency belongs to the pixels.
    upright.info = {name: value for name, value in upright.info.items() if name == "transparency"}
    _save(upright, kind, target)
    return upright.size


def _check(image: Image.Image, kind: Kind) -> None:
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise ImageTooLarge(megapixels=round(pixels / 1e6, 1), limit=MAX_PIXELS // 1_000_000, pointer=_FIELD)
    # A camera's JPEG may carry a second picture (a preview, a depth map): the first one is the photo.
    if kind is not Kind.JPEG and getattr(image, "is_animated", False):
        raise AttachmentAnimated(pointer=_FIELD)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _DAMAGED:  # unreadable metadata is no reason to refuse a readable picture
        return image.copy()


def _save(image: Image.Image, kind: Kind, target: IO[bytes]) -> None:
    if kind is Kind.JPEG:
        pixels = image if image.mode in {"L", "RGB"} else image.convert("RGB")
        pixels.info = {}
        pixels.save(target, "JPEG", quality=_QUALITY)
    elif kind is Kind.PNG:
        image.save(target, "PNG")
    else:
        image.save(target, "WEBP", quality=_QUALITY)
