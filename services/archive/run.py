"""One run of archiving: first the facts, then a copy of what they refer to, when anything of it has changed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from infra.archive import Archive, open_archive
from infra.settings import Settings
from models.jobs.history import ArchiveMade
from services.archive.facts import archive_facts
from services.archive.reference import copy_reference, newest_copy

#: How old a copy may be before the next run makes another one (our choice).
COPY_EVERY = timedelta(hours=1)


async def archive_all(
    engine: AsyncEngine,
    settings: Settings,
    *,
    beat: Callable[[], None] = lambda: None,
    copy_now: bool = False,
    archive: Archive | None = None,
) -> ArchiveMade:
    """Archive all facts that are new; `copy_now`: make a copy of the rest also when the last one is fresh.

    Raises ArchiveAway, and what a database raises that is away.
    """
    place = archive or open_archive(settings)
    done = await archive_facts(engine, place, lambda written, total: beat())
    newest = await newest_copy(place)
    if copy_now or newest is None or newest.made_at < datetime.now(UTC) - COPY_EVERY:
        beat()
        await copy_reference(engine, place)
    return ArchiveMade(files=done.files, facts=done.facts)
