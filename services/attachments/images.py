"""Decode pictures fully, turn them upright, and re-encode them with nothing but the pixels.

Where and when a photo was taken, and with what device, stays with the person who took it.
"""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile
from pillow_heif import register_heif_opener

from models.errors import AttachmentAnimated, AttachmentDamaged, AttachmentTypeRefused, ImageTooLarge
from services.attachments.media_types import CONVERTED, Kind

#: The most pixels of a decoded picture, against small files that unpack to gigabytes (our choice).
MAX_PIXELS = 64_000_000
#: The most pixels of a JPEG: a larger one than MAX_PIXELS is shrunk while it is decoded. Phones have 200 megapixels.
MAX_JPEG_PIXELS = 256_000_000
#: The most bytes of coefficients that the decoder of a progressive JPEG keeps for the whole picture.
MAX_COEFFICIENT_BYTES = 512_000_000
#: The scales at which a JPEG decoder can shrink.
_JPEG_SCALES = (1, 2, 4, 8)
_QUALITY = 88
_FIELD = "/file"
#: The tag of a camera's raw file (DNG 1.7); what a TIFF reader finds in it is only its preview.
_DNG_VERSION = 50706
# The size is checked below, before a pixel is unpacked; Pillow's own check would warn instead of refusing.
Image.MAX_IMAGE_PIXELS = None
register_heif_opener(thumbnails=False)

_FORMATS = {
    Kind.JPEG: ("JPEG", "MPO"),
    Kind.PNG: ("PNG",),
    Kind.WEBP: ("WEBP",),
    Kind.HEIC: ("HEIF",),
    Kind.AVIF: ("AVIF",),
    Kind.TIFF: ("TIFF",),
    Kind.BMP: ("BMP",),
}
#: What Pillow raises for a file whose content does not match its header.
DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, RuntimeError, struct.error, zlib.error,
)  # fmt: skip


def stored_kind(kind: Kind) -> Kind:
    """Return the type that a file of `kind` is stored as."""
    return Kind.JPEG if kind in CONVERTED else kind


def rewrite_picture(source: IO[bytes], kind: Kind, target: IO[bytes]) -> tuple[int, int]:
    """Write the picture in `source` to `target` as `stored_kind(kind)` without metadata; return its width and height.

    The same source always gives the same bytes. Slow: run it off the event loop. Raises ImageTooLarge,
    AttachmentAnimated, AttachmentDamaged, AttachmentTypeRefused.
    """
    with opened_picture(source, kind) as opened:
        _check(opened, kind)
        try:
            _prepare_scale(opened)
            opened.load()
            upright = _upright(opened)
        except DAMAGED as error:
            raise AttachmentDamaged(pointer=_FIELD) from error
    # Pillow writes what it finds in `info`: profiles, comments, positions. Transparency belongs to the pixels.
    upright.info = {name: value for name, value in upright.info.items() if name == "transparency"}
    try:
        _save(upright, stored_kind(kind), target)
    except ValueError as error:  # pixels of a mode without a conversion, which only a made-up file has
        raise AttachmentDamaged(pointer=_FIELD) from error
    return upright.size


@contextmanager
def opened_picture(source: IO[bytes], kind: Kind) -> Iterator[Image.Image]:
    """Open a picture without decoding it. Raises AttachmentDamaged."""
    try:
        opened = Image.open(source, formats=_FORMATS[kind])
    except DAMAGED as error:
        raise AttachmentDamaged(pointer=_FIELD) from error
    with opened:
        yield opened


def _check(image: Image.Image, kind: Kind) -> None:
    most = MAX_JPEG_PIXELS if kind is Kind.JPEG else MAX_PIXELS
    pixels = image.width * image.height
    if pixels > most or _coefficient_bytes(image) > MAX_COEFFICIENT_BYTES:
        raise ImageTooLarge(megapixels=round(pixels / 1e6, 1), limit=most // 1_000_000, pointer=_FIELD)
    if isinstance(image, TiffImageFile) and _DNG_VERSION in image.tag_v2:
        raise AttachmentTypeRefused(sniffed="raw", advice="raw", pointer=_FIELD)
    # A phone's JPEG or HEIC may carry further pictures (a preview, a depth map, a burst): the first one is the photo.
    if kind in {Kind.JPEG, Kind.HEIC} or not getattr(image, "is_animated", False):
        return
    if kind is Kind.TIFF:
        raise AttachmentTypeRefused(sniffed="pages", advice="pages", pointer=_FIELD)
    raise AttachmentAnimated(pointer=_FIELD)


def _coefficient_bytes(image: Image.Image) -> int:
    """Return how much the decoder of a progressive JPEG keeps in memory, in bytes; 0 for others."""
    if not isinstance(image, JpegImageFile) or not image.info.get("progressive"):
        return 0
    widest = max(across * down for _, across, down, _ in image.layer)
    return sum(image.width * image.height * across * down * 2 // widest for _, across, down, _ in image.layer)


def _prepare_scale(image: Image.Image) -> None:
    """Make the decoder shrink a JPEG of more than MAX_PIXELS, which it does without unpacking all of it."""
    if not isinstance(image, JpegImageFile):
        return
    pixels = image.width * image.height
    scale = next(scale for scale in _JPEG_SCALES if pixels // scale**2 <= MAX_PIXELS)
    if scale > 1:
        image.draft(None, (image.width // scale, image.height // scale))


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except DAMAGED:  # unreadable metadata is no reason to refuse a readable picture
        return image.copy()


def _save(image: Image.Image, kind: Kind, target: IO[bytes]) -> None:
    if kind is Kind.JPEG:
        pixels = image if image.mode in {"L", "RGB"} else _opaque(image)
        pixels.info = {}
        pixels.save(target, "JPEG", quality=_QUALITY)
    elif kind is Kind.PNG:
        image.save(target, "PNG")
    else:
        image.save(target, "WEBP", quality=_QUALITY)


def _opaque(image: Image.Image) -> Image.Image:
    """Return the picture in RGB, on white where it is transparent."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGB", layer.size, "white")
    ground.paste(layer, mask=layer)
    return ground
