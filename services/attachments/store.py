"""The store of attachments: each file once, under the hash of its bytes, whole before it is announced."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import structlog

from infra.files import make_private_directory
from infra.metrics import OBJECTS_FAILED
from infra.objects import (
    Objects,
    ObjectsAway,
    ObjectsFull,
    ObjectsMissing,
    ObjectsRefused,
    Reader,
    failures,
    is_bucket,
    open_objects,
)
from infra.settings import Settings
from models.errors import (
    AttachmentAltered,
    AttachmentLost,
    AttachmentsAway,
    AttachmentsRefused,
    DomainError,
    StorageFull,
)
from models.ids import new_id
from services.attachments.files import StoredFile
from services.attachments.thumbnails import Size

log = structlog.get_logger(__name__)

#: What the metrics call this store, and the name of the folder of uploads that are being written.
STORE, INCOMING = "attachments", "incoming"
#: How long what an interrupted upload left behind stays, and how often a process looks for it, in seconds (our
#: choice): no upload takes so long.
LEFT_AFTER, LOOK_EVERY = 24 * 3600.0, 3600.0
_PART = 1024 * 1024


def name_of(sha256: str) -> str:
    """Return the name of the object with that hash."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def copy_name(sha256: str, size: Size) -> str:
    """Return the name of the small copy of a picture."""
    return f"{name_of(sha256)}.{size}.webp"


@dataclass
class Attachments:
    """The store at one place. `incoming`: the folder of this machine where an upload is written before it is stored.

    Every method raises AttachmentsAway, AttachmentsRefused or StorageFull when the store fails; then nothing is half
    stored.
    """

    objects: Objects
    incoming: Path
    _looked_at: float = field(default=float("-inf"))

    async def put(self, file: StoredFile, path: Path) -> None:
        """Store a file that was written to `path`, unless it is there already, whole."""
        with told():
            if await self.objects.size(name_of(file.sha256)) != file.size:
                await self.objects.put_file(name_of(file.sha256), path, give=True)

    async def has(self, file: StoredFile) -> bool:
        """Return whether the file is there, by its size."""
        with told():
            return await self.objects.size(name_of(file.sha256)) == file.size

    async def open(self, sha256: str, size: int) -> Reader:
        """Open a file that is registered with `size` bytes; reading it to the end checks its hash.

        Raises AttachmentLost and AttachmentAltered.
        """
        with told():
            found = await self.objects.open(name_of(sha256))
            if found is None:
                await self.objects.check()  # a store that is not what it was is not a lost file
                raise _missing(sha256)
        if found.size != size:
            raise _altered(sha256)
        return CheckedReader(found, sha256)

    @asynccontextmanager
    async def as_file(self, sha256: str) -> AsyncIterator[Path]:
        """Give the file as a path of this machine while the block runs: itself in a folder, else a copy that is
        checked against its hash.

        Raises AttachmentLost and AttachmentAltered.
        """
        local = self.objects.local(name_of(sha256))
        if local is not None:
            with told():
                if await self.objects.size(name_of(sha256)) is None:
                    raise _missing(sha256)
            yield local
            return
        with self.temporary_path() as path:
            await self._fetch(sha256, path)
            yield path

    async def _fetch(self, sha256: str, path: Path) -> None:
        with told(), path.open("r+b") as target:
            if not await self.objects.fetch(name_of(sha256), target):
                await self.objects.check()
                raise _missing(sha256)
        if await asyncio.to_thread(hash_of, path) != sha256:
            raise _altered(sha256)

    async def open_copy(self, sha256: str, size: Size) -> Reader | None:
        """Open the small copy of a picture; None when it is still to be made."""
        with told():
            return await self.objects.open(copy_name(sha256, size))

    async def put_copy(self, sha256: str, size: Size, path: Path) -> None:
        """Store a small copy of a picture. Two callers at once store the same bytes."""
        with told():
            await self.objects.put_file(copy_name(sha256, size), path, give=True)

    async def delete(self, hashes: Iterable[str]) -> None:
        """Remove files with their small copies; those that are gone already are fine."""
        names = [name for sha256 in hashes for name in (*(copy_name(sha256, size) for size in Size), name_of(sha256))]
        with told():
            await self.objects.delete(*names)

    async def check(self) -> None:
        """Return when the store answers and lets us read."""
        with told():
            await self.objects.check()

    @contextmanager
    def temporary_path(self) -> Iterator[Path]:
        """Give a new empty file that only our account may read; it is removed at the end."""
        path = self.incoming / str(new_id())
        with told(), failures.told(STORE, "put"):
            make_private_directory(self.incoming)
            self._tidy()
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _tidy(self) -> None:
        """Remove now and then what killed processes of this machine left: nobody else does it beside a bucket."""
        if time.monotonic() >= self._looked_at + LOOK_EVERY:
            self._looked_at = time.monotonic()
            remove_left(self.incoming, time.time() - LEFT_AFTER)


@dataclass
class CheckedReader:
    """A Reader that compares the hash when a file was read from its beginning to its end without a jump."""

    inner: Reader
    sha256: str

    def __post_init__(self) -> None:
        self._hash, self._seen, self._jumped = hashlib.sha256(), 0, False

    @property
    def size(self) -> int:
        """See Reader."""
        return self.inner.size

    async def seek(self, position: int) -> None:
        """See Reader."""
        self._jumped = self._jumped or position != self._seen
        await self.inner.seek(position)

    async def read(self, most: int) -> bytes:
        """See Reader. Raises AttachmentAltered instead of returning the last part of a file that was changed."""
        with told():
            part = await self.inner.read(most)
        self._hash.update(part)
        self._seen += len(part)
        short = not part and most and self._seen < self.size
        wrong = self._seen == self.size and self._hash.hexdigest() != self.sha256
        if not self._jumped and (short or wrong):
            raise _altered(self.sha256)
        return part

    async def close(self) -> None:
        """See Reader."""
        await self.inner.close()


def attachments_of(settings: Settings) -> Attachments:
    """Return the store of attachments that the settings name; its connections are kept for the next call."""
    return open_place(settings, settings.attachments or str(settings.attachments_dir))


def open_place(settings: Settings, place: str) -> Attachments:
    """Return the store of attachments at `place`, a folder or a bucket. Raises as `Attachments` does, and ValueError
    for a place that is no address.
    """
    with told():
        objects = open_objects(settings, place, STORE)
    return _kept(objects, (settings.attachments_dir if is_bucket(place) else Path(place)) / INCOMING)


@lru_cache(maxsize=64)
def _kept(objects: Objects, incoming: Path) -> Attachments:
    return Attachments(objects, incoming)


def remove_left(incoming: Path, before: float) -> int:
    """Remove what interrupted uploads left in `incoming` before that moment (seconds of the epoch); return how many."""
    removed = 0
    for one in incoming.glob("*"):
        with suppress(FileNotFoundError):  # finished meanwhile
            if one.stat().st_mtime < before:
                one.unlink()
                removed += 1
    return removed


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file. Blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def told() -> Iterator[None]:
    """Say to people what a failure of the store means for them; what it is in detail is in the log."""
    try:
        yield
    except ObjectsAway as error:
        log.error("attachments not reachable", kind=error.reason, reason=str(error))
        raise _for_people(error) from error


def _for_people(error: ObjectsAway) -> DomainError:
    if isinstance(error, ObjectsFull):
        return StorageFull()
    return AttachmentsRefused() if isinstance(error, ObjectsRefused | ObjectsMissing) else AttachmentsAway()


def _missing(sha256: str) -> AttachmentLost:
    log.error("attachment file missing", sha256=sha256)
    OBJECTS_FAILED.labels(STORE, "get", "lost").inc()
    return AttachmentLost(sha256=sha256)


def _altered(sha256: str) -> AttachmentAltered:
    log.error("attachment file damaged", sha256=sha256)
    OBJECTS_FAILED.labels(STORE, "get", "altered").inc()
    return AttachmentAltered(sha256=sha256)
