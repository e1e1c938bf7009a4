"""Store attachments of people who may act; find them for the uploader, or for readers of what has them."""

import asyncio
import errno
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import IO

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from infra.files import DISK_FULL
from infra.objects import Reader
from infra.settings import Settings
from infra.store.attachments import known_files, register_upload
from infra.store.context import local_day
from models.base import Frozen
from models.context import Person
from models.errors import AttachmentsRefused, NoSuchPage, StorageFull
from services.accounts.limits import uploads_limit
from services.attachments.files import Limits, rewrite_file
from services.attachments.store import Attachments, attachments_of
from services.attachments.thumbnails import MEDIA_TYPE, Size, scale_picture

#: Unpacking a picture can take hundreds of megabytes, so only two at a time, in threads of their own.
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="attachments")
#: What a folder says in which nothing can be written.
_NOT_WRITABLE = DISK_FULL | {errno.EROFS, errno.EACCES}
_MEGABYTE = 1024 * 1024
_HASH = re.compile(r"[0-9a-f]{64}")


class AttachmentView(Frozen):
    """A stored attachment: `size` in bytes, `width` and `height` in pixels for pictures and videos."""

    sha256: str
    media_type: str
    size: int
    width: int | None
    height: int | None


@dataclass(frozen=True)
class StoredUpload:
    """The result of an upload; `created` False when the same person's upload of the same bytes waits to be named."""

    view: AttachmentView
    created: bool


@dataclass(frozen=True)
class StoredAttachment:
    """What is registered of an attachment; `size` in bytes."""

    sha256: str
    media_type: str
    size: int


@dataclass(frozen=True)
class Shown:
    """A file that is open for reading, and what it is."""

    reader: Reader
    media_type: str


def limits_of(settings: Settings) -> Limits:
    """Return the size limits of one attachment."""
    return Limits(settings.attachment_megabytes * _MEGABYTE, settings.video_megabytes * _MEGABYTE)


async def count_upload(engine: AsyncEngine, settings: Settings, person: Person, now: datetime) -> None:
    """Count a file that `person` is about to upload. Raises TooManyAttempts above `uploads_per_hour`."""
    await uploads_limit(settings.uploads_per_hour).use(engine, str(person.id), now)


async def store_upload(
    engine: AsyncEngine,
    settings: Settings,
    person: Person,
    source: IO[bytes],
    now: datetime,
    limits: Limits | None = None,
) -> StoredUpload:
    """Store an upload of `person`: first the file, durably, then its row. `limits`: others than `limits_of`.

    Raises what `services.attachments.files.rewrite_file` and the store raise, and the database's errors; a file without
    a row does not count.
    """
    attachments = attachments_of(settings)
    with attachments.temporary_path() as path:
        rewrite = partial(rewrite_file, source, path, limits or limits_of(settings))
        stored = await asyncio.get_running_loop().run_in_executor(_THREADS, rewrite)
        while True:
            await attachments.put(stored, path)
            async with transaction(engine) as connection:
                created = await register_upload(connection, vars(stored), person.id, now)
            # An older upload of the same bytes may have been swept between the two steps.
            if await attachments.has(stored):
                break
    view = AttachmentView(
        sha256=stored.sha256,
        media_type=stored.media_type,
        size=stored.size,
        width=stored.width,
        height=stored.height,
    )
    return StoredUpload(view, created)


async def find_attachment(connection: AsyncConnection, person: Person, sha256: str, now: datetime) -> StoredAttachment:
    """Return what is registered of the attachment, if it counts for `person` (`infra.store.attachments`).

    Raises NoSuchPage, whether it is hidden or does not exist.
    """
    if _HASH.fullmatch(sha256) and await known_files(connection, person, (sha256,), await local_day(connection, now)):
        found = await registered(connection, sha256)
        if found is not None:
            return found
    raise NoSuchPage(what=sha256[:80])


async def registered(connection: AsyncConnection, sha256: str) -> StoredAttachment | None:
    """Return what is registered of the attachment, whoever may see it; None when there is none."""
    query = text("SELECT media_type, size FROM attachments WHERE sha256 = :sha256")
    row = (await connection.execute(query, {"sha256": sha256})).first()
    return None if row is None else StoredAttachment(sha256, row.media_type, row.size)


async def open_attachment(settings: Settings, found: StoredAttachment) -> Shown:
    """Open the file of an attachment. Raises what `Attachments.open` raises."""
    return Shown(await attachments_of(settings).open(found.sha256, found.size), found.media_type)


async def open_thumbnail(settings: Settings, found: StoredAttachment, size: Size) -> Shown:
    """Open the attachment scaled to `size`; it is made when it is asked for first.

    Where no copy can be kept, because there is no room or no right to write, the picture itself is opened. Raises
    NoSuchPage for what is not a picture, and what `Attachments.open` raises.
    """
    if not found.media_type.startswith("image/"):
        raise NoSuchPage(what="thumbnail")
    attachments = attachments_of(settings)
    copy = await attachments.open_copy(found.sha256, size)
    if copy is None:
        try:
            await _make_copy(attachments, found, size)
        except (StorageFull, AttachmentsRefused):
            return await open_attachment(settings, found)
        except OSError as error:
            if error.errno not in _NOT_WRITABLE:
                raise
            return await open_attachment(settings, found)
        copy = await attachments.open_copy(found.sha256, size)
    return await open_attachment(settings, found) if copy is None else Shown(copy, MEDIA_TYPE)


async def _make_copy(attachments: Attachments, found: StoredAttachment, size: Size) -> None:
    async with attachments.as_file(found.sha256) as picture:
        with attachments.temporary_path() as path:
            scale = partial(scale_picture, picture, found.media_type, size, path)
            await asyncio.get_running_loop().run_in_executor(_THREADS, scale)
            await attachments.put_copy(found.sha256, size, path)
