"""Uploaded files: checked, and written anew under the hash of their bytes before they are stored."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from infra.files import DISK_FULL
from models.errors import AttachmentEmpty, AttachmentTooLarge, AttachmentTypeRefused, StorageFull
from services.attachments.images import rewrite_picture, stored_kind
from services.attachments.media_types import HEAD, VIDEOS, Kind, accepted_kind, describe_type
from services.attachments.pdfs import rewrite_pdf
from services.attachments.videos import rewrite_video


@dataclass(frozen=True)
class Limits:
    """The most bytes of a file: of a picture or document, and of a video."""

    file: int
    video: int

    @property
    def most(self) -> int:
        """The most bytes of any file."""
        return max(self.file, self.video)


@dataclass(frozen=True)
class StoredFile:
    """A file that was written anew. `size` in bytes; `width` and `height` in pixels, for pictures and videos."""

    sha256: str
    media_type: str
    size: int
    width: int | None
    height: int | None


def rewrite_file(source: IO[bytes], target: Path, limits: Limits) -> StoredFile:
    """Check the file and write it to `target`, which exists, without metadata; return once it is durable there.

    Pictures are re-encoded, PDF files written anew, videos are not. Blocks: run it off the event loop. Raises
    AttachmentEmpty, AttachmentTooLarge, AttachmentTypeRefused, what `rewrite_picture`, `rewrite_pdf` and
    `rewrite_video` raise, and StorageFull.
    """
    kind = _kind(source, limits)
    try:
        with target.open("r+b") as written:
            pixels = _rewrite(source, kind, written)
            written.flush()
            os.fsync(written.fileno())
            written.seek(0)
            sha256 = hashlib.file_digest(written, "sha256").hexdigest()
            size = os.fstat(written.fileno()).st_size
    except OSError as error:
        if error.errno in DISK_FULL:
            raise StorageFull() from error
        raise
    width, height = pixels or (None, None)
    return StoredFile(sha256, stored_kind(kind).value, size, width, height)


def _kind(source: IO[bytes], limits: Limits) -> Kind:
    source.seek(0, os.SEEK_END)
    size = source.tell()
    source.seek(0)
    if size == 0:
        raise AttachmentEmpty(pointer="/file")
    head = source.read(HEAD)
    source.seek(0)
    kind = accepted_kind(head)
    if kind is None:
        found = describe_type(head)
        raise AttachmentTypeRefused(sniffed=found, advice=found, pointer="/file")
    limit = limits.video if kind in VIDEOS else limits.file
    if size > limit:
        raise AttachmentTooLarge(megabytes=limit // (1024 * 1024), pointer="/file")
    return kind


def _rewrite(source: IO[bytes], kind: Kind, target: IO[bytes]) -> tuple[int, int] | None:
    if kind is Kind.PDF:
        with TemporaryDirectory() as folder:
            rewrite_pdf(source, target, Path(folder))
        return None
    return rewrite_video(source, target) if kind in VIDEOS else rewrite_picture(source, kind, target)
