"""Store attachments of people who may act; find them for the uploader, or for readers of what has them."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import structlog
from sqlalchemy import Text, and_, literal, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from infra.settings import Settings
from infra.store.context import local_day
from infra.store.criteria.duties import visible_duties
from infra.store.criteria.matters import visible_matters
from infra.store.criteria.scope import visible
from models.base import Frozen
from models.context import Person
from models.errors import AttachmentLost, NoSuchPage
from models.tables import CASES, DUTIES, MATTER_FACTS, MATTERS, AttachmentRow
from rules.matters.registry import RULES
from services.attachments.files import Limits, StoredFile, path_of, store_file
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
    """The result of an upload; `created` False when the same bytes were stored before."""

    view: AttachmentView
    created: bool


def limits_of(settings: Settings) -> Limits:
    """Return the size limits of one attachment."""
    return Limits(settings.attachment_megabytes * _MEGABYTE, settings.video_megabytes * _MEGABYTE)


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
    stored = await asyncio.get_running_loop().run_in_executor(
        _THREADS, store_file, source, settings.attachments_dir, limits or limits_of(settings)
    )
    async with transaction(engine) as connection:
        created = await _register(connection, stored, person.id, now)
    view = AttachmentView(
        sha256=stored.sha256,
        media_type=stored.media_type,
        size=stored.size,
        width=stored.width,
        height=stored.height,
    )
    return StoredUpload(view, created)


_REGISTER = text("""
INSERT INTO attachments AS a (sha256, media_type, size, width, height, uploaded_by, uploaded_at)
VALUES (:sha256, :media_type, :size, :width, :height, ARRAY[CAST(:person AS uuid)], :now)
ON CONFLICT (sha256) DO UPDATE SET uploaded_by =
  CASE WHEN CAST(:person AS uuid) = ANY (a.uploaded_by) THEN a.uploaded_by
       ELSE array_append(a.uploaded_by, CAST(:person AS uuid)) END
RETURNING (xmax = 0)
""")


async def _register(connection: AsyncConnection, stored: StoredFile, person: UUID, now: datetime) -> bool:
    values: dict[str, Any] = {**vars(stored), "person": person, "now": now}
    return bool(await connection.scalar(_REGISTER, values))


async def find_attachment(
    connection: AsyncConnection, settings: Settings, person: Person, sha256: str, now: datetime
) -> tuple[Path, str]:
    """Return the path of the attachment and its media type, if `person` uploaded it or may see a case, duty or
    matter that has it.

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
    row = (
        await connection.execute(
            select(AttachmentRow.media_type, AttachmentRow.uploaded_by).where(  # type: ignore[call-overload]
                AttachmentRow.sha256 == sha256
            )
        )
    ).one_or_none()
    if row is None:
        return None
    if person.id in row.uploaded_by:
        return str(row.media_type)
    visible_case = await connection.scalar(
        select(
            select(literal_column("1"))
            .select_from(CASES)
            .where(
                # Written exactly like an index on this expression would be.
                literal_column("(cases.state -> 'attachments')").op("?")(sha256),
                visible(person, await local_day(connection, now)),
            )
            .exists()
        )
    )
    found = (
        visible_case
        or await _of_a_duty(connection, person, sha256, now)
        or await _of_a_matter(connection, person, sha256, now)
    )
    return str(row.media_type) if found else None


async def _of_a_duty(connection: AsyncConnection, person: Person, sha256: str, now: datetime) -> bool:
    """Whether the file belongs to a duty that the person may see."""
    shown = DUTIES.c.photos.bool_op("@>")(literal([sha256], ARRAY(Text)))
    condition = and_(shown, visible_duties(person, await local_day(connection, now)))
    return bool(await connection.scalar(select(select(DUTIES.c.id).where(condition).exists())))


async def _of_a_matter(connection: AsyncConnection, person: Person, sha256: str, now: datetime) -> bool:
    """Whether a fact of a matter that the person may see names the file."""
    day = await local_day(connection, now)
    # Written exactly like the indexes on these expressions.
    attachments = literal_column("(matter_facts.body -> 'attachments')").op("?")(sha256)
    evidence = literal_column("(matter_facts.body -> 'evidence')").op("?")(sha256)
    condition = and_(
        or_(attachments, evidence),
        or_(*(visible_matters(person, rules, day) for rules in RULES.values())),
    )
    facts = select(MATTER_FACTS.c.seq).join(MATTERS, MATTERS.c.id == MATTER_FACTS.c.matter_id)
    return bool(await connection.scalar(select(facts.where(condition).exists())))
