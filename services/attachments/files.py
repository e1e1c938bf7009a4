"""Attachments on disk: each file once, under the hash of its bytes, there for good before anybody hears of it."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path
from typing import IO

from models.errors import AttachmentEmpty, AttachmentTooLarge, AttachmentTypeRefused, StorageFull
from models.ids import new_id
from services.attachments.images import rewrite_picture
from services.attachments.media_types import HEAD, Kind, accepted_kind, looks_like

_CHUNK = 1024 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True)
class StoredFile:
    """What lies on disk. `size` in bytes; `width` and `height` in pixels, for pictures."""

    sha256: str
    media_type: str
    size: int
    width: int | None
    height: int | None


def path_of(directory: Path, sha256: str) -> Path:
    """Where the file of that hash lies."""
    return directory / sha256[:2] / sha256[2:4] / sha256


def keep(source: IO[bytes], directory: Path, most: int) -> StoredFile:
    """Checks the file, writes what is to be kept of it under its hash, and returns once it is on the disk.

    `most` is the cap in bytes. Blocks: keep it off the event loop. Raises AttachmentEmpty, AttachmentTooLarge,
    AttachmentTypeRefused, what `rewrite_picture` raises, and StorageFull; nothing is left behind then.
    """
    kind = _kind(source, most)
    try:
        with _fresh_file(directory) as (fresh, target):
            size = _rewrite(source, kind, target)
            target.flush()
            os.fsync(target.fileno())
            target.seek(0)
            sha256 = hashlib.file_digest(target, "sha256").hexdigest()
            place = path_of(directory, sha256)
            _make_folders(directory, place.parent)
            fresh.replace(place)
            _sync_folder(place.parent)
            length = place.stat().st_size
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull() from error
        raise
    width, height = size or (None, None)
    return StoredFile(sha256, kind.value, length, width, height)


def _kind(source: IO[bytes], most: int) -> Kind:
    source.seek(0, os.SEEK_END)
    size = source.tell()
    source.seek(0)
    if size == 0:
        raise AttachmentEmpty(pointer="/file")
    if size > most:
        raise AttachmentTooLarge(megabytes=most // (1024 * 1024), pointer="/file")
    head = source.read(HEAD)
    source.seek(0)
    kind = accepted_kind(head)
    if kind is None:
        raise AttachmentTypeRefused(sniffed=looks_like(head), pointer="/file")
    return kind


def _rewrite(source: IO[bytes], kind: Kind, target: IO[bytes]) -> tuple[int, int] | None:
    if kind is Kind.PDF:
        shutil.copyfileobj(source, target, _CHUNK)
        return None
    return rewrite_picture(source, kind, target)


@contextmanager
def _fresh_file(directory: Path) -> Iterator[tuple[Path, BufferedRandom]]:
    """A new file beside the others, gone at the end unless it was moved to its place."""
    incoming = directory / "incoming"
    _make_folders(directory, incoming)
    fresh = incoming / str(new_id())
    try:
        with fresh.open("x+b") as target:
            yield fresh, target
    finally:
        fresh.unlink(missing_ok=True)


def _make_folders(directory: Path, folder: Path) -> None:
    """Makes `folder`, somewhere below `directory`, so that it survives a power cut too."""
    if folder.is_dir():
        return
    directory.mkdir(parents=True, exist_ok=True)
    if folder.parent != directory:
        _make_folders(directory, folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder can't be opened there, and its entries are written through
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
