"""Store attachments of people who may act; find them for the uploader, or for readers of what has them."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from infra.settings import Settings
from infra.store.attachments import known_files, register_upload
from infra.store.context import local_day
from models.base import Frozen
from models.context import Person
from models.errors import AttachmentLost, NoSuchPage
from services.accounts.limits import uploads_limit
from services.attachments.files import Limits, path_of, store_file
from services.attachments.thumbnails import Size, Thumbnail, read_thumbnail

log = structlog.get_logger(__name__)

#: Unpacking a picture can take hundreds of megabytes, so only two at a time, in threads of their own.
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="attachments")
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

    Raises what `services.attachments.files.store_file` raises, and the database's errors; a file without a row does not
    count.
    """
    store = partial(store_file, source, settings.attachments_dir, limits or limits_of(settings))
    while True:
        stored = await asyncio.get_running_loop().run_in_executor(_THREADS, store)
        async with transaction(engine) as connection:
            created = await register_upload(connection, vars(stored), person.id, now)
        # An older upload of the same bytes may have been swept between the two steps.
        if await asyncio.to_thread(path_of(settings.attachments_dir, stored.sha256).is_file):
            break
    view = AttachmentView(
        sha256=stored.sha256,
        media_type=stored.media_type,
        size=stored.size,
        width=stored.width,
        height=stored.height,
    )
    return StoredUpload(view, created)


async def find_attachment(
    connection: AsyncConnection, settings: Settings, person: Person, sha256: str, now: datetime
) -> tuple[Path, str]:
    """Return the path of the attachment and its media type, if it counts for `person` (`infra.store.attachments`).

    Raises NoSuchPage, whether it is hidden or does not exist, and AttachmentLost when its file is gone.
    """
    media_type = await _media_type(connection, person, sha256, now) if _HASH.fullmatch(sha256) else None
    if media_type is None:
        raise NoSuchPage(what=sha256[:80])
    path = path_of(settings.attachments_dir, sha256)
    if not await asyncio.to_thread(path.is_file):
        log.error("attachment file missing", sha256=sha256)
        raise AttachmentLost(sha256=sha256)
    return path, media_type


async def find_thumbnail(
    connection: AsyncConnection, settings: Settings, person: Person, sha256: str, size: Size, now: datetime
) -> Thumbnail:
    """Return the attachment scaled to `size`; it is made when it is asked for first.

    Raises what `find_attachment` raises, and NoSuchPage for what is not a picture.
    """
    path, media_type = await find_attachment(connection, settings, person, sha256, now)
    return await thumbnail_of(settings, path, media_type, size)


async def thumbnail_of(settings: Settings, path: Path, media_type: str, size: Size) -> Thumbnail:
    """Return the stored file at `path` scaled to `size`. Raises NoSuchPage for what is not a picture.

    Whether somebody may see it is for the caller to check.
    """
    if not media_type.startswith("image/"):
        raise NoSuchPage(what="thumbnail")
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, read_thumbnail, settings.attachments_dir, path, media_type, size)


async def _media_type(connection: AsyncConnection, person: Person, sha256: str, now: datetime) -> str | None:
    found = await known_files(connection, person, (sha256,), await local_day(connection, now))
    if not found:
        return None
    query = text("SELECT media_type FROM attachments WHERE sha256 = :sha256")
    media_type: str | None = await connection.scalar(query, {"sha256": sha256})
    return media_type
