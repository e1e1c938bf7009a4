"""One run of archiving: facts, readings, and a copy of everything else that the database alone holds."""

from collections.abc import Callable

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.archive import open_archive
from infra.objects import Objects
from infra.settings import Settings
from models.jobs.history import ArchiveMade
from services.archive.facts import archive_facts
from services.archive.readings import archive_readings
from services.archive.reference import ForeignArchive, copy_reference

log = structlog.get_logger(__name__)


async def archive_all(
    engine: AsyncEngine,
    settings: Settings,
    *,
    beat: Callable[[], None] = lambda: None,
    archive: Objects | None = None,
) -> ArchiveMade:
    """Archive all facts and readings that are new, and copy what they refer to where it was written to.

    A database that the archive's newest copy was not made of, as one that is to be rebuilt, makes no copy. Raises
    ObjectsAway, and what a database raises that is away.
    """
    place = archive or open_archive(settings)
    done = await archive_facts(engine, place, lambda written, total: beat())
    beat()
    await archive_readings(engine, place)
    try:
        await copy_reference(engine, place)
    except ForeignArchive as error:
        log.error("the archive is another database's: run gridloop rebuild --database", newest=str(error))
    return ArchiveMade(files=done.files, facts=done.facts)
