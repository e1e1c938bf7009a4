"""Attachments on disk: each file once, under the hash of its bytes, durable before it is announced."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from models.errors import AttachmentEmpty, AttachmentTooLarge, AttachmentTypeRefused, StorageFull
from models.ids import new_id
from services.attachments.images import rewrite_picture, stored_kind
from services.attachments.media_types import HEAD, VIDEOS, Kind, accepted_kind, describe_type
from services.attachments.pdfs import rewrite_pdf
from services.attachments.videos import rewrite_video

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


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
    """A file on disk. `size` in bytes; `width` and `height` in pixels, for pictures and videos."""

    sha256: str
    media_type: str
    size: int
    width: int | None
    height: int | None


def path_of(directory: Path, sha256: str) -> Path:
    """Return the path of the file with that hash."""
    return directory / sha256[:2] / sha256[2:4] / sha256


def store_file(source: IO[bytes], directory: Path, limits: Limits) -> StoredFile:
    """Check the file, write it under its hash without metadata, and return once it is on disk.

    Pictures are re-encoded, PDF files written anew, videos are not. Blocks: run it off the event loop. Raises
    AttachmentEmpty, AttachmentTooLarge, AttachmentTypeRefused, what `rewrite_picture`, `rewrite_pdf` and
    `rewrite_video` raise, and StorageFull; then nothing is left behind.
    """
    kind = _kind(source, limits)
    try:
        with temporary_file(directory) as (temporary, target):
            size = _rewrite(source, kind, target)
            target.flush()
            os.fsync(target.fileno())
            target.seek(0)
            sha256 = hashlib.file_digest(target, "sha256").hexdigest()
            length = os.fstat(target.fileno()).st_size
            path = path_of(directory, sha256)
            _make_folders(directory, path.parent)
            temporary.replace(path)
            _sync_folder(path.parent)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise StorageFull() from error
        raise
    width, height = size or (None, None)
    return StoredFile(sha256, stored_kind(kind).value, length, width, height)


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


@contextmanager
def temporary_file(directory: Path) -> Iterator[tuple[Path, BufferedRandom]]:
    """Open a new file beside the others; it is removed at the end unless it was moved to its place."""
    incoming = directory / "incoming"
    _make_folders(directory, incoming)
    temporary = incoming / str(new_id())
    try:
        with os.fdopen(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as target:
            yield temporary, target
    finally:
        temporary.unlink(missing_ok=True)


def _make_folders(directory: Path, folder: Path) -> None:
    """Create `folder`, somewhere below `directory`, so that it survives a power cut."""
    if folder.is_dir():
        return
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.parent != directory:
        _make_folders(directory, folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder can't be opened on Windows, and its entries are written through
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
